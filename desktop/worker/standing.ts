/** Whether this node may sign at all, and at which time it would. */
import { trustedTime } from "#sync/clock.ts";
import type { ClockAnchor, TrustedTime } from "#sync/clock.ts";
import type { MachineClock } from "#sync/ports/clock.ts";
import type { NodeStores } from "./open.ts";

export type StandingRefusal =
  | { readonly code: "node-stopped"; readonly because: string }
  | { readonly code: "node-frozen" | "node-revoked" };

/** Undefined when it may. */
export function standingRefusal(stores: NodeStores): StandingRefusal | undefined {
  const because = stores.stopped();
  if (because !== undefined) return { code: "node-stopped", because };
  const status = stores.node.status();
  return status === "active" ? undefined : { code: `node-${status}` };
}

/** The trusted time, as an operation would see it now; `anchor` where it was read just before. */
export function timeOf(
  stores: NodeStores,
  clock: MachineClock,
  anchor: ClockAnchor | undefined = stores.node.anchor(),
): TrustedTime {
  return trustedTime(anchor, clock, stores.redemptions.latestMs());
}
