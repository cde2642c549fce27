/** Everything that can happen to a voucher on the server, each as one call on a store, for tests that race them. */
import { randomBytes } from "node:crypto";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { decodeOperation } from "#sync/documents/operation.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import { createSigner } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { settleRedeem } from "../../node-server/operations/redeem.ts";
import { settleRelease } from "../../node-server/operations/release.ts";
import { claimIdOf } from "../../node-server/payments/claim.ts";
import type { PayoutOutcome } from "../../node-server/payments/gateway.ts";
import { payClaim } from "../../node-server/payments/settle-claim.ts";
import type { Store, VoucherAction } from "../../node-server/ports/store.ts";
import { changeVoucher } from "../../node-server/vouchers/change.ts";
import { runCommand } from "../../node-server/vouchers/commands.ts";
import { grantLease, lockLeaseNode, renewLease } from "../../node-server/vouchers/leases.ts";
import { presentAndClaim } from "../../node-server/vouchers/redeem-online.ts";
import { BareNode } from "./bare-node.ts";
import { answeringGateway } from "./gateways.ts";
import { testStore } from "./funding.ts";
import type { IssuedVoucher } from "./institution.ts";
import type { TestServer } from "./server.ts";

export interface Subject {
  readonly serial: bigint;
  readonly voucher: IssuedVoucher;
}

export interface Act {
  /** What it means to the voucher's machine. */
  readonly event: VoucherEvent;
  /** Carries it out; false when it was refused. */
  run(store: Store, subject: Subject): Promise<boolean>;
}

export type ActName =
  | "redemption"
  | "leased redemption"
  | "lease grant"
  | "renewal"
  | "lease end"
  | "expiry"
  | "cancel"
  | "suspend"
  | "unsuspend"
  | "block"
  | "purge"
  | "payout paid"
  | "payout failed";

export interface VoucherActs {
  readonly nodeId: string;
  readonly acts: Readonly<Record<ActName, Act>>;
  /** Redeems under a request id; payouts settle the claim of the id that `firstRequestOf` gives. */
  redeem(store: Store, subject: Subject, requestId: string): Promise<boolean>;
}

/** Enrols a till of the merchant `shop-1`, which holds the leases and is paid. */
export async function createVoucherActs(server: TestServer): Promise<VoucherActs> {
  const { pool } = server.client;
  const code = await issueEnrolmentCode(testStore(pool), (length) => new Uint8Array(randomBytes(length)), {
    merchantId: "shop-1",
    nodeName: "till",
    validHours: 1,
  });
  const till = await BareNode.enrol(server.url, code);
  const { nodeId } = till.identity;
  const signer = await createSigner("lease", new Uint8Array(32).fill(7));
  const redeem = (store: Store, subject: Subject, requestId: string) =>
    redeemAs(server, store, subject, requestId);
  const command = (action: VoucherAction) => (store: Store, subject: Subject) =>
    runAction(server, signer, store, subject, action);
  return {
    nodeId,
    redeem,
    acts: {
      redemption: {
        event: { type: "CLAIM", entitled: false },
        run: (store, subject) => redeem(store, subject, randomBytes(6).toString("hex")),
      },
      "leased redemption": {
        event: { type: "CLAIM", entitled: true },
        run: (store, subject) => redeemLeased(server, till, store, subject),
      },
      renewal: {
        event: { type: "RENEW_LEASE" },
        run: (store, subject) => renew(nodeId, signer, store, subject),
      },
      "lease grant": {
        event: { type: "GRANT_LEASE" },
        run: (store, subject) => grant(nodeId, signer, store, subject),
      },
      "lease end": {
        event: { type: "CLOSE_LEASE" },
        run: (store, subject) => release(server, nodeId, store, subject),
      },
      expiry: { event: { type: "EXPIRE" }, run: expire },
      cancel: { event: { type: "CANCEL" }, run: command("cancel") },
      suspend: { event: { type: "SUSPEND" }, run: command("suspend") },
      unsuspend: { event: { type: "UNSUSPEND" }, run: command("unsuspend") },
      block: { event: { type: "BLOCK" }, run: command("block") },
      purge: { event: { type: "PURGE" }, run: command("purge") },
      "payout paid": {
        event: { type: "CONSUME" },
        run: (store, subject) => settle(store, subject, { outcome: "paid" }),
      },
      "payout failed": {
        event: { type: "RELEASE_CLAIM" },
        run: (store, subject) => settle(store, subject, { outcome: "failed", reason: "closed" }),
      },
    },
  };
}

/** The request under which a subject was first redeemed. */
export function firstRequestOf({ serial }: Subject): string {
  return `r-${serial}`;
}

