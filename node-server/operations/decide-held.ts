/**
 * What no rule can decide is decided by two people (design section 4.6: "stored and held for a person"): one proposes and
 * says why, another one decides. The operation then has its one verdict, and its node is told.
 */
import { isAboutPayee, serialOf } from "#sync/documents/operation.ts";
import { sameEpoch } from "#sync/epoch.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { claimVoucher } from "../payments/claim.ts";
import type { HeldVerdict, NodeRow, OperationRow, Store, Tx } from "../ports/store.ts";
import type { OperationContext } from "./context.ts";
import { settleConsequences } from "./consequences.ts";
import { payBillIfFree, rejectPayBill } from "./pay-bill.ts";
import { settlePayee } from "./payees.ts";
import { readStored, storedOperation } from "./read-stored.ts";
import { isGenuine } from "./redeem.ts";
import { judge } from "./settle.ts";
import { closeLease, isBehind } from "./release.ts";
import { decideRow, publishVerdict } from "./verdicts.ts";
import type { Verdict } from "./verdicts.ts";

export interface HeldOperation {
  readonly nodeId: string;
  readonly hash: Uint8Array;
}

export type DecisionRefusal =
  | "no-such-operation"
  | "not-held"
  | "proposed-before"
  | "not-proposed"
  | "same-person"
  /** The voucher cannot be claimed any more: it is somebody else's, ended, or not there. */
  | "voucher-not-free"
  /** The bill is paid, withdrawn or not there, or the voucher cannot pay it. */
  | "bill-not-payable"
  /** Another amount than the voucher's, or whoever made it did not know the number: people may not lift that. */
  | "not-genuine"
  /** A release is behind an operation of the same node that names the voucher and is to be decided first. */
  | "earlier-operation-held"
  /** It is decided by itself when the recovery ends. */
  | "recovering"
  /** This version cannot read it either. */
  | "not-readable"
  | "not-quarantined"
  /** Its biller decides it, by its answer. */
  | "awaiting-biller"
  /** The payment that it says it gave back was not rejected, or is given back already. */
  | "nothing-to-refund";

export type DecisionOutcome =
  | { readonly ok: true; readonly row: OperationRow }
  | { readonly ok: false; readonly code: DecisionRefusal };

export function proposeDecision(
  store: Store,
  held: HeldOperation,
  { verdict, because, by }: { readonly verdict: HeldVerdict; readonly because: string; readonly by: string },
): Promise<DecisionOutcome> {
  return store.transaction(async (tx) => {
    const found = await lockHeld(tx, held);
    if (!found.ok) return found;
    const isNew = await tx.heldDecisions.propose({ ...held, verdict, because, by });
    if (!isNew) return refused("proposed-before");
    await record(tx, found.row, `operator:${by}`, "held.propose", { verdict, because });
    return { ok: true, row: found.row };
  });
}

export function withdrawProposal(store: Store, held: HeldOperation, by: string): Promise<DecisionOutcome> {
  return store.transaction(async (tx) => {
    const found = await lockHeld(tx, held);
    if (!found.ok) return found;
    const proposal = await tx.heldDecisions.lockProposal(held.nodeId, held.hash);
    if (!proposal) return refused("not-proposed");
    await tx.heldDecisions.withdraw(proposal.id);
    await record(tx, found.row, `operator:${by}`, "held.withdraw", { verdict: proposal.verdict });
    return { ok: true, row: found.row };
  });
}

/** Carries out what somebody else has proposed. */
export function decideHeld(
  context: OperationContext,
  store: Store,
  held: HeldOperation,
  by: string,
): Promise<DecisionOutcome> {
  return store.transaction(async (tx) => {
    const found = await lockHeld(tx, held);
    if (!found.ok) return found;
    if (await tx.recovery.open()) return refused("recovering");
    const proposal = await tx.heldDecisions.lockProposal(held.nodeId, held.hash);
    if (!proposal) return refused("not-proposed");
    if (proposal.by === by) return refused("same-person");
    if (proposal.verdict === "apply" && !readStored(found.row)) return refused("not-readable");
    const verdict = await verdictOf(context, tx, found.node, found.row, proposal.verdict);
    if (typeof verdict === "string") return refused(verdict);
    await tx.heldDecisions.decide(proposal.id, by);
    const row = await decideRow(tx, found.row, verdict);
    await record(tx, row, `operator:${by}`, "held.decide", {
      verdict: proposal.verdict,
      because: proposal.because,
      proposedBy: proposal.by,
    });
    await publishVerdict(context, tx, row);
    await settleConsequences(context, tx, row);
    return { ok: true, row };
  });
}

