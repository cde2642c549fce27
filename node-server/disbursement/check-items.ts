/**
 * What a file asks for, checked whole: every mistake with its line, formats put right where that is safe, and the same
 * payment or instruction id twice in it refused (GovStack Payments BB, bulk disbursement).
 */
import { readAccount, readIban, readInstitutionCode, readMsisdn } from "#core/financial-address.ts";
import type { AddressText } from "#core/financial-address.ts";
import { fieldOfNoText } from "#core/json.ts";
import { parseMajor } from "#core/money.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { AddressKind, DisbursementFee, NewCreditInstruction } from "../ports/disbursement.ts";
import { feeOf } from "#core/fee.ts";
import type { Addresses } from "../addresses.ts";
import { mostMistakes } from "./files/raw-item.ts";
import type { Mistake, Party, RawItem } from "./files/raw-item.ts";

export interface CheckedItems {
  readonly instructions: readonly NewCreditInstruction[];
  readonly currency: string;
  readonly totalMinor: bigint;
}

export type ItemsCheck =
  | { readonly ok: true; readonly items: CheckedItems }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** How long texts may be, by where they come from. */
export interface Lengths {
  readonly instructionId: number;
  readonly narration: number;
}

export interface ItemTerms {
  readonly countryCode: string | null;
  /** In the currency of the first item, which is the batch's. */
  readonly fee: DisbursementFee;
}

const largestTotal = 9_223_372_036_854_775_807n;

export function checkItems(
  raw: readonly RawItem[],
  terms: ItemTerms,
  addresses: Addresses,
  lengths: Lengths,
): ItemsCheck {
  const mistakes: Mistake[] = [];
  const note = (line: number, field: string, reason: string) => {
    if (mistakes.length < mostMistakes) mistakes.push({ line, field, reason });
  };
  if (raw.length === 0) note(1, "", "holds no payment");
  const currency = raw[0]?.currency?.trim().toUpperCase() ?? "";
  const ids = new Map<string, number>();
  const payments = new Map<string, number>();
  const instructions: NewCreditInstruction[] = [];
  for (const item of raw) {
    const checked = checkItem(item, currency, terms, addresses, lengths, (field, reason) =>
      note(item.line, field, reason),
    );
    if (!checked) continue;
    const sameId = ids.get(checked.instructionId);
    if (sameId !== undefined) note(item.line, "requestId", `was used in line ${sameId} already`);
    ids.set(checked.instructionId, item.line);
    const fingerprint = bytesToHex(checked.fingerprint);
    const same = payments.get(fingerprint);
    if (same !== undefined)
      note(
        item.line,
        "",
        `is the same payment to the same payee as line ${same}: give it another description`,
      );
    payments.set(fingerprint, item.line);
    instructions.push(checked);
  }
  const totalMinor = instructions.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const fees = instructions.reduce((sum, { feeMinor }) => sum + feeMinor, 0n);
  if (totalMinor + fees > largestTotal) note(raw.length, "amount", "makes the total too large");
  if (mistakes.length > 0) return { ok: false, mistakes };
  return { ok: true, items: { instructions, currency, totalMinor } };
}

type Note = (field: string, reason: string) => void;

function checkItem(
  item: RawItem,
  currency: string,
  terms: ItemTerms,
  addresses: Addresses,
  lengths: Lengths,
  note: Note,
): NewCreditInstruction | undefined {
  let isGood = true;
  const wrong: Note = (field, reason) => {
    isGood = false;
    note(field, reason);
  };
  const corrections: string[] = [];
  const unstorable = fieldOfNoText(item);
  if (unstorable !== undefined) {
    note(unstorable, "holds a character that is no text");
    return undefined;
  }
  const instructionId = item.requestId?.trim() ?? "";
  if (instructionId === "") wrong("requestId", "is missing");
  else if (instructionId.length > lengths.instructionId)
    wrong("requestId", `is longer than ${lengths.instructionId} characters`);
  const narration = item.description?.trim() ?? "";
  if (narration.length > lengths.narration)
    wrong("descriptionText", `is longer than ${lengths.narration} characters`);
  const paymentMode = item.paymentMode?.trim() ?? "";
  if (paymentMode.length > 20) wrong("paymentMode", "is longer than 20 characters");
  const amountMinor = checkAmount(item, currency, corrections, wrong);
  const payee = checkPayee(item.payee, terms.countryCode, corrections, wrong);
  if (!isGood || !payee || amountMinor === undefined) return undefined;
  const named = payee.address ? `${payee.address.kind}:${payee.address.value}` : `id:${payee.identity}`;
  return {
    line: item.line,
    instructionId,
    payeeIdentity: payee.identity,
    address: payee.address && {
      kind: payee.address.kind,
      sealed: addresses.ofBatches.seal(payee.address.value),
    },
    institutionCode: payee.institutionCode,
    payeeIndex: addresses.index("batch-payee", payee.identity ?? payee.address?.value ?? ""),
    paymentMode,
    payerParty: item.payer[0]?.value.trim().slice(0, 34) || null,
    amountMinor,
    feeMinor: feeOf(amountMinor, terms.fee),
    narration,
    fingerprint: addresses.index(
      "batch-payment",
      `${named}|${amountMinor}|${currency}|${narration.toLowerCase()}`,
    ),
    corrections,
  };
}

