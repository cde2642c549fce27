/**
 * Gives leases back to the server (design section 4.1): one that its holder wants to part with, and every one that the
 * server asks for and that was not redeemed here. What was given back is redeemed here no more.
 */
import type { Epoch } from "#sync/documents/lease.ts";
import type { NodeStores } from "./open.ts";
import { recordOperation } from "./record.ts";
import type { Recorded, RecordParts } from "./record.ts";
import { standingRefusal, timeOf } from "./standing.ts";
import type { StandingRefusal } from "./standing.ts";

export type ReleaseRefusal =
  | StandingRefusal
  | { readonly code: "not-leased-here" | "given-back-before" | "redeemed-here" };

export type ReleaseCause = "asked" | "recalled";

/** The most leases that are given back at one go; more follow with the next contact. */
const mostAtOnce = 500;

export function releaseLease(
  parts: RecordParts,
  serial: bigint,
  order: {
    readonly actor: string;
    readonly cause: ReleaseCause;
    /** Called in the transaction that records it. */
    readonly onWritten?: ((sequence: number) => void) | undefined;
  },
): Recorded<ReleaseRefusal> {
  const { stores, clock } = parts;
  const { actor, cause, onWritten } = order;
  const lease = stores.leases.find(serial);
  if (!lease) return { ok: false, refusal: { code: "not-leased-here" } };
  const { epoch } = lease;
  const body = { type: "release-lease", serial, epoch } as const;
  return recordOperation<ReleaseRefusal>(
    parts,
    { body, sealed: null, actor, time: timeOf(stores, clock) },
    () => standingRefusal(stores) ?? releaseRefusal(stores, serial, epoch),
    (sequence) => {
      stores.leases.giveBack({ sequence, serial, epoch, cause });
      onWritten?.(sequence);
    },
  );
}

/** Gives back what the server asks for, by itself. Returns how many. */
export function releaseRecalled(parts: RecordParts): number {
  if (standingRefusal(parts.stores)) return 0;
  const asked = parts.stores.leases.recalled(mostAtOnce);
  const order = { actor: "recall", cause: "recalled" } as const;
  return asked.filter((serial) => releaseLease(parts, serial, order).ok).length;
}

function releaseRefusal(stores: NodeStores, serial: bigint, epoch: Epoch): ReleaseRefusal | undefined {
  if (stores.leases.isGivenBack(serial, epoch)) return { code: "given-back-before" };
  if (stores.bills.isPaying(serial)) return { code: "redeemed-here" };
  const isRedeemed = stores.redemptions.ofVoucher(serial).some(({ live }) => live);
  return isRedeemed ? { code: "redeemed-here" } : undefined;
}
