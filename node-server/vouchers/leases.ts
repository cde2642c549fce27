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
import type { LeaseEnd, LeaseRow, NodeRow, OpenLease, Store, Tx, VoucherRow } from "../ports/store.ts";

export type LeaseRefusal =
  | VoucherRefusal
  | {
      readonly code:
        | "no-such-node"
        | "no-active-node"
        | "node-frozen"
        | "node-revoked"
        | "node-holds-too-many"
        | "node-not-accepting"
        | "lease-too-long"
        | "never-leased-at-risk";
    };

export type Leased =
  | { readonly ok: true; readonly lease: LeaseRow }
  | { readonly ok: false; readonly refusal: LeaseRefusal };

export type RenewalRefusalCode =
  | VoucherRefusal["code"]
  /** It has more than half of its days left, or would not last longer. */
  | "not-due"
  | "end-named-by-issuer"
  | "recalled"
  | "claimed-elsewhere";

export type Renewed =
  | { readonly ok: true; readonly lease: LeaseRow }
  | { readonly ok: false; readonly refusal: { readonly code: RenewalRefusalCode } };

type LeasedVoucher = VoucherRow & { readonly token: string };

const defaultLeaseDays = 14;
const dayMs = 86_400_000;

/** Leases an activated voucher that `tx` has locked, after its node was locked with `lockLeaseNode`. */
export async function grantLease(
  tx: Tx,
  signer: Signer,
  voucher: LeasedVoucher,
  node: NodeRow,
  until: Date | null,
  by: string = voucher.institutionId,
): Promise<Leased> {
  const decision = decideVoucher(voucher, { type: "GRANT_LEASE" });
  if (!decision.ok) return decision;
  if (voucher.atRisk) return refused("never-leased-at-risk");
  const now = await tx.now();
  if (isPastEnd(voucher, now)) return refused("expired");
  const notAfter = until ?? defaultEnd(now, voucher.expiresAt);
  if (notAfter > voucher.expiresAt) return refused("lease-too-long");
  if (!(await tx.registry.accepts(node.merchantId, voucher.groupCode))) return refused("node-not-accepting");
  if ((await tx.leases.countOpen(node.id)) >= node.mostLeases) return refused("node-holds-too-many");
  const lease = await openLease(tx, signer, voucher, {
    nodeId: node.id,
    notAfter,
    renewable: until === null,
  });
  await tx.vouchers.update(voucher.serial, decision.next);
  await record(tx, by, "lease.grant", lease);
  return { ok: true, lease };
}

/**
 * Renews the lease that the node holds on a voucher that `tx` has locked, after the node: the lease goes on under a new
 * epoch. Whoever waits for it to close is not made to wait longer.
 */
export async function renewLease(
  tx: Tx,
  signer: Signer,
  voucher: LeasedVoucher,
  node: NodeRow,
): Promise<Renewed> {
  const decision = decideVoucher(voucher, { type: "RENEW_LEASE" });
  if (!decision.ok) return decision;
  const old = await tx.leases.open(voucher.serial);
  if (!old || old.nodeId !== node.id) return refused("not-leased");
  const now = await tx.now();
  const notAfter = defaultEnd(now, voucher.expiresAt);
  const obstacle = await obstacleToRenewal(tx, old, now, notAfter);
  if (obstacle) return { ok: false, refusal: { code: obstacle } };
  await tx.leases.close(voucher.serial, old.epoch, "renewed", now);
  const lease = await openLease(tx, signer, voucher, { nodeId: node.id, notAfter, renewable: true });
  await record(tx, `node:${node.id}`, "lease.renew", lease);
  return { ok: true, lease };
}

/** A recall is a request: the lease stays open until its holder releases it or its time has passed. Asked once. */
export async function recallLease(tx: Tx, serial: bigint, by: string): Promise<void> {
  const lease = await tx.leases.open(serial);
  if (!lease || lease.recalledAt) return;
  const at = await tx.now();
  await tx.leases.markRecalled(serial, lease.epoch, at);
  await tx.shapes.recallLease(lease.nodeId, serial, at);
  await record(tx, by, "lease.recall", lease);
}

/** Undefined when the voucher is not leased. */
export function recallByOperator(store: Store, serial: bigint, by: string): Promise<OpenLease | undefined> {
  return store.transaction(async (tx) => {
    await tx.vouchers.lock([serial]);
    await recallLease(tx, serial, `operator:${by}`);
    return tx.leases.open(serial);
  });
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
  const id = isNodeId ? leaseTo : ofMerchant.find(({ status }) => status === "active")?.id;
  if (id === undefined && ofMerchant.length > 0) return refused("no-active-node");
  const node = id === undefined ? undefined : await tx.nodes.lock(id);
  if (!node) return refused("no-such-node");
  return node.status === "active" ? { ok: true, node } : refused(`node-${node.status}`);
}

/** Closes the voucher's open lease and takes it from its node's shape. Throws when none is open. */
export async function closeOpenLease(tx: Tx, serial: bigint, end: LeaseEnd): Promise<void> {
  const lease = await tx.leases.open(serial);
  if (!lease) throw new Error(`voucher ${serial} has no open lease to close`);
  await tx.leases.close(serial, lease.epoch, end, await tx.now());
  await tx.shapes.removeLease(lease.nodeId, serial);
  await tx.shapes.removeElsewhere(serial);
}

async function obstacleToRenewal(
  tx: Tx,
  old: OpenLease,
  now: Date,
  notAfter: Date,
): Promise<RenewalRefusalCode | undefined> {
  if (!old.renewable) return "end-named-by-issuer";
  if (old.recalledAt) return "recalled";
  const leftMs = old.notAfter.getTime() - now.getTime();
  if (leftMs > (defaultLeaseDays * dayMs) / 2 || notAfter <= old.notAfter) return "not-due";
  const held = await tx.operations.heldFor(old.serial);
  return held.length > 0 ? "claimed-elsewhere" : undefined;
}

/** The next epoch of the voucher, signed, stored and told to the nodes that it concerns. */
async function openLease(
  tx: Tx,
  signer: Signer,
  { serial, token }: LeasedVoucher,
  { nodeId, notAfter, renewable }: Pick<LeaseRow, "nodeId" | "notAfter" | "renewable">,
): Promise<LeaseRow> {
  const generation = await tx.registry.generation();
  const epoch = { generation, n: (await tx.leases.lastEpochN(serial, generation)) + 1 };
  const payload = encodeLease({ serial, nodeId, epoch, notAfterMs: notAfter.getTime() });
  const lease = { serial, nodeId, epoch, notAfter, document: await signDocument(signer, payload), renewable };
  await tx.leases.insert(lease);
  await tx.shapes.putLease(lease, token);
  await tx.shapes.putElsewhere(lease);
  return lease;
}

function record(tx: Tx, actor: string, action: string, lease: LeaseRow): Promise<void> {
  const { serial, nodeId, epoch, notAfter } = lease;
  return tx.audit.record({
    actor,
    action,
    subject: `voucher:${serial}`,
    after: { node: nodeId, epoch: `${epoch.generation}.${epoch.n}`, notAfter: notAfter.toISOString() },
  });
}

function defaultEnd(now: Date, expiresAt: Date): Date {
  return new Date(Math.min(now.getTime() + defaultLeaseDays * dayMs, expiresAt.getTime()));
}

function refused<const Code extends string>(
  code: Code,
): { readonly ok: false; readonly refusal: { readonly code: Code } } {
  return { ok: false, refusal: { code } };
}
