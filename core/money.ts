/**
 * Money: integer minor units and an ISO 4217 currency. Amounts at the edges are major units in decimal text
 * (GovStack Payments BB, general rules); nothing in between ever becomes a double.
 */

export interface Money {
  /** Integer minor units: cents of USD, fils of BHD, whole JPY. */
  readonly amountMinor: bigint;
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
}

export type MoneyRefusal =
  | { readonly code: "unknown-currency"; readonly currency: string }
  | { readonly code: "malformed-amount"; readonly text: string }
  | { readonly code: "too-many-decimals"; readonly text: string; readonly decimals: number }
  | { readonly code: "amount-too-large"; readonly text: string };

export type ParsedMoney =
  | { readonly ok: true; readonly money: Money }
  | { readonly ok: false; readonly refusal: MoneyRefusal };

/** The largest amount that a ledger account takes: what PostgreSQL's bigint and SQLite's integer hold. */
const largestMinor = 9_223_372_036_854_775_807n;

/** Minor-unit digits of a currency (ISO 4217 table A.1), or undefined for a code that is not in it. */
export function currencyDecimals(currency: string): number | undefined {
  return currencies.has(currency) ? (unusualDecimals.get(currency) ?? 2) : undefined;
}

/** Reads an amount in major units, such as `12`, `12.5` or `0.125`; negative amounts are malformed. */
export function parseMajor(text: string, currency: string): ParsedMoney {
  const decimals = currencyDecimals(currency);
  if (decimals === undefined) return refused({ code: "unknown-currency", currency });
  const match = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text);
  if (!match) return refused({ code: "malformed-amount", text });
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) return refused({ code: "too-many-decimals", text, decimals });
  if ((match[1] ?? "").length > 19) return refused({ code: "amount-too-large", text });
  const amountMinor = BigInt((match[1] ?? "0") + fraction.padEnd(decimals, "0"));
  if (amountMinor > largestMinor) return refused({ code: "amount-too-large", text });
  return { ok: true, money: { amountMinor, currency } };
}

/** Writes money in major units with all of the currency's decimals: `12.50`, `1200` (JPY), `-0.05`. */
export function formatMajor(money: Money): string {
  const decimals = currencyDecimals(money.currency);
  if (decimals === undefined) throw new Error(`not a currency: ${money.currency}`);
  const sign = money.amountMinor < 0n ? "-" : "";
  const digits = (money.amountMinor < 0n ? -money.amountMinor : money.amountMinor)
    .toString()
    .padStart(decimals + 1, "0");
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function refused(refusal: MoneyRefusal): ParsedMoney {
  return { ok: false, refusal };
}

const unusualDecimals = new Map<string, number>([
  ...["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"].map((c) => [c, 0] as const),
  ...["UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"].map((c) => [c, 0] as const),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((c) => [c, 3] as const),
  ...["CLF", "UYW"].map((c) => [c, 4] as const),
]);

// The circulating currencies of ISO 4217; funds codes, metals and test codes are no money of ours.
const currencies = new Set(
  `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP
  CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
  IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
  MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
  RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
  UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG`.split(/\s+/),
);
