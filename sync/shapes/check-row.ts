/**
 * Turns a row of a shape into something to store, after its signatures were checked: what a server's database says
 * counts only as far as its keys have signed it. A row that fails is kept aside and reported.
 */
import { fromBase64 } from "../base64.ts";
import { acceptKeySet } from "../documents/key-set.ts";
import type { KeySet } from "../documents/key-set.ts";
import { decodeLease } from "../documents/lease.ts";
import { decodePolicy } from "../documents/policy.ts";
import { decodeVerdictList } from "../documents/verdict-list.ts";
import { decodeVoucherToken, textToToken } from "../documents/voucher-token.ts";
import { openTrusted } from "../open-trusted.ts";
import { readSerialSet } from "../serial-set.ts";
import { goneBillRow, readBill, readBiller, readFloat } from "./bill-rows.ts";
import { readProgrammes } from "./programme-row.ts";
import type { RowValue, ShapeChange, ShapeName } from "../ports/shape-storage.ts";

/** A row as the protocol brings it. */
export interface ShapeRow {
  /** The server's own key of the row. */
  readonly key: string;
  readonly operation: "insert" | "update" | "delete";
  readonly value: RowValue;
}

export interface RowContext {
  readonly nodeId: string;
  readonly keySet: KeySet;
}

/** Undefined for a row that says nothing: the end of a verdict, a key set or a signal takes nothing back. */
export async function checkRow(
  name: ShapeName,
  row: ShapeRow,
  context: RowContext,
): Promise<ShapeChange | undefined> {
  const key = keyOf(name, row);
  if (row.operation === "delete") return deleted(name, key, row);
  const checked = await checkers[name](key, row.value, context);
  if (typeof checked !== "string") return checked;
  return { type: "aside", key, problem: checked, value: JSON.stringify(row.value) };
}

/**
 * A new lease as its row tells it, with nothing verified: for many at a time, which are looked at afterwards. Undefined for
 * what is to be checked as it comes.
 */
export function arrivedLease(row: ShapeRow): (ShapeChange & { readonly type: "lease-arrived" }) | undefined {
  const { operation, value } = row;
  const serial = serialOf(value);
  const generation = wholeOf(value["epoch_generation"]);
  const n = wholeOf(value["epoch_n"]);
  const notAfterMs = momentOf(value["not_after"]);
  if (operation !== "insert" || serial === undefined || !value["lease"] || !value["token"]) return undefined;
  if (generation === undefined || n === undefined || notAfterMs === undefined) return undefined;
  const epoch = { generation: Number(generation), n: Number(n) };
  const recalledMs = momentOf(value["recalled_at"]) ?? null;
  return {
    type: "lease-arrived",
    key: keyOf("leases", row),
    serial,
    epoch,
    notAfterMs,
    recalledMs,
    value,
  };
}

function keyOf(name: ShapeName, { key }: ShapeRow): string {
  return `${name}:${key}`;
}

/** Checks a row that was kept, under the key that it was given then. */
export function checkKept(
  name: ShapeName,
  { key, value }: { readonly key: string; readonly value: RowValue },
  context: RowContext,
): Promise<ShapeChange | undefined> {
  return checkRow(name, { key: key.slice(name.length + 1), operation: "insert", value }, context);
}

type Checker = (
  key: string,
  value: RowValue,
  context: RowContext,
) => Promise<ShapeChange | string | undefined>;

