/** A policy as an operator writes it: JSON with amounts in major units as text (design section 4.2). */
import { z } from "zod";
import { parseMajor } from "#core/money.ts";
import type { CashOutFee, CurrencyLimits } from "#sync/documents/policy.ts";
import type { PolicyWish } from "../nodes/policies.ts";

export type PolicyFile =
  | { readonly ok: true; readonly wish: PolicyWish }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads a file, or says everything that is wrong with it. A policy without an end would outlive its reasons. */
export function readPolicyFile(text: string, now: Date): PolicyFile {
  const parsed = policyFile.safeParse(fromJson(text));
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(
      ({ path, message }) => `${path.join(".") || "the file"}: ${message}`,
    );
    return { ok: false, mistakes };
  }
  const { validDays, atRisk, unanchoredHours, clockErrorSeconds, currencies, cashOut } = parsed.data;
  const mistakes: string[] = [];
  const limits = Object.entries(currencies).map(([currency, amounts]): CurrencyLimits => {
    const minor = (name: keyof Amounts): bigint => {
      const read = minorOf(currency, name, amounts[name]);
      if (typeof read === "bigint") return read;
      mistakes.push(`currencies.${currency}.${name}: ${read}`);
      return 0n;
    };
    return {
      currency,
      voucherMinor: minor("perVoucher"),
      operationMinor: minor("perOperation"),
      sumMinor: minor("sum"),
      guaranteedMinor: minor("guaranteed"),
      unanchoredMinor: minor("unanchored"),
    };
  });
  const fees = Object.entries(cashOut ?? {}).map(([currency, { fixed, percent }]): CashOutFee => {
    const read = minorOf(currency, "guaranteed", fixed);
    if (typeof read === "string") mistakes.push(`cashOut.${currency}.fixed: ${read}`);
    const fixedMinor = typeof read === "bigint" ? read : 0n;
    return { currency, fixedMinor, basisPoints: Math.round(percent * 100) };
  });
  if (mistakes.length > 0) return { ok: false, mistakes };
  const expiresAtMs = now.getTime() + validDays * 86_400_000;
  const clockErrorMs = clockErrorSeconds * 1000;
  const kept = cashOut ? fees : null;
  const wish = { expiresAtMs, atRisk, unanchoredHours, clockErrorMs, currencies: limits, cashOut: kept };
  return { ok: true, wish };
}

/** What `policy example` prints. */
export const examplePolicy = {
  validDays: 180,
  atRisk: { redemptions: 50, hours: 72, denyListHours: 24, lateSettlementHours: 336 },
  unanchoredHours: 24,
  clockErrorSeconds: 120,
  currencies: {
    USD: {
      perVoucher: "50.00",
      perOperation: "50.00",
      sum: "500.00",
      guaranteed: "20.00",
      unanchored: "200.00",
    },
  },
  cashOut: { USD: { fixed: "0.10", percent: 1.5 } },
};

const hours = z.int().min(0).max(2_160);
const amounts = z.strictObject({
  perVoucher: z.string(),
  perOperation: z.string(),
  sum: z.string(),
  guaranteed: z.string(),
  unanchored: z.string(),
});

type Amounts = z.infer<typeof amounts>;

const policyFile = z.strictObject({
  validDays: z.int().min(1).max(3_650),
  /** Null: nothing without a lease. */
  atRisk: z
    .strictObject({
      redemptions: z.int().min(0).max(100_000),
      hours,
      denyListHours: hours,
      lateSettlementHours: hours,
    })
    .nullable(),
  unanchoredHours: hours,
  clockErrorSeconds: z.int().min(0).max(86_400),
  currencies: z.record(z.string(), amounts),
  /** The most that agents keep of what they pay out in cash; left out or null: nothing is paid out in cash. */
  cashOut: z
    .record(z.string(), z.strictObject({ fixed: z.string(), percent: z.number().min(0).max(100) }))
    .nullish(),
});

/** The amount in minor units, or what is wrong with it. */
function minorOf(currency: string, name: keyof Amounts, amount: string): bigint | string {
  const mayBeNothing = name === "guaranteed" || name === "unanchored";
  if (mayBeNothing && /^0([.]0+)?$/.test(amount)) return 0n;
  const parsed = parseMajor(amount, currency);
  return parsed.ok ? parsed.money.amountMinor : parsed.refusal.code;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
