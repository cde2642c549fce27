/** What the queues do, and what is done again and again. */
import type { Signer } from "#sync/signing/signers.ts";
import { runCommand } from "../vouchers/commands.ts";
import type { TokenSigner } from "../vouchers/commands.ts";
import { createComposer } from "../callbacks/bodies.ts";
import { deliverCallback } from "../callbacks/deliver.ts";
import type { Send } from "../callbacks/deliver.ts";
import { timeOutInquiries } from "../bills/inquiries.ts";
import type { Addresses } from "../addresses.ts";
import { remindBillers } from "../bills/remind.ts";
import { expireRequestsToPay } from "../bills/requests-to-pay.ts";
import { createFairShare } from "../callbacks/fair-share.ts";
import { sendForgotten } from "../callbacks/forgotten.ts";
import type { SignRequest } from "../callbacks/signature.ts";
import { forgetNodeQuestions } from "../nodes/forget-questions.ts";
import { eraseDeliveredNumbers } from "../vouchers/erase.ts";
import { expireVouchers } from "../vouchers/expire.ts";
import { watchStock } from "../vouchers/restocking.ts";
import { issueBatch } from "../vouchers/issue.ts";
import { shortenDenyList } from "../vouchers/deny-list.ts";
import { eraseSealedAnswers } from "../vouchers/one-zero/sealed-memory.ts";
import type { NumberMaking } from "../vouchers/numbers.ts";
import type { SignMessage } from "../g2p-connect/signature.ts";
import { runMapperRequest } from "../mapper/run-request.ts";
import { validateAtBank } from "../mapper/validate-at-bank.ts";
import type { AskAboutAccounts } from "../mapper/validate-at-bank.ts";
import type { OperationContext } from "../operations/context.ts";
import { deliverNotification, eraseAddresses, sendForgottenNotifications } from "../notifications/deliver.ts";
import type { Contact, SendMessage } from "../notifications/port.ts";
import { tellOfAlerts } from "../notifications/tell.ts";
import { closeOverdueLeases } from "../operations/release.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { payClaim } from "../payments/settle-claim.ts";
import type { Job, Store } from "../ports/store.ts";
import { endRecovery } from "../recovery/end.ts";
import type { ShapeLogLimits } from "../postgres/shape-trim.ts";
import type { JobHandlers } from "./boss.ts";
import type { DisbursementQueue } from "./queues.ts";
import type { PeriodicTask } from "./periodic.ts";

export interface HandlerDependencies {
  readonly store: Store;
  readonly gateway: PaymentGateway;
  readonly tokenSigner: TokenSigner;
  readonly leaseSigner: Signer;
  readonly addresses: Addresses;
  readonly numbers: NumberMaking;
  readonly send: Send;
  /** Told of each try to send a callback. */
  readonly onCallback: (outcome: "taken" | "refused") => void;
  readonly signCallback: SignRequest;
  readonly signMessage: SignMessage;
  readonly sendMessage: SendMessage;
  readonly askAboutAccounts: AskAboutAccounts;
  /** How long after its not-after a lease stays open for its holder's operations. */
  readonly graceMs: number;
}

/** Of the callbacks that a process sends at once (`./queues.ts`). */
const callbacksToOneReceiver = 2;

export function jobHandlers(deps: HandlerDependencies): Omit<JobHandlers, DisbursementQueue> {
  const { store, gateway, numbers, send, signCallback, signMessage, sendMessage, graceMs } = deps;
  const { tokenSigner, leaseSigner } = deps;
  const fairShare = createFairShare(callbacksToOneReceiver);
  const compose = createComposer({ graceMs, payerAddresses: deps.addresses.ofPayers, signMessage });
  return {
    "issue-batch": (id) =>
      afterRecovery(store, { queue: "issue-batch", id }, () => issueBatch({ store, numbers }, BigInt(id))),
    "run-command": (id) =>
      afterRecovery(store, { queue: "run-command", id }, () =>
        runCommand({ store, tokenSigner, leaseSigner, graceMs }, BigInt(id)),
      ),
    "map-payees": (id) =>
      afterRecovery(store, { queue: "map-payees", id }, () => runMapperRequest(store, BigInt(id))),
    "validate-at-bank": (id) => validateAtBank(store, deps.askAboutAccounts, BigInt(id)),
    callback: (id) =>
      deliverCallback(
        { store, send, sign: signCallback, compose, share: fairShare, onTry: deps.onCallback },
        BigInt(id),
      ),
    notify: (id) => deliverNotification(store, sendMessage, BigInt(id)),
    payout: async (id) => void (await payClaim(store, gateway, id)),
  };
}

