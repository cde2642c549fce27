/** Who holds a voucher that is refused elsewhere, so that its beneficiary knows where to go and whom to call. */
import type { Tx } from "../ports/store.ts";

export interface LeaseHolder {
  readonly nodeId: string;
  readonly merchantId: string;
  /** The node's name, for the other nodes of the same merchant. */
  readonly till: string;
  /** As far as the registry knows them. */
  readonly area: string | null;
  readonly phone: string | null;
  readonly notAfter: Date;
}

/** Undefined when no lease is open. */
export async function findLeaseHolder(tx: Tx, serial: bigint): Promise<LeaseHolder | undefined> {
  const lease = await tx.leases.open(serial);
  if (!lease) return undefined;
  const node = await tx.nodes.find(lease.nodeId);
  if (!node) throw new Error(`the lease of voucher ${serial} is held by an unknown node`);
  const { area, phone } = await tx.registry.contact(node.merchantId);
  const { nodeId, notAfter } = lease;
  return { nodeId, merchantId: node.merchantId, till: node.name, area, phone, notAfter };
}

/** "a shop in Kisumu, call +254…": who holds it, in words. */
export function holderText({ area, phone }: Pick<LeaseHolder, "area" | "phone">): string {
  return `a shop${area === null ? "" : ` in ${area}`}${phone === null ? "" : `, call ${phone}`}`;
}

/** When the lease closes at the latest, whatever its holder does. */
export function freeAt({ notAfter }: Pick<LeaseHolder, "notAfter">, graceMs: number): Date {
  return new Date(notAfter.getTime() + graceMs);
}
