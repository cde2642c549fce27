/** What is left of a policy's limits, as gauges. */
import { formatMajor } from "#core/money.ts";
import type { TrustedTime } from "#sync/clock.ts";
import type { Policy } from "#sync/documents/policy.ts";
import type { NodeStores } from "./open.ts";
import { policyNow } from "./redeem.ts";

const hourMs = 3_600_000;

/** Undefined where the server has named no policy; amounts are text in major units. */
export function limitsView(stores: NodeStores, time: TrustedTime) {
  const policy = policyNow(stores);
  if (policy === undefined) return null;
  if (policy === "not-fetched")
    return { policyVersion: stores.node.anchor()?.policyVersion ?? 0, fetched: false };
  return {
    policyVersion: policy.version,
    fetched: true,
    until: new Date(policy.expiresAtMs).toISOString(),
    atRisk: policy.atRisk && atRiskGauges(stores, policy, policy.atRisk, time),
    unanchored: {
      hoursLeft: hoursLeft(time, stores.node.anchor()?.serverTimeMs, policy.unanchoredHours),
      amountsLeft: policy.currencies.map(({ currency, unanchoredMinor }) => {
        const used = stores.redemptions.usedUnanchored(contactOf(stores), currency);
        return { currency, left: left(currency, unanchoredMinor, used) };
      }),
    },
  };
}

function atRiskGauges(
  stores: NodeStores,
  { currencies }: Policy,
  limits: NonNullable<Policy["atRisk"]>,
  time: TrustedTime,
) {
  const contact = contactOf(stores);
  const { count } = stores.redemptions.usedAtRisk(contact, "");
  return {
    redemptions: limits.redemptions,
    hours: limits.hours,
    denyListHours: limits.denyListHours,
    redemptionsLeft: Math.max(0, limits.redemptions - count),
    hoursLeft: hoursLeft(time, stores.node.anchor()?.serverTimeMs, limits.hours),
    denyListHoursLeft: hoursLeft(time, stores.denied.asOfMs(), limits.denyListHours),
    amountsLeft: currencies.map(({ currency, sumMinor }) => {
      const used = stores.redemptions.usedAtRisk(contact, currency).sumMinor;
      const most = formatMajor({ amountMinor: sumMinor, currency });
      return { currency, left: left(currency, sumMinor, used), most };
    }),
  };
}

function contactOf(stores: NodeStores): number {
  return stores.node.anchor()?.serverTimeMs ?? 0;
}

function left(currency: string, mostMinor: bigint, usedMinor: bigint): string {
  const amountMinor = mostMinor > usedMinor ? mostMinor - usedMinor : 0n;
  return formatMajor({ amountMinor, currency });
}

/** Whole hours, rounded down: what is shown is there. */
function hoursLeft({ nowMs }: TrustedTime, sinceMs: number | undefined, hours: number): number {
  if (sinceMs === undefined) return 0;
  return Math.max(0, Math.floor((sinceMs + hours * hourMs - nowMs) / hourMs));
}