/** What was asked of a server before it was restored waits until it has recovered (design section 4.8). */
export async function afterRecovery(store: Store, job: Job, work: () => Promise<void>): Promise<void> {
  const isRecovering = await store.transaction(async (tx) => {
    const recovery = await tx.recovery.open();
    if (recovery) await tx.jobs.enqueue(job, 60);
    return recovery !== undefined;
  });
  if (!isRecovering) await work();
}

export async function unlessRecovering(store: Store, work: () => Promise<unknown>): Promise<void> {
  if (!(await store.transaction((tx) => tx.recovery.open()))) await work();
}

/** A log of this size and age is kept for nodes that are away; older ones fetch their shapes anew. */
const shapeLogLimits: ShapeLogLimits = { maxRows: 1_000_000, maxDays: 40 };

export interface PeriodicDependencies {
  readonly store: Store;
  readonly context: OperationContext;
  /** How long after its not-after a lease stays open for its holder's operations. */
  readonly graceMs: number;
  /** Who is told of alerts; nobody if unset. */
  readonly operator?: Contact | undefined;
  /** Removes what is beyond the limits from the log that every shape's changes are written to. */
  readonly trimShapeLog: (limits: ShapeLogLimits) => Promise<number>;
}

export function periodicTasks({
  store,
  context,
  graceMs,
  operator,
  trimShapeLog,
}: PeriodicDependencies): PeriodicTask[] {
  return [
    {
      name: "close-overdue-leases",
      everySeconds: 60,
      run: () => unlessRecovering(store, () => closeOverdueLeases(context, store, graceMs)),
    },
    { name: "watch-stock", everySeconds: 60, run: () => watchStock(store) },
    {
      name: "expire-vouchers",
      everySeconds: 60,
      run: () => unlessRecovering(store, () => expireVouchers(store)),
    },
    {
      name: "tend-bills",
      everySeconds: 5,
      run: async () => {
        await timeOutInquiries(store);
        await unlessRecovering(store, () => expireRequestsToPay(store));
        await remindBillers(store);
      },
    },
    { name: "end-recovery", everySeconds: 20, run: async () => void (await endRecovery(context, store)) },
    {
      name: "erase-delivered-numbers",
      everySeconds: 3600,
      run: async () => void (await eraseDeliveredNumbers(store)),
    },
    {
      name: "erase-sealed-answers",
      everySeconds: 600,
      run: async () => void (await eraseSealedAnswers(store)),
    },
    {
      name: "forget-node-questions",
      everySeconds: 3600,
      run: () => forgetNodeQuestions(store),
    },
    {
      name: "send-forgotten-callbacks",
      everySeconds: 20,
      run: () => sendForgotten(store),
    },
    {
      name: "tell-people",
      everySeconds: 20,
      run: async () => {
        await sendForgottenNotifications(store);
        await store.transaction((tx) => tellOfAlerts(tx, operator));
      },
    },
    { name: "erase-addresses", everySeconds: 3600, run: async () => void (await eraseAddresses(store)) },
    {
      name: "shorten-deny-list",
      everySeconds: 21_600,
      run: () => shortenDenyList(store),
    },
    {
      name: "trim-shape-log",
      everySeconds: 3600,
      run: async () => void (await trimShapeLog(shapeLogLimits)),
    },
  ];
}
