/** An enrolled node with its key in hand: what a screen or a command can ask of it. */
import { handIn } from "#sync/carrying/hand-in.ts";
import type { HandInResult } from "#sync/carrying/hand-in.ts";
import { openingFor, sealNumber } from "#sync/documents/voucher-number.ts";
import { askHolder, requestLeases } from "#sync/leases.ts";
import type { Holder, LeaseWish } from "#sync/leases.ts";
import { follow, syncOnce } from "#sync/node-sync.ts";
import { checkArrived } from "#sync/shapes/check-arrived.ts";
import type { SyncParts, SyncReport } from "#sync/node-sync.ts";
import { askPayeeKey } from "#sync/payee-key.ts";
import { unmetered } from "#sync/ports/allowance.ts";
import type { MachineClock, Sleep } from "#sync/ports/clock.ts";
import type { Fetch, ServerLink } from "#sync/ports/transport.ts";
import { createSessions } from "#sync/session.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { SignedKind } from "#sync/signing/kinds.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import { followKey } from "#sync/signing/signers.ts";
import {
  appealDispute,
  authenticate,
  fetchBillStatement,
  fetchEvidence,
  usePinCode,
} from "#sync/statements.ts";
import type { WhoIsThere } from "#sync/statements.ts";
import { upload } from "#sync/upload.ts";
import type { UploadProblem, UploadReport } from "#sync/upload.ts";
import type { NodeStores } from "./open.ts";
import {
  changePayee,
  knownPayee,
  listPayeeOperations,
  lookUpPayee,
  payeeOperationsBefore,
  payeesHere,
} from "./payees.ts";
import type {
  LookUpRequest,
  LookUpResult,
  PayeeChangeRefusal,
  PayeeChangeRequest,
  PayeeOperationView,
  PayeesHere,
} from "./payees.ts";
import { createNativeSigner } from "./native-signer.ts";
import { HeadNotWrittenError } from "./record.ts";
import type { Recorded, RecordParts, RecordStep } from "./record.ts";
import { checkPayment, payBill } from "./pay-bill.ts";
import type { CheckedPayment, PayBillRequest, PayBillResult } from "./pay-bill.ts";
import { checkRedemption, prepareRedemption } from "./redeem.ts";
import type { CheckedRedemption, Redeemed, RedeemRefusal, RedeemRequest } from "./redeem.ts";
import { refundBill } from "./refund-bill.ts";
import type { RefundBillRequest, RefundBillResult } from "./refund-bill.ts";
import { releaseLease } from "./release.ts";
import type { ReleaseRefusal } from "./release.ts";
import { createProgress } from "./progress.ts";
import { reportOf } from "./report.ts";
import { bringStatements } from "./statements.ts";
import { sealRowsAside } from "./store/aside.ts";
import { countTraffic } from "./count-traffic.ts";
import { allowanceOf } from "./store/settings.ts";
import { createShapeStorage } from "./store/shapes.ts";
import { rotateKey } from "./rotate-key.ts";
import type { RotateKeyResult } from "./rotate-key.ts";
import { tendLeases } from "./tend-leases.ts";

export interface NodeParts {
  readonly stores: NodeStores;
  readonly key: Ed25519Key;
  readonly serverUrl: string;
  readonly clock: MachineClock;
  readonly randomBytes: RandomBytes;
  readonly sleep: Sleep;
  readonly fetch: Fetch;
  /** Of the program, which operators are told; nothing is told where it is unknown. */
  readonly version?: string | undefined;
  readonly onStep?: (step: RecordStep) => void;
  /** Somebody has asked for it: what the link may cost in a day does not count this time. */
  readonly beyondAllowance?: boolean;
  /** Told while a sync goes on. */
  readonly onProgress?: (progress: SyncProgress) => void;
}

export interface SyncProgress {
  /** Operations that the server has answered for, of those that waited. */
  readonly sent: number;
  readonly of: number;
  /** Rows of shapes that were stored. */
  readonly received: number;
}

