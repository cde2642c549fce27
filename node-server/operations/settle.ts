/**
 * One operation of a node becomes one verdict, in one transaction: its place in the chain, the rules of
 * `sync/settlement.ts`, the claim and the books (design: "Settlement", "Forks and clones").
 */
import { placeInChain } from "#sync/chain.ts";
import { serialOf } from "#sync/documents/operation.ts";
import type { Operation, OperationEnvelope } from "#sync/documents/operation.ts";
import type { HoldReason, RejectionCode } from "#sync/settlement.ts";
import type { NodeRow, OperationRow, Tx } from "../ports/store.ts";
import { settlePayBill, settlePayBillWithVoucher } from "./pay-bill.ts";
import { settlePayee } from "./payees.ts";
import { settleRedeem } from "./redeem.ts";
import { settleRefundBill } from "./refund-bill.ts";
import { settleRelease } from "./release.ts";
import type { OperationContext } from "./context.ts";
import { quarantine, quarantined } from "./quarantine.ts";
import { postponeConsequences, settleConsequences } from "./consequences.ts";
import { judgeInRecovery, rememberLease } from "../recovery/evidence.ts";
import type { Evidence } from "../recovery/evidence.ts";
import { decideRow } from "./verdicts.ts";
import type { Verdict } from "./verdicts.ts";

export interface ReceivedOperation {
  readonly envelope: OperationEnvelope;
  /** Undefined where it cannot be read, although its node has signed it. */
  readonly operation: Operation | undefined;
  readonly hash: Uint8Array;
  readonly signed: Uint8Array;
  readonly sealed: Uint8Array | null;
}

export type ReadableOperation = ReceivedOperation & { readonly operation: Operation };

export interface SettledOperation {
  readonly row: OperationRow;
  /** The operation was stored before: this is its first verdict, told again. */
  readonly duplicate: boolean;
}

export type Settlement =
  | { readonly ok: true; readonly settled: SettledOperation }
  | { readonly ok: false; readonly refusal: { readonly code: "gap" } };

/**
 * Stores and judges one operation whose signature is verified. A gap stores nothing. Verdicts in `evidence` count while the
 * server recovers from a restore; the leases in it do so afterwards too.
 */
export async function settleOperation(
  context: OperationContext,
  tx: Tx,
  nodeId: string,
  received: ReceivedOperation,
  evidence: Evidence,
): Promise<Settlement> {
  const node = await tx.nodes.lock(nodeId);
  if (!node) throw new Error(`no node ${nodeId}`);
  const known = await tx.operations.byHash(nodeId, received.hash);
  if (known) return settled(known, true);
  if (node.status !== "active") return keepAside(tx, node, received, "beyond", `node-${node.status}`);
  const { sequence, previousHash } = received.envelope;
  const place = placeInChain(
    { sequence: node.lastSequence, hash: node.lastHash },
    { sequence, hash: received.hash, previousHash },
    await tx.operations.bySequence(nodeId, sequence),
  );
  switch (place) {
    case "gap":
      return { ok: false, refusal: { code: "gap" } };
    case "fork":
    case "duplicate":
      return freeze(tx, node, received);
    case "next":
      return append(context, tx, node, received, evidence);
  }
}

async function append(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  received: ReceivedOperation,
  evidence: Evidence,
): Promise<Settlement> {
  const { envelope, operation } = received;
  if (await tx.operations.byOperationId(node.id, envelope.operationId)) return freeze(tx, node, received);
  const queued = newRow(node.id, received, "chain");
  await tx.operations.insert(queued);
  await tx.nodes.advance(node.id, envelope.sequence, received.hash);
  if (!operation) return settled(await decideRow(tx, queued, quarantined), false);
  if (await tx.recovery.open()) {
    const told = await judgeInRecovery(context, tx, node, { ...received, operation }, evidence);
    const row = await decideRow(tx, queued, told);
    await postponeConsequences(tx, row);
    return settled(row, false);
  }
  return settled(await decideQueued(context, tx, node, queued, { ...received, operation }, evidence), false);
}