const checkers: Readonly<Record<ShapeName, Checker>> = {
  async leases(key, value, { nodeId, keySet }) {
    const document = bytesOf(value["lease"]);
    const text = value["token"] ?? "";
    const signedToken = textToToken(text);
    if (!document || !signedToken) return "malformed";
    const lease = await openTrusted(keySet, "lease", decodeLease, document);
    if (!lease.ok) return `lease:${lease.refusal.code}`;
    const token = await openTrusted(keySet, "voucher-token", decodeVoucherToken, signedToken);
    if (!token.ok) return `token:${token.refusal.code}`;
    if (lease.value.nodeId !== nodeId) return "lease-of-another-node";
    const { serial, epoch, notAfterMs } = lease.value;
    if (token.value.serial !== serial || value["serial"] !== serial.toString()) return "serials-differ";
    // A recall is only a request, so it needs no signature: the lease's own time is what ends it.
    const recalledMs = momentOf(value["recalled_at"]) ?? null;
    const { amountMinor, currency } = token.value;
    return {
      type: "lease",
      key,
      serial,
      epoch,
      notAfterMs,
      lease: document,
      token: text,
      amountMinor,
      currency,
      recalledMs,
    };
  },
  async elsewhere(key, value) {
    const serial = serialOf(value);
    const notAfterMs = momentOf(value["not_after"]);
    const { till } = value;
    if (serial === undefined || notAfterMs === undefined || !till) return "malformed";
    return { type: "elsewhere", key, serial, till, notAfterMs };
  },
  async denied(key, value) {
    const chunk = chunkOf(value);
    const serials = bytesOf(value["serials"]);
    const read = serials && readSerialSet(serials);
    const [first, last] = [read?.[0], read?.at(-1)];
    if (chunk === undefined || !serials || first === undefined || last === undefined) return "malformed";
    return { type: "denied", key, chunk, serials, first, last };
  },
  async beneficiaries(key, value) {
    const sealed = bytesOf(value["sealed"]);
    const payee = wholeOf(value["payee"]);
    const version = wholeOf(value["version"]);
    const { payee_index: index } = value;
    if (!sealed || !index || payee === undefined || version === undefined) return "malformed";
    return { type: "beneficiary", key, payee, index, version: Number(version), sealed };
  },
  async verdicts(key, value, { keySet }) {
    const document = bytesOf(value["verdict_list"]);
    if (!document) return "malformed";
    const opened = await openTrusted(keySet, "verdict-list", decodeVerdictList, document);
    if (!opened.ok) return `verdict-list:${opened.refusal.code}`;
    const list = { document, hash: opened.hash, list: opened.value };
    return { type: "verdict-list", key, opened: list, value: JSON.stringify(value) };
  },
  async trust(key, value, { keySet }) {
    if (value["kind"] === "accepts") return acceptedGroups(key, value);
    if (value["kind"] === "programmes") return servedProgrammes(key, value);
    if (value["kind"] === "policy") return policyOf(key, value, keySet);
    // A kind of document that this version does not know is kept aside until a newer one can read it.
    if (value["kind"] !== "key-set") return "unknown-kind";
    const document = bytesOf(value["document"]);
    if (!document) return "malformed";
    const accepted = await acceptKeySet(keySet, document);
    if (accepted.ok) return { type: "key-set", key, keySet: accepted.value, document };
    return accepted.refusal.code === "old-version" ? undefined : `key-set:${accepted.refusal.code}`;
  },
  async billers(key, value) {
    const biller = readBiller(value);
    return biller ? { type: "biller", key, biller } : "malformed";
  },
  async bills(key, value) {
    const bill = readBill(value);
    return bill ? { type: "bill", key, bill } : "malformed";
  },
  async floats(key, value) {
    const float = readFloat(value);
    return float ? { type: "float", key, float } : "malformed";
  },
  async signals(_key, value) {
    const { shape, version } = value;
    if (!shape || !version || !/^[0-9]{1,15}$/.test(version)) return "malformed";
    return { type: "signal", shape, version: Number(version) };
  },
};

/** The policy that counts is the one that the server named at the last contact, so an older one is kept as well. */
async function policyOf(key: string, value: RowValue, keySet: KeySet): Promise<ShapeChange | string> {
  const document = bytesOf(value["document"]);
  if (!document) return "malformed";
  const opened = await openTrusted(keySet, "policy", decodePolicy, document);
  return opened.ok
    ? { type: "policy", key, policy: opened.value, document }
    : `policy:${opened.refusal.code}`;
}

function acceptedGroups(key: string, { document }: RowValue): ShapeChange | string {
  if (document === null || document === undefined || !/^([A-Z0-9]{3}(,[A-Z0-9]{3})*)?$/.test(document)) {
    return "malformed";
  }
  return { type: "accepts", key, groups: document === "" ? [] : document.split(",") };
}

function servedProgrammes(key: string, { document }: RowValue): ShapeChange | string {
  const programmes = readProgrammes(document);
  return programmes ? { type: "programmes", key, programmes } : "malformed";
}

function deleted(name: ShapeName, key: string, row: ShapeRow): ShapeChange | undefined {
  const serial = serialOf(row.value);
  if (name === "leases") return serial === undefined ? undefined : { type: "lease-withdrawn", key, serial };
  if (name === "elsewhere")
    return serial === undefined ? undefined : { type: "elsewhere-no-more", key, serial };
  const bill = goneBillRow(name, row.value);
  if (bill) return { type: "bill-row-gone", key, ...bill };
  const payee = name === "beneficiaries" ? wholeOf(row.value["payee"]) : undefined;
  if (payee !== undefined) return { type: "beneficiary-no-more", key, payee };
  const chunk = name === "denied" ? chunkOf(row.value) : undefined;
  return chunk === undefined ? undefined : { type: "denied-no-more", key, chunk };
}

function wholeOf(text: string | null | undefined): bigint | undefined {
  return text && /^[0-9]{1,15}$/.test(text) ? BigInt(text) : undefined;
}

function chunkOf({ chunk }: RowValue): number | undefined {
  return chunk && /^[0-9]{1,10}$/.test(chunk) ? Number(chunk) : undefined;
}

/** A larger one than a database's integer would make all that comes with it impossible to store. */
function serialOf({ serial }: RowValue): bigint | undefined {
  const value = serial && /^[0-9]{1,19}$/.test(serial) ? BigInt(serial) : undefined;
  return value !== undefined && value < 2n ** 63n ? value : undefined;
}

/** PostgreSQL writes a moment as `2026-11-24 12:00:00.123+00`. */
function momentOf(text: string | null | undefined): number | undefined {
  const written = /^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9:.]+)(?:\+00(?::00)?|Z)$/.exec(text ?? "");
  const ms = written ? Date.parse(`${written[1]}T${written[2]}Z`) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function bytesOf(text: string | null | undefined): Uint8Array | undefined {
  return text ? fromBase64(text) : undefined;
}
