/**
 * The file that a sandbox is loaded from: arrays that mix comments and objects, where a comment states the case of what
 * follows it and wins over what an entry says of itself (GovStack Payments BB, the published tests' sample data).
 */
import { z } from "zod";
import { parseMajor } from "#core/money.ts";
import { modalities } from "#core/payee-addresses.ts";
import type { Modality } from "#core/payee-addresses.ts";
import type { Money } from "#core/money.ts";
import { normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import { parseJson, UnsafeIntegerError } from "#core/json.ts";

/** What became of a voucher of the file; inventory has no caller yet. */
export type SeedState =
  | "inventory"
  | "preActivated"
  | "activated"
  | "suspended"
  | "blocked"
  | "cancelled"
  | "consumed"
  | "expired"
  | "purged";

export interface SeedVoucher {
  readonly serial: bigint;
  /** In its stored form, 16 digits. */
  readonly number: string;
  readonly buildingBlock: string;
  readonly state: SeedState;
  readonly money: Money;
}

export interface SeedMerchant {
  readonly name: string;
  /** Name of the financial service provider that pays it. */
  readonly bankDetails: string;
  readonly group: string;
  readonly state: "payable" | "short-of-funds" | "closed";
}

export interface SeedPayee {
  readonly sourceBlock: string;
  readonly identity: string;
  /** Undefined where the file names none: it is a bank account then. */
  readonly modality: Modality | undefined;
  readonly address: string | undefined;
}

export interface Seed {
  /** Source building blocks of payments to persons. */
  readonly sourceBlocks: readonly string[];
  readonly payees: readonly SeedPayee[];
  readonly vouchers: readonly SeedVoucher[];
  readonly merchants: readonly SeedMerchant[];
  /** What the file holds and a sandbox has no place for. */
  readonly left: { readonly notExisting: number };
}

export type ReadSeed =
  | { readonly ok: true; readonly seed: Seed }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads a seed whole; every mistake is told with its place in the file, and none repeats a voucher number. */
export function readSeed(text: string): ReadSeed {
  const mistakes: string[] = [];
  const parsed = file.safeParse(parseText(text, mistakes));
  if (mistakes.length > 0) return { ok: false, mistakes };
  if (!parsed.success) return { ok: false, mistakes: issuesOf(parsed.error, "") };
  const g2p = entriesOf("g2p", parsed.data.g2p, sourceRow, mistakes);
  const payees = readPayees(g2p, mistakes);
  const vouchers = readVouchers(entriesOf("vouchers", parsed.data.vouchers, voucherRow, mistakes), mistakes);
  const merchants = readMerchants(
    entriesOf("merchants", parsed.data.merchants, merchantRow, mistakes),
    mistakes,
  );
  if (
    vouchers.some(({ state }) => state === "consumed") &&
    !merchants.some(({ state }) => state === "payable")
  )
    mistakes.push("merchants: a used voucher was redeemed by a merchant that can be paid, and there is none");
  if (mistakes.length > 0) return { ok: false, mistakes };
  const loaded = vouchers.flatMap(({ state, ...voucher }) =>
    state === "notExisting" ? [] : [{ ...voucher, state }],
  );
  const seed = {
    sourceBlocks: [...new Set(g2p.map(({ row }) => row.SourceBBID))],
    payees,
    vouchers: loaded,
    merchants,
    left: { notExisting: vouchers.length - loaded.length },
  };
  return { ok: true, seed };
}

const file = z.strictObject(
  {
    g2p: z.array(z.unknown()).default([]),
    vouchers: z.array(z.unknown()).default([]),
    merchants: z.array(z.unknown()).default([]),
  },
  {
    error: (issue) =>
      issue.code === "invalid_type" ? "must be an object with g2p, vouchers and merchants" : undefined,
  },
);

const text = z.string("must be text").trim().min(1, "must not be empty");

const sourceRow = z.object({
  SourceBBID: text,
  Beneficiaries: z
    .array(
      z.object({
        PayeeFunctionalID: text.pipe(z.string().max(20, "must have at most 20 characters")),
        PaymentModality: z.enum(modalities, `must be one of ${modalities.join(", ")}, as text`).optional(),
        FinancialAddress: text.pipe(z.string().max(34, "must have at most 34 characters")).optional(),
      }),
      "must be an array",
    )
    .default([]),
});

const digits = z.union([z.string().regex(/^[0-9]+$/), z.number().int().nonnegative().transform(String)], {
  error: "must be a whole number, or its digits as text",
});

const voucherRow = z.object({
  voucher_number: digits.transform((value, context) => {
    const number = normaliseVoucherNumber(value);
    if (number === undefined) context.addIssue("must have at most 16 digits");
    return number ?? "";
  }),
  voucher_serial_number: digits.transform((value, context) => {
    const serial = parseSerial(value);
    if (serial === undefined) context.addIssue("must be from 1 to 9007199254740991");
    return serial ?? 0n;
  }),
  Gov_Stack_BB: text,
  voucher_status: z.string("must be text").optional(),
  voucher_amount: z.string('must be text, such as "1000"').transform((value, context) => {
    const parsed = parseMajor(value, seedCurrency);
    if (parsed.ok && parsed.money.amountMinor > 0n) return parsed.money;
    context.addIssue(`must be an amount of ${seedCurrency} above zero, such as "1000"`);
    return { amountMinor: 0n, currency: seedCurrency };
  }),
});

const merchantRow = z.object({
  merchant_name: text,
  merchant_bank_details: text,
  merchant_voucher_group: text,
});

/** The file names no currency. */
export const seedCurrency = "USD";

interface Entry<Row> {
  /** Its place in the file. */
  readonly at: string;
  /** The comment above it, in small letters; undefined before the first. */
  readonly heading: string | undefined;
  readonly row: Row;
}

function entriesOf<Row>(
  name: string,
  items: readonly unknown[],
  schema: z.ZodType<Row>,
  mistakes: string[],
): Entry<Row>[] {
  let heading: string | undefined;
  return items.flatMap((item, index) => {
    if (typeof item === "string") {
      heading = plain(item);
      return [];
    }
    const at = `${name}[${index}]`;
    const parsed = schema.safeParse(item);
    if (!parsed.success) {
      mistakes.push(...issuesOf(parsed.error, at));
      return [];
    }
    return [{ at, heading, row: parsed.data }];
  });
}

const states = new Map<string, SeedState | "notExisting">([
  ["not pre activated", "inventory"],
  ["pre activated", "preActivated"],
  ["activated", "activated"],
  ["suspended", "suspended"],
  ["blocked", "blocked"],
  ["purged", "purged"],
  ["not existing", "notExisting"],
  ["canceled vouchers", "cancelled"],
  ["cancelled vouchers", "cancelled"],
  ["already used", "consumed"],
  ["expired", "expired"],
]);

/** The same payee may stand in several rows of its source, as long as they say the same. */
function readPayees(entries: readonly Entry<z.output<typeof sourceRow>>[], mistakes: string[]): SeedPayee[] {
  const payees = new Map<string, { readonly at: string; readonly payee: SeedPayee }>();
  for (const { at, row } of entries) {
    for (const [index, payee] of row.Beneficiaries.entries()) {
      const { PayeeFunctionalID: identity, PaymentModality: modality, FinancialAddress: address } = payee;
      const place = `${at}.Beneficiaries[${index}]`;
      const key = JSON.stringify([row.SourceBBID, identity]);
      const earlier = payees.get(key);
      const read = { sourceBlock: row.SourceBBID, identity, modality, address };
      if (!earlier) payees.set(key, { at: place, payee: read });
      else if (earlier.payee.modality !== modality || earlier.payee.address !== address)
        mistakes.push(`${place}: is the payee of ${earlier.at}, with another address`);
    }
  }
  return [...payees.values()].map(({ payee }) => payee);
}

function readVouchers(
  entries: readonly Entry<z.output<typeof voucherRow>>[],
  mistakes: string[],
): (Omit<SeedVoucher, "state"> & { readonly state: SeedState | "notExisting" })[] {
  const places = new Map<string, string>();
  return entries.flatMap(({ at, heading, row }) => {
    const said = heading ?? plain(row.voucher_status ?? "");
    const state = states.get(said);
    if (state === undefined) {
      mistakes.push(`${at}: "${said}" is no case of a voucher; use one of ${[...states.keys()].join(", ")}`);
      return [];
    }
    for (const [what, value] of [
      ["serial", row.voucher_serial_number],
      ["number", row.voucher_number],
    ] as const) {
      const key = `${what}:${value}`;
      const earlier = places.get(key);
      if (earlier !== undefined) mistakes.push(`${at}: its voucher ${what} is that of ${earlier}`);
      places.set(key, at);
    }
    return [
      {
        serial: row.voucher_serial_number,
        number: row.voucher_number,
        buildingBlock: row.Gov_Stack_BB,
        money: row.voucher_amount,
        state,
      },
    ];
  });
}

const merchantStates = new Map<string, SeedMerchant["state"]>([
  ["can be credited", "payable"],
  ["insufficient funds", "short-of-funds"],
  ["cannot be credited", "closed"],
]);

function readMerchants(
  entries: readonly Entry<z.output<typeof merchantRow>>[],
  mistakes: string[],
): SeedMerchant[] {
  const funded = new Map<string, { readonly short: boolean; readonly at: string }>();
  return entries.flatMap(({ at, heading, row }) => {
    const state = heading === undefined ? "payable" : merchantStates.get(heading);
    if (state === undefined) {
      const known = [...merchantStates.keys()].join(", ");
      mistakes.push(`${at}: "${heading}" is no case of a merchant; use one of ${known}, or none`);
      return [];
    }
    const bankDetails = row.merchant_bank_details;
    const short = state === "short-of-funds";
    const other = funded.get(bankDetails);
    if (other && other.short !== short)
      mistakes.push(`${at}: its bank is that of ${other.at}, and only one of them is short of funds`);
    funded.set(bankDetails, { short, at });
    return [{ name: row.merchant_name, bankDetails, group: row.merchant_voucher_group, state }];
  });
}

function parseText(content: string, mistakes: string[]): unknown {
  try {
    return parseJson(content);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof UnsafeIntegerError)) throw error;
    // A message of the parser repeats what stands in the file, voucher numbers too.
    const where = /position ([0-9]+)/.exec(error.message)?.[1];
    const line =
      where === undefined ? "" : ` near line ${content.slice(0, Number(where)).split("\n").length}`;
    mistakes.push(
      error instanceof SyntaxError
        ? `is not JSON${line}`
        : "holds an integer above 9007199254740991; write it as text",
    );
    return undefined;
  }
}

function issuesOf(error: z.ZodError, at: string): string[] {
  return error.issues.map(({ path, message }) => {
    const place = [at, ...path.map(String)].filter((part) => part !== "").join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
}

/** `// already_used` and `Already used` are one. */
function plain(comment: string): string {
  return comment
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, " ")
    .trim();
}