/** Judges an operation that is stored in its place, and does what follows from its verdict. */
export async function decideQueued(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  queued: OperationRow,
  received: ReadableOperation,
  evidence: Evidence,
): Promise<OperationRow> {
  await rememberLease(tx, node, received, evidence);
  const verdict = await judge(context, tx, node, received);
  const row = await decideRow(tx, queued, verdict);
  await settleConsequences(context, tx, row);
  return row;
}

/** `isForgotten`: for which refusals nothing is done about an operation's money, since a person is to look into them. */
export function judge(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  { operation, sealed, hash }: Pick<ReadableOperation, "operation" | "sealed" | "hash">,
  isForgotten?: (code: RejectionCode) => boolean,
): Promise<Verdict> {
  switch (operation.body.type) {
    case "redeem-voucher":
      return settleRedeem(context, tx, node, { operation, body: operation.body, sealed, hash }, false);
    case "release-lease":
      return settleRelease(context, tx, node, { body: operation.body, sequence: operation.sequence });
    case "pay-bill":
      return settlePayBill(tx, node, { operation, body: operation.body, sealed, hash }, isForgotten);
    case "pay-bill-with-voucher": {
      const paid = { operation, body: operation.body, sealed, hash };
      return settlePayBillWithVoucher(context, tx, node, paid, false);
    }
    case "look-up":
    case "register-beneficiary":
    case "update-beneficiary":
      return settlePayee(context, tx, node, { operation, body: operation.body, sealed, hash }, false);
    case "refund-bill":
      return settleRefundBill(tx, node, { operation, body: operation.body, hash });
  }
}

/**
 * For one at which judging failed: it is stored in its place, so that what follows goes on, and held for whoever looks
 * into it (design section 3: quarantine is a verdict on stored bytes).
 */
export async function quarantineOperation(
  tx: Tx,
  nodeId: string,
  received: ReceivedOperation,
): Promise<Settlement> {
  const node = await tx.nodes.lock(nodeId);
  if (!node) throw new Error(`no node ${nodeId}`);
  const { sequence, previousHash } = received.envelope;
  const head = { sequence: node.lastSequence, hash: node.lastHash };
  const place = placeInChain(head, { sequence, hash: received.hash, previousHash }, undefined);
  if (node.status !== "active" || place !== "next") return { ok: false, refusal: { code: "gap" } };
  const row = newRow(nodeId, received, "chain");
  await tx.operations.insert(row);
  await tx.nodes.advance(nodeId, sequence, received.hash);
  return settled(await quarantine(tx, row), false);
}

/** Two histories under one key: the common prefix stands, both branches are kept, and the node is frozen. */
async function freeze(tx: Tx, node: NodeRow, received: ReceivedOperation): Promise<Settlement> {
  await tx.nodes.setStatus(node.id, "frozen");
  await tx.audit.record({
    actor: `node:${node.id}`,
    action: "node.freeze",
    subject: `node:${node.id}`,
    after: { sequence: received.envelope.sequence, cause: "fork" },
  });
  return keepAside(tx, node, received, "fork", "forked");
}

async function keepAside(
  tx: Tx,
  node: NodeRow,
  received: ReceivedOperation,
  branch: "fork" | "beyond",
  reason: HoldReason,
): Promise<Settlement> {
  const row = newRow(node.id, received, branch);
  await tx.operations.insert(row);
  return settled(await decideRow(tx, row, { event: { type: "HOLD" }, reason }), false);
}

export function newRow(
  nodeId: string,
  received: ReceivedOperation,
  branch: OperationRow["branch"],
): OperationRow {
  const { envelope, operation } = received;
  return {
    nodeId,
    hash: received.hash,
    sequence: envelope.sequence,
    operationId: envelope.operationId,
    branch,
    type: operation?.body.type ?? "unread",
    signed: received.signed,
    sealed: received.sealed,
    state: "queued",
    reason: null,
    transactionId: null,
    evidence: null,
    guaranteedMinor: null,
    claimId: null,
    serial: operation ? serialOf(operation.body) : null,
    decidedAt: null,
  };
}

function settled(row: OperationRow, duplicate: boolean): Settlement {
  return { ok: true, settled: { row, duplicate } };
}
