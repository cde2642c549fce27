/**
 * What a node does about its leases whenever it has heard from the server: it gives back what was asked back, and asks
 * for more time for those that have used up half of theirs.
 */
import { renewLeases } from "#sync/leases.ts";
import type { NodeCallParts } from "#sync/node-call.ts";
import type { Tended } from "#sync/node-sync.ts";
import type { RecordParts } from "./record.ts";
import { releaseRecalled } from "./release.ts";
import { standingRefusal, timeOf } from "./standing.ts";

/** Half of the days that a lease has where nobody names others. */
const renewWithinMs = 7 * 86_400_000;
/** A lease that is not renewed is asked about again after this long. */
const askAgainAfterMs = 6 * 3_600_000;
/** The most that the server renews in one request. */
const mostAtOnce = 500;

export interface TendParts extends RecordParts {
  readonly calls: NodeCallParts;
}

export async function tendLeases(parts: TendParts): Promise<Tended> {
  const released = releaseRecalled(parts);
  return { released, renewed: await renewDue(parts) };
}

/** A failure is left alone: the leases are good for days yet, and are asked about again. */
async function renewDue({ stores, clock, calls }: TendParts): Promise<number> {
  const { nowMs, anchored } = timeOf(stores, clock);
  if (!anchored || standingRefusal(stores)) return 0;
  const due = stores.leases.due(
    { nowMs, withinMs: renewWithinMs, askedBeforeMs: nowMs - askAgainAfterMs },
    mostAtOnce,
  );
  if (due.length === 0) return 0;
  const answer = await renewLeases(calls, due);
  if (!answer.ok) return 0;
  stores.leases.noteAsked(due, nowMs);
  return answer.renewed.length;
}
