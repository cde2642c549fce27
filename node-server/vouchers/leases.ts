/**
 * Leases on the server: one holder at a time, closed once (design: "No voucher is paid twice", 1). The rules of who
 * wins live in the voucher's machine and in `sync/settlement.ts`; here they are written down in one transaction.
 */
import { decideVoucher } from "#core/decide.ts";
import { isPastEnd } from "#core/voucher-validity.ts";
import type { VoucherRefusal } from "#core/voucher-refusal.ts";
import { encodeLease } from "#sync/documents/lease.ts";
import { signDocument } from "#sync/signing/cose.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { LeaseEnd, LeaseRow, NodeRow, Tx, VoucherRow } from "../ports/store.ts";

export type LeaseRefusal =
  | VoucherRefusal
  | { readonly code: "no-such-node" | "node-not-active" | "lease-too-long" | "never-leased-at-risk" };

const defaultLeaseDays = 14;
const dayMs = 86_400_000;

/** Leases an activated voucher that `tx` has locked, after its node was locked with `lockLeaseNode`. */
export async function grantLease(
  tx: Tx,
  signer: Signer,
  voucher: VoucherRow & { readonly token: string },
  node: NodeRow,
  until: Date | null,
): Promise<
  { readonly ok: true; readonly lease: LeaseRow } | { readonly ok: false; readonly refusal: LeaseRefusal }
> {
  const decision = decideVoucher(voucher, { type: "GRANT_LEASE" });
  if (!decision.ok) return decision;
  if (voucher.atRisk) return { ok: false, refusal: { code: "never-leased-at-risk" } };
  const now = await tx.now();
  if (isPastEnd(voucher, now)) return { ok: false, refusal: { code: "expired" } };
  const notAfter = until ?? defaultEnd(now, voucher.expiresAt);
  if (notAfter > voucher.expiresAt) return { ok: false, refusal: { code: "lease-too-long" } };
  const generation = await tx.registry.generation();
  const epoch = { generation, n: (await tx.leases.lastEpochN(voucher.serial, generation)) + 1 };
  const document = await signDocument(
    signer,
    encodeLease({ serial: voucher.serial, nodeId: node.id, epoch, notAfterMs: notAfter.getTime() }),
  );
  const lease = { serial: voucher.serial, nodeId: node.id, epoch, notAfter, document };
  await tx.leases.insert(lease);
  await tx.vouchers.update(voucher.serial, decision.next);
  await tx.shapes.putLease(lease, voucher.token);
  await tx.shapes.putElsewhere(lease);
  await tx.audit.record({
    actor: voucher.institutionId,
    action: "lease.grant",
    subject: `voucher:${voucher.serial}`,
    after: { node: node.id, epoch: `${epoch.generation}.${epoch.n}`, notAfter: notAfter.toISOString() },
  });
  return { ok: true, lease };
}

/** Finds and locks the node a lease is wished for. Nodes are locked before vouchers, everywhere. */
export async function lockLeaseNode(
  tx: Tx,
  leaseTo: string,
): Promise<
  { readonly ok: true; readonly node: NodeRow } | { readonly ok: false; readonly refusal: LeaseRefusal }
> {
  const isNodeId = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(leaseTo);
  const ofMerchant = isNodeId ? [] : await tx.nodes.ofMerchant(leaseTo);
  const id = isNodeId ? leaseTo : ofMerchant.find((node) => node.status === "active")?.id;
  const node = id === undefined ? undefined : await tx.nodes.lock(id);
  if (!node) return { ok: false, refusal: { code: "no-such-node" } };
  if (node.status !== "active") return { ok: false, refusal: { code: "node-not-active" } };
  return { ok: true, node };
}

/** Closes the voucher's open lease and takes it from its node's shape. Throws when none is open. */
export async function closeOpenLease(tx: Tx, serial: bigint, end: LeaseEnd): Promise<void> {
  const lease = await tx.leases.open(serial);
  if (!lease) throw new Error(`voucher ${serial} has no open lease to close`);
  await tx.leases.close(serial, lease.epoch, end, await tx.now());
  await tx.shapes.removeLease(lease.nodeId, serial);
  await tx.shapes.removeElsewhere(serial);
}

function defaultEnd(now: Date, expiresAt: Date): Date {
  return new Date(Math.min(now.getTime() + defaultLeaseDays * dayMs, expiresAt.getTime()));
}
