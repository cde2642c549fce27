/**
 * A policy: the server's signed limits for what nodes do without it (design section 4.2 and "Clock"). Each version is
 * issued once and never edited; an operation names the version that it was judged by.
 *
 * Format 1: first one. Later, readers first: `cashOut`.
 */
import {
  decodeDocument,
  encodeDocument,
  laterField,
  listOf,
  mapOf,
  nullable,
  rowOf,
  where,
  type Decoded,
} from "./codec.ts";
import { amountMinor, amountOrNone, currency, formatVersion, integer, smallCount, timeMs } from "./fields.ts";

export interface Policy {
  /** Grows with every policy; 0 in an operation means that the node had none. */
  readonly version: number;
  readonly issuedAtMs: number;
  /** From then on it allows nothing. */
  readonly expiresAtMs: number;
  /** Null: nothing is redeemed without a lease. */
  readonly atRisk: AtRiskLimits | null;
  /** Hours after the last contact in which leases are relied on by a clock that is not anchored. */
  readonly unanchoredHours: number;
  /** How far a node's wall clock may be from the server's. */
  readonly clockErrorMs: number;
  /** What is allowed in each currency; one that is not listed is not allowed. */
  readonly currencies: readonly CurrencyLimits[];
  /** What agents may keep of vouchers that they pay out in cash; null: nothing is paid out in cash. */
  readonly cashOut: readonly CashOutFee[] | null;
}

/** The most that is kept in one currency; one that is not listed is not paid out. */
export interface CashOutFee {
  readonly currency: string;
  readonly fixedMinor: bigint;
  /** Hundredths of a percent. */
  readonly basisPoints: number;
}

export interface AtRiskLimits {
  /** Redemptions since the last sync. */
  readonly redemptions: number;
  /** Hours since the last sync. */
  readonly hours: number;
  /** The greatest age of the deny list. */
  readonly denyListHours: number;
  /** How long after its expiry a voucher's funding stays reserved for what was taken before and comes late. */
  readonly lateSettlementHours: number;
}

export interface CurrencyLimits {
  readonly currency: string;
  /** The most that one voucher may be worth to be taken at risk. */
  readonly voucherMinor: bigint;
  /** The most that one operation may be worth, of however many vouchers. */
  readonly operationMinor: bigint;
  /** At risk, since the last sync. */
  readonly sumMinor: bigint;
  /** The floor: what is guaranteed of each redemption that lost its voucher although the policy was followed. */
  readonly guaranteedMinor: bigint;
  /** Under leases by a clock that is not anchored, since the last sync. */
  readonly unanchoredMinor: bigint;
}

/** The payload of a policy. Throws when a field is out of its range. */
export function encodePolicy(policy: Policy): Uint8Array {
  return encodeDocument(versioned, { format: 1, ...policy });
}

/** Reads the payload of a policy, or says what is wrong with it. */
export function decodePolicy(payload: Uint8Array): Decoded<Policy> {
  const decoded = decodeDocument(versioned, payload);
  if (!decoded.ok) return decoded;
  const { format: _, ...policy } = decoded.value;
  return { ok: true, value: policy };
}

/** The server keeps what a node was told for as long as an operation may name it: no limit reaches further. */
const mostHours = 2_160;
const hours = integer(0, mostHours);

const versioned = where(
  mapOf<Policy & { readonly format: 1 }>({
    format: [1, formatVersion(1)],
    version: [2, smallCount],
    issuedAtMs: [3, timeMs],
    expiresAtMs: [4, timeMs],
    atRisk: [
      5,
      nullable(
        rowOf<AtRiskLimits>({
          redemptions: smallCount,
          hours,
          denyListHours: hours,
          lateSettlementHours: hours,
        }),
      ),
    ],
    unanchoredHours: [6, hours],
    clockErrorMs: [7, integer(0, 86_400_000)],
    currencies: [
      8,
      listOf(
        rowOf<CurrencyLimits>({
          currency,
          voucherMinor: amountMinor,
          operationMinor: amountMinor,
          sumMinor: amountMinor,
          guaranteedMinor: amountOrNone,
          unanchoredMinor: amountOrNone,
        }),
        200,
      ),
    ],
    cashOut: [
      9,
      laterField<readonly CashOutFee[] | null>(
        nullable(
          listOf(
            rowOf<CashOutFee>({ currency, fixedMinor: amountOrNone, basisPoints: integer(0, 10_000) }),
            200,
          ),
        ),
        null,
      ),
    ],
  }),
  ({ version, currencies, cashOut }) => {
    if (version === 0) return "version";
    if (namesOneTwice(currencies)) return "currencies";
    return namesOneTwice(cashOut ?? []) ? "cashOut" : undefined;
  },
);

function namesOneTwice(rows: readonly { readonly currency: string }[]): boolean {
  return new Set(rows.map((row) => row.currency)).size < rows.length;
}
