/**
 * What a node brings of this server's own signed words that the restored database has forgotten (design section 4.8): the
 * verdict of an operation, and the lease that one relies on. Both count as they were signed.
 */
import { isAboutPayee, serialOf } from "#sync/documents/operation.ts";
import { decodeLease } from "#sync/documents/lease.ts";
import type { Lease } from "#sync/documents/lease.ts";
import { openAs } from "#sync/documents/open.ts";
import type { UploadRequest } from "#sync/documents/upload.ts";
import { decodeVerdictList } from "#sync/documents/verdict-list.ts";
import type { Verdict as SignedVerdict } from "#sync/documents/verdict-list.ts";
import { sameEpoch } from "#sync/epoch.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { decideVoucher } from "#core/decide.ts";
import { noteAtRiskUse } from "../operations/at-risk.ts";
import type { OperationContext } from "../operations/context.ts";
import { payBillIfFree, rejectPayBill } from "../operations/pay-bill.ts";
import { settleRefundBill } from "../operations/refund-bill.ts";
import { closeLease } from "../operations/release.ts";
import { settlePayee } from "../operations/payees.ts";
import type { ReadableOperation } from "../operations/settle.ts";
import type { Verdict } from "../operations/verdicts.ts";
import { claimVoucher } from "../payments/claim.ts";
import type { LeaseRow, NodeRow, Tx } from "../ports/store.ts";

export interface Evidence {
  /** Final verdicts by the hash of their operation, in hex. */
  readonly verdicts: ReadonlyMap<string, SignedVerdict>;
  readonly leases: readonly { readonly lease: Lease; readonly document: Uint8Array }[];
}

/** An honest node brings some only after its server was restored. */
export function evidenceIn(
  { context }: { readonly context: OperationContext },
  nodeId: string,
  { evidence }: UploadRequest,
): Promise<Evidence> {
  return openEvidence(context, nodeId, evidence ?? []);
}

/** Keeps what this server has signed for the node; the rest is as if it had not come. */
async function openEvidence(
  { trusted }: Pick<OperationContext, "trusted">,
  nodeId: string,
  documents: readonly Uint8Array[],
): Promise<Evidence> {
  const ownKey = (kind: ServerKind) => (keyId: Uint8Array) => trusted.findKey(kind, keyId);
  const verdicts = new Map<string, SignedVerdict>();
  const leases: { lease: Lease; document: Uint8Array }[] = [];
  for (const document of documents) {
    const list = await openAs("verdict-list", decodeVerdictList, document, ownKey("verdict-list"));
    if (list.ok && list.value.nodeId === nodeId) {
      for (const verdict of list.value.verdicts) {
        if (verdict.status !== "held") verdicts.set(hex(verdict.operationHash), verdict);
      }
    }
    const lease = await openAs("lease", decodeLease, document, ownKey("lease"));
    if (lease.ok && lease.value.nodeId === nodeId) leases.push({ lease: lease.value, document });
  }
  return { verdicts, leases };
}

/**
 * A lease of before the restore under which nothing was done until the recovery had ended: it opens nothing any more, but
 * what relied on it is told that it has closed, and not that it never was.
 */
export async function rememberLease(
  tx: Tx,
  node: NodeRow,
  received: ReadableOperation,
  evidence: Evidence,
): Promise<void> {
  const found = await forgottenLease(tx, node, received, evidence);
  if (!found) return;
  await tx.leases.insertClosed(found, await tx.now());
  await recordRestored(tx, found);
}

/** While the server recovers: what it had decided stands, and everything else waits. */
export async function judgeInRecovery(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  received: ReadableOperation,
  evidence: Evidence,
): Promise<Verdict> {
  await restoreLease(tx, node, received, evidence);
  const told = evidence.verdicts.get(hex(received.hash));
  if (!told) return { event: { type: "HOLD" }, reason: "recovery" };
  const { operation, hash } = received;
  const { body } = operation;
  if (body.type === "redeem-voucher" && body.mode === "at-risk")
    await noteAtRiskUse(tx, node, { operation, body, hash });
  if (told.status === "rejected") return rejectedAgain(tx, node, received, told);
  if (body.type === "release-lease") {
    await tx.vouchers.lock([body.serial]);
    const open = await tx.leases.open(body.serial);
    if (open && open.nodeId === node.id && sameEpoch(open.epoch, body.epoch)) {
      await closeLease(context, tx, body.serial, "released", []);
    }
    return { event: { type: "APPLY" }, reason: null };
  }
  if (isAboutPayee(body)) {
    // Decided before the restore: made again as it was, or there already.
    await settlePayee(context, tx, node, { ...received, body }, true);
    return { event: { type: "APPLY" }, reason: null };
  }
  if (body.type === "refund-bill") return refundedAgain(tx, node, received);
  if (body.type !== "redeem-voucher")
    return (await payBillIfFree(context, tx, node, { ...received, body })) ?? conflict;
  const voucher = (await tx.vouchers.lock([body.serial])).get(body.serial);
  const claimed =
    voucher &&
    (await claimVoucher(tx, voucher, {
      // The same cause gives the same claim, transaction and idempotency key as before the restore.
      cause: `operation:${hex(hash)}`,
      merchantId: node.merchantId,
      offline: true,
      entitled: voucher.state === "leased",
      actor: `node:${node.id}`,
    }));
  if (!claimed?.ok) return conflict;
  const { id, transactionId } = claimed.claim;
  return { event: { type: "APPLY" }, reason: null, claimId: id, transactionId };
}

