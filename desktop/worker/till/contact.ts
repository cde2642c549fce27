/**
 * The till's contact with its server: kept up in the background unless the owner wants it on request only, and with
 * everything that is asked for beside the queue and the shapes.
 */
import type { SyncReport } from "#sync/node-sync.ts";
import { isComplete } from "#sync/node-sync.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { createArrivalChecks } from "../arrival-checks.ts";
import type { ArrivalChecks } from "../arrival-checks.ts";
import { createNode } from "../node.ts";
import { watchLink } from "../watch-link.ts";
import type { PaypostNode } from "../node.ts";
import { timeOf } from "../standing.ts";
import { forgetOld } from "../store/retention.ts";
import { isOnline } from "./sync-state.ts";
import type { Session, TillParts } from "./till.ts";

export interface Contact {
  /** Undefined while the key is locked away. */
  node(): PaypostNode | undefined;
  begin(key: Ed25519Key): void;
  end(): Promise<void>;
  /** Somebody asks for it: what the link may cost in a day does not count this time. */
  syncNow(): Promise<SyncReport>;
  /** Nobody waits for it; on request only it does not happen. */
  syncSoon(): void;
  /** Tells the pages when time alone has changed what is known of the connection. */
  lookAgain(): void;
}

/** In the background disputes and payouts are asked about this often; on request each time. */
const statementsAfterMs = 3_600_000;
const forgetAfterMs = 86_400_000;

export function createContact(parts: TillParts, session: Session, changed: () => void): Contact {
  const { stores, clock } = parts;
  let using:
    | { readonly key: Ed25519Key; readonly node: PaypostNode; readonly checks: ArrivalChecks }
    | undefined;
  let following: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  let syncing: { readonly isAsked: boolean; readonly report: Promise<SyncReport> } | undefined;
  let askedAboutMs = -Infinity;
  let isBringing = false;
  let tidiedMs = -Infinity;
  let told: boolean | null = null;
  const lookAgain = (): void => {
    const now = isOnline(session, clock.sinceBootMs());
    if (now === told) return;
    told = now;
    changed();
  };
  const watched: TillParts = {
    ...parts,
    fetch: watchLink(parts.fetch, {
      tell(isReached) {
        session.reached = { isReached, atMs: clock.sinceBootMs() };
        lookAgain();
      },
    }),
  };
  const noted = (report: SyncReport): SyncReport => {
    session.lastReport = report;
    using?.checks.begin();
    tidyUp(report);
    changed();
    return report;
  };
  /** After a contact only: a clock that nobody has confirmed must not erase anything. */
  const tidyUp = (report: SyncReport): void => {
    const { anchored, nowMs } = timeOf(stores, clock);
    if (report.upload.problem || !anchored || clock.sinceBootMs() - tidiedMs < forgetAfterMs) return;
    tidiedMs = clock.sinceBootMs();
    forgetOld(stores.database, nowMs);
  };
  const bringStatements = async (node: PaypostNode, isAsked: boolean, report: SyncReport): Promise<void> => {
    if (!report.upload.problem) await bringRefunds(node);
    const nowMs = clock.sinceBootMs();
    const isDue = isAsked || nowMs - askedAboutMs >= statementsAfterMs;
    if (!isDue || report.upload.problem || report.upload.status !== "active" || !isComplete(report)) return;
    askedAboutMs = nowMs;
    if (await node.statements()) changed();
    if (stores.bills.floats().length > 0 && (await node.billStatement())) changed();
  };
  /** Whoever has to give cash back is told at once who was first. */
  const bringRefunds = async (node: PaypostNode): Promise<void> => {
    if (isBringing || !stores.refunds.hasUntold()) return;
    isBringing = true;
    try {
      if (await node.billStatement()) changed();
    } finally {
      isBringing = false;
    }
  };
  /** What is followed brings verdicts that came after their upload was answered. */
  const onReceived = (): void => {
    changed();
    using?.checks.begin();
    if (using && following) void bringRefunds(using.node).catch(parts.onFailure);
  };
  const stopFollowing = async (): Promise<void> => {
    following?.stop.abort();
    await following?.ended;
    following = undefined;
  };
  const follow = (): void => {
    if (!using || following || stores.settings.read().onRequest) return;
    const { node } = using;
    const stop = new AbortController();
    const onReport = (report: SyncReport) =>
      void bringStatements(node, false, noted(report)).catch(parts.onFailure);
    const ended = node.follow(stop.signal, onReport).catch(parts.onFailure);
    following = { stop, ended };
  };
  const syncOnce = async (isAsked: boolean): Promise<SyncReport> => {
    if (!using) throw new Error("the till is locked");
    const { key } = using;
    session.isSyncing = true;
    session.progress = { sent: 0, of: 0, received: 0 };
    changed();
    const onProgress = (progress: NonNullable<Session["progress"]>) => {
      session.progress = progress;
      changed();
    };
    try {
      await stopFollowing();
      const node = nodeWith(watched, key, { beyondAllowance: isAsked, onProgress });
      const report = noted(await node.sync());
      await bringStatements(node, isAsked, report);
      return report;
    } finally {
      session.isSyncing = false;
      session.progress = undefined;
      follow();
      changed();
    }
  };
  /** One at a time; what somebody asks for follows what went on in the background. */
  const sync = (isAsked: boolean): Promise<SyncReport> => {
    if (syncing && (syncing.isAsked || !isAsked)) return syncing.report;
    const before = syncing?.report.catch(() => {}) ?? Promise.resolve();
    const report = before.then(() => syncOnce(isAsked));
    const current = { isAsked, report };
    syncing = current;
    const forget = () => {
      if (syncing === current) syncing = undefined;
    };
    report.then(forget, forget);
    return report;
  };
  return {
    node: () => using?.node,
    begin(key) {
      const node = nodeWith(watched, key, { onProgress: onReceived });
      const checks = createArrivalChecks({
        check: (signal) => node.checkArrived(signal),
        onChecked: changed,
        onFailure: parts.onFailure,
      });
      using = { key, node, checks };
      checks.begin();
      follow();
    },
    async end() {
      const ended = using;
      using = undefined;
      await ended?.checks.end();
      await stopFollowing();
      await syncing?.report.catch(() => {});
    },
    lookAgain,
    syncNow: () => sync(true),
    syncSoon() {
      if (stores.settings.read().onRequest) return;
      void sync(false).catch(parts.onFailure);
    },
  };
}

function nodeWith(
  parts: TillParts,
  key: Ed25519Key,
  how: Partial<Pick<Parameters<typeof createNode>[0], "beyondAllowance" | "onProgress">>,
): PaypostNode {
  const serverUrl = parts.stores.node.identity()?.serverUrl;
  if (serverUrl === undefined) throw new Error("a till without an identity has no server");
  return createNode({ ...parts, ...how, key, serverUrl });
}