export type RedeemOutcome =
  /** The goods may be handed over; at risk that is provisional, since another may have been first. */
  | { readonly kind: "accepted"; readonly redeemed: Redeemed; readonly transactionId: string | null }
  /** Recorded, and the server's verdict is not in: no goods may be handed over. */
  | { readonly kind: "not-known-yet"; readonly redeemed: Redeemed; readonly reason: string }
  | { readonly kind: "rejected"; readonly redeemed: Redeemed; readonly reason: string }
  /** Nothing was recorded. */
  | { readonly kind: "refused"; readonly refusal: RedeemRefusal }
  /** Nothing was recorded, since the server could not be asked. */
  | { readonly kind: "offline"; readonly upload: UploadReport };

export type LeaseRequestResult = Awaited<ReturnType<typeof requestLeases>>;

export interface PaypostNode {
  /** What a redemption would be, by what this node knows; nothing is recorded. */
  check(request: RedeemRequest): Promise<CheckedRedemption>;
  redeem(request: RedeemRequest): Promise<RedeemOutcome>;
  /** Takes cash or a leased voucher for a bill; received, and not credited before the server says so. */
  payBill(request: PayBillRequest): Promise<PayBillResult>;
  /** What a payment for a bill would be, by what this node knows; nothing is recorded. */
  checkPayment(request: Omit<PayBillRequest, "actor">): Promise<CheckedPayment>;
  /** Records that cash which paid nothing was given back. */
  refundBill(request: RefundBillRequest): RefundBillResult;
  /** Brings what the server has to say of bills: what is to be given back, and what was paid in; false where it could not. */
  billStatement(): Promise<boolean>;
  /** Gives a lease back; the operation goes up with the next sync. */
  release(serial: bigint, actor: string, onWritten?: (sequence: number) => void): Recorded<ReleaseRefusal>;
  /** Looks a payee up in what the server gave this node; the look-up itself is recorded. */
  lookUp(request: LookUpRequest): LookUpResult;
  /** Queues a registration or an update of a payee, once it was checked. */
  changePayee(request: PayeeChangeRequest): Recorded<PayeeChangeRefusal>;
  /** What was done with payees here, and what the server answered, in order, at most `limit`. */
  payeeOperations(limit: number): PayeeOperationView[];
  /** The same before a sequence number, the newest first. */
  payeeOperationsBefore(sequence: number, limit: number): PayeeOperationView[];
  /** What payees can be asked for here. */
  payeeDesk(): PayeesHere;
  /** A payee as it is known here; for what was asked or done before. */
  knownPayee(programme: string, identity: string, revealed: boolean): ReturnType<typeof knownPayee>;
  /** Asks for leases on vouchers that this merchant hands out; they come with the next sync. */
  requestLeases(wish: LeaseWish): Promise<LeaseRequestResult>;
  /** Uploads everything and reads every shape once, with a few tries. */
  sync(signal?: AbortSignal): Promise<SyncReport>;
  /** Looks at the leases that arrived among many, until all were looked at or the signal ends it. */
  checkArrived(signal?: AbortSignal): Promise<void>;
  /** Brings what the server has to say about disputes and payouts; false where it could not. */
  statements(): Promise<boolean>;
  appeal(sequence: number, because: string): ReturnType<typeof appealDispute>;
  evidence(sequence: number): ReturnType<typeof fetchEvidence>;
  /** Asks a registry whether somebody is whom the voucher is for. */
  authenticate(who: WhoIsThere): ReturnType<typeof authenticate>;
  /** Uses an operator's code for a new PIN; the same request again is answered alike. */
  usePinCode(code: string, request: string): ReturnType<typeof usePinCode>;
  /** Hands in what another node exported; gives the server's answer for that node. */
  handIn(file: Uint8Array): Promise<HandInResult>;
  /** Replaces the key that this node signs with. */
  rotateKey(): Promise<RotateKeyResult>;
  /** Stays in contact until the signal ends it. */
  follow(signal: AbortSignal, onReport: (report: SyncReport) => void): Promise<void>;
}

/** How often a request is tried before its failure is told; a node that follows then begins again by itself. */
const fewAttempts = 4;

/** As long as somebody at the counter waits for an answer; what comes later is found in the history. */
const answerWithinMs = 20_000;

