/** What `status` shows: who this till is, what it holds, what waits, and whether anything is wrong. */
import { formatMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import { clockOffsetMs } from "#sync/clock.ts";
import type { MachineClock } from "#sync/ports/clock.ts";
import { limitsView } from "../worker/limits-view.ts";
import { policyNow } from "../worker/redeem.ts";
import { timeOf } from "../worker/standing.ts";
import type { NodeStores } from "../worker/open.ts";
import type { LeaseSummary } from "../worker/store/leases.ts";
import { dayAndTime, stoppedMessage } from "./messages.ts";
import { exitCodes } from "./result.ts";
import type { CommandResult } from "./result.ts";

export const mostLeases = 1000;

export function statusView(stores: NodeStores, clock: MachineClock): CommandResult {
  const identity = stores.node.identity();
  const certificate = identity?.certificate;
  if (!identity || !certificate) {
    const text = "This till is not enrolled.";
    return { exitCode: exitCodes.done, text, json: { ok: true, enrolled: false } };
  }
  const time = timeOf(stores, clock);
  const stopped = stores.stopped();
  const { nodeId, merchantId, merchantName } = certificate;
  const head = stores.queue.head();
  const queue = stores.redemptions.countByState();
  const open = stores.leases.countOpen(time.nowMs);
  const json = {
    ok: stopped === undefined,
    enrolled: true,
    nodeId,
    merchantId,
    merchantName,
    server: identity.serverUrl,
    status: stores.node.status(),
    stopped: stopped ?? null,
    generation: stores.node.generation(),
    lastSequence: head.sequence,
    lastHash: Buffer.from(head.hash).toString("hex"),
    serverSequence: stores.queue.serverSequence(),
    queue,
    leases: { open, items: stores.leases.open(time.nowMs, mostLeases).map(leaseView) },
    rowsAside: stores.leases.aside(mostLeases),
    clock: clockView(stores, time),
    limits: limitsView(stores, time),
    keySetVersion: stores.trust.keySet().version,
    headFile: stores.headFile(),
  };
  const lines = [
    `Till of ${merchantName} (${merchantId}), node ${nodeId}, ${json.status}.`,
    `${open} vouchers reserved for this till. ${queue.queued} operations to send, ${queue.held} held, ` +
      `${queue.applied} applied, ${queue.rejected} rejected.`,
    json.clock.lastServerTime === null
      ? "No contact with the server yet: run `sync`."
      : `Last contact ${dayAndTime(Date.parse(json.clock.lastServerTime))}` +
        `${time.anchored ? "" : "; the clock is not confirmed since"}.`,
    limitsLine(json.limits),
    ...(json.clock.off ? ["The clock is further off than the policy allows: set it and run `sync`."] : []),
    ...(json.rowsAside.length > 0
      ? [`${json.rowsAside.length} rows failed their check; call the operator.`]
      : []),
    ...(stopped === undefined ? [] : [stoppedMessage(stopped)]),
  ];
  const exitCode = stopped === undefined ? exitCodes.done : exitCodes.stopped;
  return { exitCode, text: lines.join("\n"), json };
}

/** One line for people. */
export function limitsLine(limits: ReturnType<typeof limitsView>): string {
  if (limits === null) return "No policy yet: without a connection only reserved vouchers are accepted.";
  if (!("atRisk" in limits)) return `Policy ${limits.policyVersion} is not here yet: run \`sync\`.`;
  const { policyVersion, atRisk } = limits;
  if (!atRisk) return `Policy ${policyVersion}: without a connection only reserved vouchers are accepted.`;
  const amounts = atRisk.amountsLeft.map(({ currency, left: rest }) => `${rest} ${currency}`).join(", ");
  return (
    `Policy ${policyVersion}: without a connection this till may still accept ${atRisk.redemptionsLeft} vouchers, ` +
    `${amounts || "nothing"}, for ${atRisk.hoursLeft} hours (its deny list is good for ${atRisk.denyListHoursLeft}).`
  );
}

function clockView(stores: NodeStores, time: { readonly nowMs: number; readonly anchored: boolean }) {
  const anchor = stores.node.anchor();
  const policy = policyNow(stores);
  const mostMs = typeof policy === "object" ? policy.clockErrorMs : Infinity;
  return {
    anchored: time.anchored,
    now: new Date(time.nowMs).toISOString(),
    lastServerTime: anchor ? new Date(anchor.serverTimeMs).toISOString() : null,
    offsetMs: anchor ? clockOffsetMs(anchor) : null,
    /** Whether that is more than the policy allows. */
    off: anchor !== undefined && Math.abs(clockOffsetMs(anchor)) > mostMs,
  };
}

export function leaseView({ amountMinor, currency, ...lease }: LeaseSummary) {
  const amount = amountMinor === null || currency === null ? null : formatMajor({ amountMinor, currency });
  return {
    serial: formatSerial(lease.serial),
    amount,
    currency,
    notAfter: new Date(lease.notAfterMs).toISOString(),
    withdrawn: lease.withdrawnMs !== null,
    askedBack: lease.recalledMs === null ? null : new Date(lease.recalledMs).toISOString(),
  };
}