/** Judges a quarantined operation by the rules once more: after an upgrade it may be read, or judged. */
export function retryQuarantined(
  context: OperationContext,
  store: Store,
  held: HeldOperation,
  by: string,
): Promise<DecisionOutcome> {
  return store.transaction(async (tx) => {
    const found = await lockHeld(tx, held);
    if (!found.ok) return found;
    if (found.row.reason !== "quarantined") return refused("not-quarantined");
    if (await tx.recovery.open()) return refused("recovering");
    const operation = readStored(found.row);
    if (!operation) return refused("not-readable");
    const { hash, sealed } = found.row;
    const read = { ...found.row, serial: serialOf(operation.body) };
    const row = await decideRow(tx, read, await judge(context, tx, found.node, { operation, hash, sealed }));
    await record(tx, row, `operator:${by}`, "held.retry", { state: row.state });
    await publishVerdict(context, tx, row);
    await settleConsequences(context, tx, row);
    return { ok: true, row };
  });
}

type Locked =
  | { readonly ok: true; readonly node: NodeRow; readonly row: OperationRow }
  | { readonly ok: false; readonly code: DecisionRefusal };

async function lockHeld(tx: Tx, { nodeId, hash }: HeldOperation): Promise<Locked> {
  const node = await tx.nodes.lock(nodeId);
  const row = node && (await tx.operations.byHash(nodeId, hash));
  if (!node || !row) return refused("no-such-operation");
  if (row.state !== "held") return refused("not-held");
  return row.reason === "awaiting-biller" ? refused("awaiting-biller") : { ok: true, node, row };
}

type VerdictRefusal = Extract<
  DecisionRefusal,
  "voucher-not-free" | "bill-not-payable" | "not-genuine" | "earlier-operation-held" | "nothing-to-refund"
>;

/** Changes nothing where it refuses: another verdict may be proposed then. */
async function verdictOf(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  row: OperationRow,
  verdict: HeldVerdict,
): Promise<Verdict | VerdictRefusal> {
  const { sealed, hash } = row;
  if (verdict === "reject") {
    const operation = readStored(row);
    const reason = "decided-by-people";
    // Cash was taken for it, which is to be given back.
    return operation?.body.type === "pay-bill"
      ? rejectPayBill(tx, node, { operation, body: operation.body, sealed, hash }, reason)
      : { event: { type: "REJECT" }, reason };
  }
  if (verdict === "write-off") return { event: { type: "WRITE_OFF" }, reason: "written-off" };
  const operation = storedOperation(row);
  const { body } = operation;
  if (body.type === "pay-bill" || body.type === "pay-bill-with-voucher") {
    return (await payBillIfFree(context, tx, node, { operation, body, sealed, hash })) ?? "bill-not-payable";
  }
  if (isAboutPayee(body)) return settlePayee(context, tx, node, { operation, body, sealed, hash }, true);
  if (body.type === "refund-bill") {
    const judged = await judge(context, tx, node, { operation, sealed, hash });
    return judged.event.type === "APPLY" ? judged : "nothing-to-refund";
  }
  const voucher = (await tx.vouchers.lock([body.serial])).get(body.serial);
  const lease = await tx.leases.open(body.serial);
  if (body.type === "release-lease") {
    const isTheirs = lease?.nodeId === node.id && sameEpoch(lease.epoch, body.epoch);
    const held = (await tx.operations.heldFor(body.serial)).filter(
      (other) => !equalBytes(other.hash, row.hash),
    );
    if (isBehind(held, node.id, row.sequence)) return "earlier-operation-held";
    if (isTheirs) await closeLease(context, tx, body.serial, "released", held);
    return { event: { type: "APPLY" }, reason: null };
  }
  if (voucher && !(await isGenuine(context, voucher, { body, sealed: row.sealed }))) return "not-genuine";
  const claimed =
    voucher &&
    (await claimVoucher(tx, voucher, {
      cause: `operation:${Buffer.from(row.hash).toString("hex")}`,
      merchantId: node.merchantId,
      // Its goods are given: what a person applies is owed until it can be paid.
      offline: true,
      entitled: lease?.nodeId === node.id,
      actor: `node:${node.id}`,
    }));
  if (!claimed?.ok) return "voucher-not-free";
  const { id, transactionId } = claimed.claim;
  return { event: { type: "APPLY" }, reason: null, claimId: id, transactionId };
}

function record(
  tx: Tx,
  { nodeId, sequence, hash }: OperationRow,
  actor: string,
  action: string,
  after: Readonly<Record<string, string>>,
): Promise<void> {
  return tx.audit.record({
    actor,
    action,
    subject: `operation:${nodeId}:${sequence}`,
    after: { ...after, hash: Buffer.from(hash).toString("hex") },
  });
}

function refused(code: DecisionRefusal): { readonly ok: false; readonly code: DecisionRefusal } {
  return { ok: false, code };
}
