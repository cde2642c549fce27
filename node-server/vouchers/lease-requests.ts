/**
 * What a node asks for while it is online (design: "Lease"): leases by quantity on vouchers that its own merchant will
 * hand out, longer ones for those that it holds, and who holds a voucher that somebody presents to it.
 */
import { openSealedNumber } from "#sync/documents/voucher-number.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { OperationContext } from "../operations/context.ts";
import type { NodeRow, Store, Tx, VoucherRow } from "../ports/store.ts";
import { findLeaseHolder } from "./lease-holder.ts";
import type { LeaseHolder } from "./lease-holder.ts";
import { grantLease, recallLease, renewLease } from "./leases.ts";
import type { LeaseRefusal, RenewalRefusalCode } from "./leases.ts";
import { indexOfNumber } from "./numbers.ts";

/** The most vouchers of one request: they are locked and signed in one transaction. */
export const mostLeasesAtOnce = 500;

export interface LeaseDependencies {
  readonly store: Store;
  readonly leaseSigner: Signer;
  readonly context: OperationContext;
}

/** Why a node got fewer than it asked for. */
type FewerBecause =
  | "unknown-group"
  | "never-leased-at-risk"
  | "node-not-accepting"
  | "node-holds-too-many"
  /** None is left that was activated for this merchant to hand out. */
  | "none-left";

export interface Granted {
  readonly granted: number;
  /** Open leases of the node now, and the most that it may hold. */
  readonly held: number;
  readonly most: number;
  /** A FewerBecause; null where it got what it asked for. */
  readonly because: string | null;
}

export interface LeaseWish {
  readonly group: string;
  readonly quantity: number;
  /** A UUID of the node's: the same again is granted once, and answered as it was. */
  readonly request?: string | undefined;
}

/** Leases so many vouchers of the group that were activated for the node's merchant to hand out and nobody holds. */
export function requestLeases(
  { store, leaseSigner }: LeaseDependencies,
  nodeId: string,
  { request, ...wish }: LeaseWish,
): Promise<Granted | "used-for-another-wish"> {
  return store.transaction(async (tx) => {
    const node = await lockNode(tx, nodeId);
    const before = request === undefined ? undefined : await tx.nodeQuestions.leaseRequest(nodeId, request);
    if (before) {
      const { group, quantity, ...told } = before;
      return group === wish.group && quantity === wish.quantity ? told : "used-for-another-wish";
    }
    const obstacle = await obstacleOf(tx, node, wish.group);
    const heldBefore = await tx.leases.countOpen(nodeId);
    const room = Math.max(0, node.mostLeases - heldBefore);
    const wanted = Math.min(wish.quantity, room, mostLeasesAtOnce);
    const granted = obstacle ? 0 : await grantUpTo(tx, leaseSigner, node, wish.group, wanted);
    const fewer = granted < wanted ? "none-left" : "node-holds-too-many";
    const told = {
      granted,
      held: heldBefore + granted,
      most: node.mostLeases,
      because: granted === wish.quantity ? null : (obstacle ?? fewer),
    };
    if (request !== undefined) await tx.nodeQuestions.keepLeaseRequest(nodeId, request, { ...wish, ...told });
    return told;
  });
}

export interface Renewal {
  readonly serial: bigint;
  readonly outcome: { readonly notAfter: Date } | { readonly refused: RenewalRefusalCode };
}

export function renewLeases(
  { store, leaseSigner }: LeaseDependencies,
  nodeId: string,
  serials: readonly bigint[],
): Promise<readonly Renewal[]> {
  return store.transaction(async (tx) => {
    const node = await lockNode(tx, nodeId);
    const locked = await tx.vouchers.lock(serials);
    const renewals: Renewal[] = [];
    for (const serial of serials) {
      renewals.push({ serial, outcome: await renewOne(tx, leaseSigner, node, locked.get(serial)) });
    }
    return renewals;
  });
}

/**
 * Who holds a voucher that is presented to another node, whose holder is asked to give it back. Only for whoever knows
 * the voucher's number, which comes sealed; undefined when nobody else holds it.
 */
export function askHolder(
  { store, context }: LeaseDependencies,
  nodeId: string,
  presented: { readonly serial: bigint; readonly sealed: Uint8Array },
): Promise<LeaseHolder | undefined> {
  return store.transaction(async (tx) => {
    const { serial, sealed } = presented;
    const asking = await tx.nodes.find(nodeId);
    const voucher = (await tx.vouchers.lock([serial])).get(serial);
    if (!asking || !voucher || !(await isNumberOf(context, voucher, sealed))) return undefined;
    const holder = await findLeaseHolder(tx, serial);
    if (!holder || holder.nodeId === nodeId) return undefined;
    if (!(await tx.registry.accepts(asking.merchantId, voucher.groupCode))) return undefined;
    await recallLease(tx, serial, `node:${nodeId}`);
    return holder;
  });
}

async function lockNode(tx: Tx, nodeId: string): Promise<NodeRow> {
  const node = await tx.nodes.lock(nodeId);
  if (!node) throw new Error(`no node ${nodeId}`);
  return node;
}

async function obstacleOf(tx: Tx, node: NodeRow, groupCode: string): Promise<FewerBecause | undefined> {
  const group = await tx.registry.voucherGroup(groupCode);
  if (group?.code !== groupCode) return "unknown-group";
  if (group.atRisk) return "never-leased-at-risk";
  return (await tx.registry.accepts(node.merchantId, groupCode)) ? undefined : "node-not-accepting";
}

/** How often it is looked again for what another till, which was quicker, has left. */
const mostRounds = 20;

/** What another till took is no longer listed once it has committed. */
async function grantUpTo(
  tx: Tx,
  signer: Signer,
  node: NodeRow,
  group: string,
  wanted: number,
): Promise<number> {
  let granted = 0;
  for (let round = 1; granted < wanted && round <= mostRounds; round++) {
    const serials = await tx.vouchers.toDispense(node.merchantId, group, wanted - granted);
    if (serials.length === 0) break;
    for (const voucher of (await tx.vouchers.lock(serials)).values()) {
      if ((await grantOne(tx, signer, node, voucher)) === undefined) granted += 1;
    }
  }
  return granted;
}

async function grantOne(
  tx: Tx,
  signer: Signer,
  node: NodeRow,
  voucher: VoucherRow,
): Promise<LeaseRefusal["code"] | undefined> {
  const { token } = voucher;
  if (token === null) return "not-activated";
  const leased = await grantLease(tx, signer, { ...voucher, token }, node, null, `node:${node.id}`);
  return leased.ok ? undefined : leased.refusal.code;
}

async function renewOne(
  tx: Tx,
  signer: Signer,
  node: NodeRow,
  voucher: VoucherRow | undefined,
): Promise<Renewal["outcome"]> {
  const token = voucher?.token;
  if (!voucher || typeof token !== "string") return { refused: "not-leased" };
  const renewed = await renewLease(tx, signer, { ...voucher, token }, node);
  return renewed.ok ? { notAfter: renewed.lease.notAfter } : { refused: renewed.refusal.code };
}

async function isNumberOf(
  { boxKeys, indexKey }: OperationContext,
  voucher: VoucherRow,
  sealed: Uint8Array,
): Promise<boolean> {
  const secret = await openSealedNumber(boxKeys, sealed);
  return secret !== undefined && equalBytes(indexOfNumber(indexKey, secret.number), voucher.numberIndex);
}
