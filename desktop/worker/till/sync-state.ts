/** What is always to be seen: whether there is a connection, what waits, and how much may still be accepted without one. */
import { clockOffsetMs } from "#sync/clock.ts";
import type { Limits, SyncState } from "../../protocol.ts";
import { limitsView } from "../limits-view.ts";
import { policyNow } from "../redeem.ts";
import { timeOf } from "../standing.ts";
import type { Desk, Session } from "./till.ts";
import { problemRefused, sumView } from "./views.ts";

export function syncState({ parts, session }: Desk): SyncState {
  const { stores, clock } = parts;
  const time = timeOf(stores, clock);
  const anchor = stores.node.anchor();
  const policy = policyNow(stores);
  const offsetMs = anchor ? clockOffsetMs(anchor) : null;
  const mostOffsetMs = typeof policy === "object" ? policy.clockErrorMs : Infinity;
  const counts = stores.redemptions.countOpen();
  const problem = session.lastReport?.upload.problem;
  return {
    running: session.isSyncing,
    progress: session.progress ?? null,
    online: isOnline(session, clock.sinceBootMs()),
    lastContactMs: anchor?.serverTimeMs ?? null,
    problem: problem ? { code: problem.code, details: problemRefused(problem).details } : null,
    queued: counts.queued,
    queuedSums: stores.history.queuedSums().map(sumView),
    held: counts.held,
    bytesToday: stores.settings.spent(clock.wallMs()),
    leases: stores.leases.countOpen(time.nowMs),
    recalled: stores.leases.countRecalled(),
    rowsAside: stores.leases.countAside(),
    clock: { anchored: time.anchored, offsetMs, off: Math.abs(offsetMs ?? 0) > mostOffsetMs },
    limits: limitsOf(stores, time),
  };
}

function limitsOf(...of: Parameters<typeof limitsView>): Limits {
  const view = limitsView(...of);
  if (view === null) return { kind: "no-policy" };
  if (!("atRisk" in view)) return { kind: "not-fetched" };
  const { atRisk } = view;
  if (!atRisk) return { kind: "reserved-only" };
  return {
    kind: "at-risk",
    redemptions: { left: atRisk.redemptionsLeft, most: atRisk.redemptions },
    hours: { left: atRisk.hoursLeft, most: atRisk.hours },
    denyListHours: { left: atRisk.denyListHoursLeft, most: atRisk.denyListHours },
    amounts: atRisk.amountsLeft.map(({ currency, left, most }) => ({ currency, left, most })),
  };
}

/** What was shown by a request longer ago than this says nothing of now. A till that follows hears every 20 seconds. */
const trustedForMs = 120_000;

/** Whether the last request to the server was answered; null where none was made lately. */
export function isOnline({ reached }: Session, sinceBootMs: number): boolean | null {
  return reached && sinceBootMs - reached.atMs < trustedForMs ? reached.isReached : null;
}