/** The claim that the first redemption makes: its id derives from the request. */
export function firstClaimOf(subject: Subject): string {
  const { institutionId, call, requestId } = keyOf(firstRequestOf(subject));
  return claimIdOf(`request:${institutionId}:${call}:${requestId}`);
}

function keyOf(requestId: string) {
  return { institutionId: "welfare", call: "/vouchers?command=redeem", requestId };
}

function redeemAs(
  { context }: TestServer,
  store: Store,
  { voucher }: Subject,
  requestId: string,
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const request = {
      serialNumber: voucher.serialNumber,
      voucherNumber: voucher.number,
      agentId: "shop-1",
      override: false,
    };
    return (await presentAndClaim(tx, context.indexKey, keyOf(requestId), request)).ok;
  });
}

function grant(nodeId: string, signer: Signer, store: Store, { serial }: Subject): Promise<boolean> {
  return store.transaction(async (tx) => {
    const found = await lockLeaseNode(tx, nodeId);
    const voucher = (await tx.vouchers.lock([serial])).get(serial);
    if (!found.ok || !voucher) throw new Error("no node, or no voucher");
    // A purged voucher has no token, and no lease either.
    const token = voucher.token ?? "PV1:";
    return (await grantLease(tx, signer, { ...voucher, token }, found.node, null)).ok;
  });
}

/** Under the first lease, as the till did it offline. */
function redeemLeased(
  { context }: TestServer,
  till: BareNode,
  store: Store,
  { voucher }: Subject,
): Promise<boolean> {
  const { signed, sealed, hash } = till.redeem(voucher);
  const parsed = parseDocument(signed);
  const decoded = parsed.ok ? decodeOperation(parsed.payload) : undefined;
  if (!decoded?.ok || decoded.value.body.type !== "redeem-voucher") throw new Error("it was just signed");
  const redeem = { operation: decoded.value, body: decoded.value.body, sealed, hash };
  return store.transaction(async (tx) => {
    const node = await tx.nodes.lock(till.identity.nodeId);
    if (!node) throw new Error("the node is gone");
    return (await settleRedeem(context, tx, node, redeem, false)).event.type === "APPLY";
  });
}

function renew(nodeId: string, signer: Signer, store: Store, { serial }: Subject): Promise<boolean> {
  return store.transaction(async (tx) => {
    const node = await tx.nodes.lock(nodeId);
    const voucher = (await tx.vouchers.lock([serial])).get(serial);
    if (!node || !voucher) throw new Error("no node, or no voucher");
    return (await renewLease(tx, signer, { ...voucher, token: voucher.token ?? "PV1:" }, node)).ok;
  });
}

function release(server: TestServer, nodeId: string, store: Store, { serial }: Subject): Promise<boolean> {
  return store.transaction(async (tx) => {
    const holder = await tx.nodes.lock(nodeId);
    if (!holder) throw new Error("the node is gone");
    const generation = await tx.registry.generation();
    const epoch = { generation, n: await tx.leases.lastEpochN(serial, generation) };
    const body = { type: "release-lease", serial, epoch } as const;
    const verdict = await settleRelease(server.context, tx, holder, { body, sequence: 1 });
    return verdict.event.type === "APPLY";
  });
}

function expire(store: Store, { serial }: Subject): Promise<boolean> {
  return store.transaction(async (tx) => {
    const voucher = (await tx.vouchers.lock([serial])).get(serial);
    if (!voucher) throw new Error("the voucher is gone");
    const reason = { actor: "schedule", action: "voucher.expire" };
    return (await changeVoucher(tx, voucher, { type: "EXPIRE" }, reason)).ok;
  });
}

/** Settles the claim of the first redemption, in one transaction; true when its end is the one of this outcome. */
async function settle(store: Store, subject: Subject, outcome: PayoutOutcome): Promise<boolean> {
  const state = await payClaim(store, answeringGateway(outcome), firstClaimOf(subject));
  return state === (outcome.outcome === "paid" ? "paid" : "released");
}

/** A command of one item, run on the given store. */
async function runAction(
  server: TestServer,
  signer: Signer,
  store: Store,
  { serial }: Subject,
  action: VoucherAction,
): Promise<boolean> {
  const own = testStore(server.client.pool);
  const command = {
    institutionId: "welfare",
    requestId: randomBytes(6).toString("hex"),
    batchId: "acts",
    command: action,
    callbackUrl: server.receiver.url,
  };
  const item = { line: 1, action, serialNumber: String(serial), leaseTo: null, leaseUntil: null };
  const id = await own.transaction((tx) => tx.commands.insert(command, [item]));
  await runCommand({ store, tokenSigner: async () => signer, leaseSigner: signer, graceMs: 0 }, id);
  const [outcome] = await own.transaction((tx) => tx.commands.results(id));
  return outcome?.failureReason === null;
}