/** Long enough for whoever waits at the counter to come in between. */
const betweenChecksMs = 2;

export function createNode(parts: NodeParts): PaypostNode {
  const { stores, clock, randomBytes } = parts;
  const nodeId = nodeIdOf(stores);
  // One session for all that this process does; a token is good for a quarter of an hour.
  const { settings } = stores;
  const link: ServerLink = {
    baseUrl: parts.serverUrl,
    fetch: countTraffic(parts.fetch, (bytes) => settings.addTraffic(clock.wallMs(), bytes)),
    allowance: parts.beyondAllowance === true ? unmetered : allowanceOf(settings, () => clock.wallMs()),
  };
  const { version } = parts;
  const report = version === undefined ? undefined : () => reportOf(stores, version);
  const { database, queue, trust, vault, signingKeys } = stores;
  vault.unlock(parts.key.seed);
  let key = signingKeys.current() ?? parts.key;
  const signerOf = (kind: SignedKind) =>
    followKey(
      kind,
      () => key,
      (now) => createNativeSigner(kind, now),
    );
  const assertions = signerOf("session-assertion");
  const sessions = createSessions({
    link,
    nodeId,
    assertions,
    contact: stores.node,
    keyChanges: { storage: signingKeys, keySet: () => trust.keySet() },
    report,
  });
  stores.leases.sealRest();
  stores.bills.sealRest();
  sealRowsAside(database, vault);
  const progress = createProgress(parts.onProgress);
  const shapes = progress.counting(
    createShapeStorage({ database, queue, trust, vault, nodeId, wallMs: () => clock.wallMs() }),
  );
  const signer = signerOf("operation");
  const recordParts: RecordParts = { ...parts, nodeId, signer };
  const syncParts = (attempts: number, signal?: AbortSignal): SyncParts => ({
    nodeId,
    link,
    sessions,
    queue,
    trust,
    clock,
    shapes,
    contact: stores.node,
    onSent: progress.sent,
    leaseDocument: (sequence, generation) => stores.leases.documentFor(sequence, generation),
    patience: { sleep: parts.sleep, randomBytes, attempts, signal },
    tend: async () => {
      const calls = syncParts(attempts, signal);
      await keepPayeeKey(calls);
      return tendLeases({ ...recordParts, calls });
    },
  });
  /** Asked for once payees have come that it opens. */
  const keepPayeeKey = async (calls: SyncParts): Promise<void> => {
    if (stores.payees.count() === 0 || stores.payees.key() !== undefined) return;
    const key = await askPayeeKey(calls);
    if (key) stores.payees.keepKey(vault.seal(key));
  };
  /** Who else holds the voucher; undefined where nobody does, or the server cannot say. */
  const holderOf = async (serial: bigint, number: string): Promise<Holder | undefined> => {
    const opening = openingFor(number, randomBytes);
    const sealed = sealNumber(trust.keySet().serverBoxKey, opening, randomBytes);
    const answer = await askHolder(syncParts(2), { serial, sealed });
    return answer.ok ? answer.holder : undefined;
  };
  return {
    check: (request) => checkRedemption(recordParts, request),
    async redeem(request) {
      let prepared = await prepareRedemption(recordParts, request);
      if (prepared.ok && prepared.mode === "online") {
        const contact = await upload(syncParts(2, AbortSignal.timeout(answerWithinMs)));
        if (contact.problem && !(prepared.token.atRisk && isPassing(contact.problem))) {
          return { kind: "offline", upload: contact };
        }
        // The server cannot be asked: what may be taken at risk is judged as that.
        if (contact.problem) prepared = await prepareRedemption(recordParts, { ...request, offline: true });
      }
      if (!prepared.ok) return { kind: "refused", refusal: prepared.refusal };
      // What another till holds would only be held by the server: who waits is told where it is instead.
      const holder =
        prepared.mode === "online" && !prepared.token.atRisk
          ? await holderOf(prepared.token.serial, request.number)
          : undefined;
      if (holder) return { kind: "refused", refusal: { code: "leased-elsewhere", holder } };
      const recorded = orStopped(() => prepared.record());
      if (!recorded.ok) return { kind: "refused", refusal: recorded.refusal };
      const { redeemed } = recorded;
      if (redeemed.mode !== "online") return { kind: "accepted", redeemed, transactionId: null };
      await upload(syncParts(2, AbortSignal.timeout(answerWithinMs)));
      return outcomeOf(redeemed, stores);
    },
    async payBill(request) {
      try {
        return await payBill(recordParts, request);
      } catch (error) {
        if (!(error instanceof HeadNotWrittenError)) throw error;
        return headNotWritten;
      }
    },
    checkPayment: (request) => checkPayment(recordParts, request),
    refundBill: (request) => orStopped(() => refundBill(recordParts, request)),
    async billStatement() {
      const answer = await fetchBillStatement(syncParts(2));
      if (!answer.ok) return false;
      const { refunds, topUps } = answer.statement;
      stores.refunds.keepTold(refunds, topUps);
      return true;
    },
    release: (serial, actor, onWritten) =>
      orStopped(() => releaseLease(recordParts, serial, { actor, cause: "asked", onWritten })),
    lookUp: (request) => orStopped(() => lookUpPayee(recordParts, request)),
    changePayee: (request) => orStopped(() => changePayee(recordParts, request)),
    payeeOperations: (limit) => listPayeeOperations(recordParts, limit),
    payeeOperationsBefore: (sequence, limit) => payeeOperationsBefore(recordParts, sequence, limit),
    payeeDesk: () => payeesHere(recordParts),
    knownPayee: (programme, identity, revealed) => knownPayee(recordParts, { programme, identity }, revealed),
    requestLeases: (wish) => requestLeases(syncParts(1), wish),
    sync: (signal) => syncOnce(syncParts(fewAttempts, signal)),
    checkArrived: (signal) =>
      checkArrived(
        shapes,
        () => ({ nodeId, keySet: trust.keySet() }),
        async () => {
          await parts.sleep(betweenChecksMs, signal);
          return signal?.aborted === true ? "end" : "go-on";
        },
      ),
    statements: () => bringStatements(syncParts(2), stores, () => clock.wallMs()),
    async appeal(sequence, because) {
      const answer = await appealDispute(syncParts(1), { sequence, because });
      if (answer.ok) await bringStatements(syncParts(1), stores, () => clock.wallMs());
      return answer;
    },
    evidence: (sequence) => fetchEvidence(syncParts(2), sequence),
    authenticate: (who) => authenticate(syncParts(1), who),
    usePinCode: (code, request) => usePinCode(syncParts(2), { code, request }),
    rotateKey: () =>
      rotateKey({
        stores,
        nodeId,
        sessions,
        randomBytes,
        key,
        onKept: () => (key = signingKeys.current() ?? key),
      }),
    handIn: (file) => handIn(syncParts(fewAttempts), file),
    follow: (signal, onReport) => follow(syncParts(fewAttempts, signal), signal, onReport),
  };
}

/** What cannot be confirmed twice is not accepted, although it is in the queue. */
function orStopped<Result>(record: () => Result): Result | typeof headNotWritten {
  try {
    return record();
  } catch (error) {
    if (!(error instanceof HeadNotWrittenError)) throw error;
    return headNotWritten;
  }
}

const headNotWritten = {
  ok: false,
  refusal: { code: "node-stopped", because: "head-not-written" },
} as const;

function outcomeOf(redeemed: Redeemed, stores: NodeStores): RedeemOutcome {
  const operation = stores.queue.find(redeemed.sequence);
  if (!operation) throw new Error("a recorded operation is not in the queue");
  const { state, reason, transactionId } = operation;
  if (state === "applied") return { kind: "accepted", redeemed, transactionId };
  if (state === "rejected") return { kind: "rejected", redeemed, reason: reason ?? "unknown" };
  return { kind: "not-known-yet", redeemed, reason: reason ?? "no-verdict" };
}

function isPassing({ code }: UploadProblem): boolean {
  return code === "unreachable" || code === "busy";
}

function nodeIdOf(stores: NodeStores): string {
  const certificate = stores.node.identity()?.certificate;
  if (!certificate) throw new Error("this data directory is not enrolled");
  return certificate.nodeId;
}