const conflict: Verdict = { event: { type: "HOLD" }, reason: "recovery-conflict" };

/** Cash that was given back is not given back a second time, whatever else is known of it. */
async function refundedAgain(
  tx: Tx,
  node: NodeRow,
  { operation, hash }: ReadableOperation,
): Promise<Verdict> {
  const { body } = operation;
  if (body.type !== "refund-bill") throw new Error("not a refund");
  const verdict = await settleRefundBill(tx, node, { operation, body, hash });
  return verdict.event.type === "APPLY" ? verdict : conflict;
}

/**
 * With its dispute, which the backup may not have had: no loss is forgotten that a merchant can prove. Nor is cash that is to
 * be given back.
 */
async function rejectedAgain(
  tx: Tx,
  node: NodeRow,
  { operation, hash, sealed }: ReadableOperation,
  { reason, evidence, guaranteedMinor }: SignedVerdict,
): Promise<Verdict> {
  const { body } = operation;
  if (body.type === "pay-bill") {
    const rejected = await rejectPayBill(tx, node, { operation, body, sealed, hash }, reason ?? "rejected");
    return { ...rejected, ...(evidence && { evidence }) };
  }
  const serial = serialOf(body);
  const isKnown = serial !== null && (await tx.vouchers.find(serial)) !== undefined;
  const goodsWereGiven = body.type === "redeem-voucher" && body.mode !== "online";
  return {
    event: { type: "REJECT" },
    reason,
    ...(evidence && { evidence }),
    ...(guaranteedMinor !== null && { guaranteedMinor }),
    isLoss: isKnown && goodsWereGiven && (guaranteedMinor !== null || isLostTo(reason, evidence)),
  };
}

/** Of an offline redemption that is guaranteed nothing the list tells only who had the voucher. */
function isLostTo(reason: string | null, winner: Uint8Array | null): boolean {
  return winner !== null && (reason === "already-consumed" || reason === "being-paid");
}

/** The lease that a redemption relies on is in force again, where nobody else's is and the voucher is free for it. */
async function restoreLease(
  tx: Tx,
  node: NodeRow,
  received: ReadableOperation,
  evidence: Evidence,
): Promise<void> {
  const found = await forgottenLease(tx, node, received, evidence);
  if (!found) return;
  const { serial } = found;
  const voucher = (await tx.vouchers.lock([serial])).get(serial);
  const open = await tx.leases.open(serial);
  const granted = voucher && decideVoucher(voucher, { type: "GRANT_LEASE" });
  if (open?.nodeId === node.id) {
    await tx.leases.close(serial, open.epoch, "renewed", await tx.now());
    await tx.leases.insert(found);
  } else if (granted?.ok) {
    await tx.vouchers.update(serial, granted.next);
    await tx.leases.insert(found);
  } else {
    await tx.leases.insertClosed(found, await tx.now());
  }
  await recordRestored(tx, found);
}

/** The signed lease that a redemption relies on, where this database knows the voucher but not the lease. */
async function forgottenLease(
  tx: Tx,
  node: NodeRow,
  { operation: { body } }: ReadableOperation,
  { leases }: Evidence,
): Promise<LeaseRow | undefined> {
  if (body.type !== "redeem-voucher" && body.type !== "pay-bill-with-voucher") return undefined;
  if (body.epoch === null) return undefined;
  const { serial, epoch } = body;
  const found = leases.find(({ lease }) => lease.serial === serial && sameEpoch(lease.epoch, epoch));
  if (!found || !(await tx.vouchers.lock([serial])).has(serial)) return undefined;
  if (await tx.leases.wasGranted(serial, node.id, epoch)) return undefined;
  const { lease, document } = found;
  return { serial, nodeId: node.id, epoch, notAfter: new Date(lease.notAfterMs), document, renewable: false };
}

function recordRestored(tx: Tx, { serial, nodeId, epoch, notAfter }: LeaseRow): Promise<void> {
  return tx.audit.record({
    actor: `node:${nodeId}`,
    action: "lease.restore",
    subject: `voucher:${serial}`,
    after: { node: nodeId, epoch: `${epoch.generation}.${epoch.n}`, notAfter: notAfter.toISOString() },
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
