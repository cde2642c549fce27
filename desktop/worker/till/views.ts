/** What the worker found out, as the page gets it. */
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import type { CallFailure } from "#sync/server-call.ts";
import type { UploadProblem } from "#sync/upload.ts";
import type {
  Amount,
  CashOut,
  CheckResult,
  Details,
  Lease,
  Operation,
  OperationDetail,
  RedeemResult,
  Refused,
  StandingTotals,
  Sum,
  Totals,
} from "../../protocol.ts";
import type { RedeemOutcome } from "../node.ts";
import type { NodeStores } from "../open.ts";
import type { CheckedRedemption, RedeemRefusal } from "../redeem.ts";
import type { ReleaseRefusal } from "../release.ts";
import { standingRefusal } from "../standing.ts";
import { standingOf } from "../store/history.ts";
import type { StandingSum } from "../store/history.ts";
import type { LeaseSummary } from "../store/leases.ts";
import type { RedemptionRecord } from "../store/redemptions.ts";

export function checkView(prepared: CheckedRedemption): CheckResult {
  if (!prepared.ok) return refusalView(prepared.refusal);
  const { mode, token, cashOut } = prepared;
  const { serial, programme, expiresAtMs } = token;
  return {
    ok: true,
    serial: formatSerial(serial),
    programme,
    expiresAtMs,
    mode,
    cash: cashView(token, cashOut?.feeMinor ?? null),
    ...amountView(token),
  };
}

export function redeemView(outcome: RedeemOutcome, stores: NodeStores): RedeemResult {
  switch (outcome.kind) {
    case "refused":
      return { kind: "refused", refusal: refusalView(outcome.refusal) };
    case "offline":
      return { kind: "offline", code: outcome.upload.problem?.code ?? "unreachable" };
    case "accepted": {
      const { token, mode, guaranteedMinor: amountMinor } = outcome.redeemed;
      const guaranteed = amountMinor === null ? null : amountView({ amountMinor, currency: token.currency });
      const kind = mode === "at-risk" ? "provisional" : "accepted";
      return { kind, operation: recorded(outcome.redeemed, stores), guaranteed };
    }
    case "rejected":
    case "not-known-yet": {
      const { kind, reason, redeemed } = outcome;
      return { kind, operation: recorded(redeemed, stores), reason };
    }
  }
}

/** What a redemption that was recorded before has come to, for a page that missed its answer. */
export function redeemedView(stores: NodeStores, sequence: number, kept: object): RedeemResult {
  // What could not be confirmed on the disk was not accepted, and is not now.
  const standing = standingRefusal(stores);
  if (standing?.code === "node-stopped") return { kind: "refused", refusal: refusalView(standing) };
  const operation = recorded({ sequence }, stores);
  const { state, mode } = operation;
  const reason = operation.reason ?? "no-verdict";
  if (state === "rejected" || state === "writtenOff") return { kind: "rejected", operation, reason };
  if (mode === "online" && state !== "applied") return { kind: "not-known-yet", operation, reason };
  const { guaranteed = null } = kept as { readonly guaranteed?: Amount | null };
  const isProvisional = mode === "at-risk" && state !== "applied";
  return { kind: isProvisional ? "provisional" : "accepted", operation, guaranteed };
}

function recorded({ sequence }: { readonly sequence: number }, stores: NodeStores): Operation {
  const record = stores.redemptions.find(sequence);
  if (!record) throw new Error(`a redemption without its row ${sequence}`);
  return operationView(record);
}

export function operationView(record: RedemptionRecord): Operation {
  const { sequence, serial, mode, actor, createdMs, state, reason, transactionId, decidedMs } = record;
  const { cashFeeMinor, authentication } = record;
  const disputed = standingOf(state, mode) === "disputed";
  return {
    sequence,
    serial: formatSerial(serial),
    mode,
    actor,
    createdMs,
    goods: cashFeeMinor === null ? "goods" : "cash",
    cash: cashView(record, cashFeeMinor),
    authentication,
    state,
    disputed,
    reason,
    transactionId,
    decidedMs,
    ...amountView(record),
  };
}

export function operationDetail(record: RedemptionRecord): OperationDetail {
  return {
    ok: true,
    ...operationView(record),
    operationId: record.operationId,
    hash: Buffer.from(record.hash).toString("hex"),
    hasReceipt: record.verdictList !== null,
  };
}

export function totalsView(sums: readonly StandingSum[]): Totals {
  const cashiers = sums.map((sum) => ({ actor: sum.actor, state: sum.standing, ...sumView(sum) }));
  return { ...standingTotals(sums), cashiers };
}

export function standingTotals(sums: readonly StandingSum[]): StandingTotals {
  const of = (standing: StandingSum["standing"]) =>
    [...Map.groupBy(sums, (sum) => sum.currency)].flatMap(([currency, inCurrency]) => {
      const some = inCurrency.filter((sum) => sum.standing === standing);
      if (some.length === 0) return [];
      const count = some.reduce((total, sum) => total + sum.count, 0);
      const amountMinor = some.reduce((total, sum) => total + sum.amountMinor, 0n);
      return [sumView({ currency, count, amountMinor })];
    });
  return {
    pending: of("pending"),
    settled: of("settled"),
    disputed: of("disputed"),
    rejected: of("rejected"),
  };
}

function cashView({ amountMinor, currency }: Money, feeMinor: bigint | null): CashOut | null {
  if (feeMinor === null) return null;
  const paid = formatMajor({ amountMinor: amountMinor - feeMinor, currency });
  return { paid, fee: formatMajor({ amountMinor: feeMinor, currency }) };
}

export function sumView(sum: Money & { readonly count: number }): Sum {
  return { count: sum.count, ...amountView(sum) };
}

export function leaseView({ serial, notAfterMs, recalledMs, spent, ...voucher }: LeaseSummary): Lease {
  const { amountMinor, currency } = voucher;
  const isKnown = amountMinor !== null && currency !== null;
  const amount = isKnown ? amountView({ amountMinor, currency }) : { amount: null, currency: null };
  return { serial: formatSerial(serial), ...amount, notAfterMs, recalled: recalledMs !== null, spent };
}

/** The details of a refusal, flat, so that the page's words can name them. */
export function refusalView(refusal: RedeemRefusal | ReleaseRefusal): Refused {
  return { ok: false, code: refusal.code, details: detailsOf(refusal) };
}

function detailsOf(refusal: RedeemRefusal | ReleaseRefusal): Details {
  switch (refusal.code) {
    case "already-redeemed-here":
    case "verdict-awaited":
    case "rejected-before": {
      const { createdMs, actor, state, reason } = refusal.earlier;
      return { atMs: createdMs, actor, state, reason };
    }
    case "at-other-till":
      return { till: refusal.till, untilMs: refusal.notAfterMs };
    case "leased-elsewhere": {
      const { till, area, phone, freeAtMs } = refusal.holder;
      return { till, area, phone, untilMs: freeAtMs };
    }
    case "lease-ended":
      return { untilMs: refusal.notAfterMs };
    case "voucher-expired":
      return { untilMs: refusal.expiresAtMs };
    case "node-stopped":
    case "token-not-genuine":
      return { because: refusal.because };
    default:
      return {};
  }
}

export function problemRefused(problem: UploadProblem | CallFailure): Refused {
  const details: Details =
    problem.code === "refused"
      ? { reason: problem.reason, message: problem.message }
      : "because" in problem
        ? { because: problem.because }
        : {};
  return { ok: false, code: problem.code, details };
}

export function amountView(money: Money): Amount {
  return { amount: formatMajor(money), currency: money.currency };
}
