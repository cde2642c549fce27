/**
 * What a node brings of this server's own signed words that the restored database has forgotten (design section 4.8): the
 * verdict of an operation, and the lease that one relies on. Both count as they were signed.
 */
import { decodeLease } from "#sync/documents/lease.ts";
import type { Lease } from "#sync/documents/lease.ts";
import { openAs } from "#sync/documents/open.ts";
import type { UploadRequest } from "#sync/documents/upload.ts";
import { decodeVerdictList } from "#sync/documents/verdict-list.ts";
import type { Verdict as SignedVerdict } from "#sync/documents/verdict-list.ts";
import { sameEpoch } from "#sync/epoch.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { decideVoucher } from "#core/decide.ts";
import { noteAtRiskUse } from "../operations/at-risk.ts";
import type { OperationContext } from "../operations/context.ts";
import { closeLease } from "../operations/release.ts";
import type { ReadableOperation } from "../operations/settle.ts";
import type { Verdict } from "../operations/verdicts.ts";
import { claimVoucher } from "../payments/claim.ts";
import type { NodeRow, Store, Tx } from "../ports/store.ts";

export interface Evidence {
  /** Final verdicts by the hash of their operation, in hex. */
  readonly verdicts: ReadonlyMap<string, SignedVerdict>;
  readonly leases: readonly { readonly lease: Lease; readonly document: Uint8Array }[];
}

/** Nothing is looked at but while the server recovers. */
export async function evidenceIn(
  { store, context }: { readonly store: Store; readonly context: OperationContext },
  nodeId: string,
  { evidence }: UploadRequest,
): Promise<Evidence> {
  const isAsked = evidence !== null && (await store.transaction((tx) => tx.recovery.open())) !== undefined;
  return openEvidence(context, nodeId, isAsked ? evidence : []);
}

/** Keeps what this server has signed for the node; the rest is as if it had not come. */
async function openEvidence(
  { verdictSigner, leaseSigner }: Pick<OperationContext, "verdictSigner" | "leaseSigner">,
  nodeId: string,
  documents: readonly Uint8Array[],
): Promise<Evidence> {
  const verdicts = new Map<string, SignedVerdict>();
  const leases: { lease: Lease; document: Uint8Array }[] = [];
  for (const document of documents) {
    const list = await openAs("verdict-list", decodeVerdictList, document, ownKey(verdictSigner));
    if (list.ok && list.value.nodeId === nodeId) {
      for (const verdict of list.value.verdicts) {
        if (verdict.status !== "held") verdicts.set(hex(verdict.operationHash), verdict);
      }
    }
    const lease = await openAs("lease", decodeLease, document, ownKey(leaseSigner));
    if (lease.ok && lease.value.nodeId === nodeId) leases.push({ lease: lease.value, document });
  }
  return { verdicts, leases };
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
  if (told.status === "rejected") {
    return {
      event: { type: "REJECT" },
      reason: told.reason,
      ...(told.evidence && { evidence: told.evidence }),
      ...(told.guaranteedMinor !== null && { guaranteedMinor: told.guaranteedMinor }),
    };
  }
  if (body.type === "release-lease") {
    await tx.vouchers.lock([body.serial]);
    const open = await tx.leases.open(body.serial);
    if (open && open.nodeId === node.id && sameEpoch(open.epoch, body.epoch)) {
      await closeLease(context, tx, body.serial, "released", []);
    }
    return { event: { type: "APPLY" }, reason: null };
  }
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
  if (!claimed?.ok) return { event: { type: "HOLD" }, reason: "recovery-conflict" };
  const { id, transactionId } = claimed.claim;
  return { event: { type: "APPLY" }, reason: null, claimId: id, transactionId };
}

/** The lease that a redemption relies on is in force again, where nobody else's is. */
async function restoreLease(
  tx: Tx,
  node: NodeRow,
  { operation: { body } }: ReadableOperation,
  { leases }: Evidence,
): Promise<void> {
  if (body.type !== "redeem-voucher" || body.epoch === null) return;
  const { serial, epoch } = body;
  const found = leases.find(({ lease }) => lease.serial === serial && sameEpoch(lease.epoch, epoch));
  const voucher = (await tx.vouchers.lock([serial])).get(serial);
  if (!found || !voucher || (await tx.leases.wasGranted(serial, node.id, epoch))) return;
  const open = await tx.leases.open(serial);
  if (open) {
    if (open.nodeId !== node.id) return;
    await tx.leases.close(serial, open.epoch, "renewed", await tx.now());
  } else {
    const granted = decideVoucher(voucher, { type: "GRANT_LEASE" });
    if (!granted.ok) return;
    await tx.vouchers.update(serial, granted.next);
  }
  const { lease, document } = found;
  const notAfter = new Date(lease.notAfterMs);
  await tx.leases.insert({ serial, nodeId: node.id, epoch, notAfter, document, renewable: false });
  await tx.audit.record({
    actor: `node:${node.id}`,
    action: "lease.restore",
    subject: `voucher:${serial}`,
    after: { node: node.id, epoch: `${epoch.generation}.${epoch.n}`, notAfter: notAfter.toISOString() },
  });
}

function ownKey({ keyId, publicKey }: { readonly keyId: Uint8Array; readonly publicKey: Uint8Array }) {
  return (wanted: Uint8Array) => (equalBytes(wanted, keyId) ? publicKey : undefined);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