function checkAmount(
  item: RawItem,
  currency: string,
  corrections: string[],
  wrong: Note,
): bigint | undefined {
  const own = item.currency?.trim().toUpperCase() ?? "";
  if (own === "") {
    wrong("currency", "is missing");
    return undefined;
  }
  if (own !== item.currency) corrections.push("spaces or case of the currency put right");
  if (own !== currency) wrong("currency", `is ${own.slice(0, 10)}; the batch is in ${currency.slice(0, 10)}`);
  const text = item.amount?.trim() ?? "";
  if (text === "") {
    wrong("amount", "is missing");
    return undefined;
  }
  const parsed = parseMajor(text, own);
  if (!parsed.ok) {
    wrong(
      parsed.refusal.code === "unknown-currency" ? "currency" : "amount",
      amountReasons[parsed.refusal.code],
    );
    return undefined;
  }
  if (parsed.money.amountMinor === 0n) wrong("amount", "must be above zero");
  return parsed.money.amountMinor;
}

const amountReasons = {
  "unknown-currency": "is no currency of ISO 4217",
  "malformed-amount": "must be a decimal number, such as 12.50",
  "too-many-decimals": "has more decimals than the currency",
  "amount-too-large": "is too large",
} as const;

interface Payee {
  readonly identity: string | null;
  readonly address: { readonly kind: AddressKind; readonly value: string } | null;
  readonly institutionCode: string | null;
}

function checkPayee(
  parties: readonly Party[],
  countryCode: string | null,
  corrections: string[],
  wrong: Note,
): Payee | undefined {
  let identity: string | null = null;
  let address: Payee["address"] = null;
  let institutionCode: string | null = null;
  let isGood = true;
  const take = (key: string, read: AddressText): string | undefined => {
    if (read.ok) {
      corrections.push(...read.corrections);
      return read.value;
    }
    isGood = false;
    wrong(`creditParty.${key}`, read.reason);
    return undefined;
  };
  for (const { key, value } of parties) {
    const meaning = meaningOf(key);
    if (meaning === undefined) {
      isGood = false;
      wrong("creditParty", `the key ${key.slice(0, 30) || "(none)"} is not known`);
    } else if (meaning === "identity") identity = take(key, readIdentity(value)) ?? null;
    else if (meaning === "institution") institutionCode = take(key, readInstitutionCode(value)) ?? null;
    else if (address) {
      isGood = false;
      wrong("creditParty", "names more than one financial address");
    } else {
      const read = take(key, readers[meaning](value, countryCode));
      if (read !== undefined) address = { kind: meaning, value: read };
    }
  }
  if (isGood && identity === null && address === null) {
    wrong("creditParty", "names nobody: give a payeeIdentity, msisdn, iban, account or wallet");
    return undefined;
  }
  return isGood ? { identity, address, institutionCode } : undefined;
}

const readers: Readonly<Record<AddressKind, (text: string, countryCode: string | null) => AddressText>> = {
  msisdn: readMsisdn,
  iban: readIban,
  account: readAccount,
  wallet: readAccount,
  proxy: readAccount,
};

function readIdentity(text: string): AddressText {
  const value = text.trim();
  if (value === "" || value.length > 20) return { ok: false, reason: "must be 1 to 20 characters" };
  return { ok: true, value, corrections: [] };
}

/** Keys as the published files and PHEE's examples write them. */
function meaningOf(key: string): AddressKind | "identity" | "institution" | undefined {
  return meanings.get(key.toLowerCase().replaceAll(/[^a-z]/g, ""));
}

const meanings: ReadonlyMap<string, AddressKind | "identity" | "institution"> = new Map([
  ...["payeeidentity", "payeefunctionalid", "functionalid", "identity", "id"].map(
    (key) => [key, "identity"] as const,
  ),
  ...["msisdn", "phone", "phonenumber", "mobile"].map((key) => [key, "msisdn"] as const),
  ["iban", "iban"],
  ...["account", "accountid", "accountnumber", "accountno"].map((key) => [key, "account"] as const),
  ...["wallet", "walletid"].map((key) => [key, "wallet"] as const),
  ["proxy", "proxy"],
  ...["bankinginstitutioncode", "institutioncode", "dfspid", "payeedfspid", "bic", "bankcode"].map(
    (key) => [key, "institution"] as const,
  ),
]);
