/**
 * What a batch voucher file asks for: JSON Lines (a header, then one item a line), or one JSON document with the items in
 * `vouchers` (GovStack Payments BB: "an encrypted JSON file"). Every mistake is told by its place and field.
 */
import { z } from "zod";
import { DecimalText, fieldOfNoText, parseJson, UnsafeIntegerError } from "#core/json.ts";
import type { VoucherInstruction } from "../ports/store.ts";
import { linesOf } from "./lines.ts";
import type { Line } from "./lines.ts";
import { FileRefused } from "./refusal.ts";

export interface RequestFile {
  readonly header: RequestHeader;
  /** In the order of the file, numbered from 1. */
  readonly items: AsyncIterable<VoucherInstruction>;
  /** Where an item stands, by its number. */
  readonly placeOf: (line: number) => string;
}

export type RequestHeader = z.infer<typeof headerSchema>;

/** A document in one piece is held in memory whole; JSON Lines are not. */
export const mostDocumentBytes = 8 * 1024 * 1024;

export const mostItems = 250_000;

const headerSchema = z.object({
  requestID: z.string().min(1).max(12),
  batchID: z.string().min(1).max(12),
  programID: z.string().min(1).max(20),
});

const itemSchema = z.object({
  uniqueId: z.string().min(1).max(16),
  /** Major units. Kept as decimal text, whatever the number's form in JSON. */
  amount: z
    .union([z.number(), z.string(), z.instanceof(DecimalText)], "must be a number")
    .transform((value) => (value instanceof DecimalText ? value.text : String(value)))
    .pipe(
      z
        .string()
        .max(40)
        .regex(/^(0|[1-9][0-9]*)(\.[0-9]+)?$/, "must be a decimal number, such as 12.50"),
    ),
  currency: z.string().length(3),
  voucherGroup: z.string().min(1).max(50),
  payeeFunctionalID: z.string().max(20).optional(),
  narration: z.string().max(50).default(""),
});

/** Throws FileRefused, also while the items are read. */
export async function readRequestFile(content: AsyncIterable<Uint8Array>): Promise<RequestFile> {
  const lines = linesOf(content, mostDocumentBytes);
  const first = (await lines.next()).value;
  if (!first) throw malformed("line 1", "", "is missing");
  const head = parsed(first.text);
  const isHeader = head.ok && isObject(head.value) && !("vouchers" in head.value);
  if (!isHeader) return readDocument(first, lines);
  const header = checked(headerSchema, head.value, "line 1");
  return { header, items: itemsOfLines(lines), placeOf: lineOfItem };
}

/** The header stands in line 1. */
const lineOfItem = (line: number) => `line ${line + 1}`;

async function* itemsOfLines(lines: AsyncIterable<Line>): AsyncGenerator<VoucherInstruction> {
  for await (const { number, text } of lines) {
    const place = lineOfItem(number - 1);
    yield itemOf(number - 1, valueOf(text, place), place);
  }
}

async function readDocument(first: Line, lines: AsyncIterable<Line>): Promise<RequestFile> {
  const texts = [first.text];
  let length = first.byteLength;
  for await (const { text, byteLength } of lines) {
    length += byteLength + 1;
    if (length > mostDocumentBytes) throw malformed("line 1", "", notJson);
    texts.push(text);
  }
  const place = texts.length === 1 ? "line 1" : "the document";
  const value = valueOf(texts.join("\n"), place);
  const header = checked(headerSchema, value, place);
  const { vouchers } = checked(z.object({ vouchers: z.array(z.unknown()) }), value, place);
  return { header, items: itemsOfDocument(vouchers), placeOf: elementOfItem };
}

const elementOfItem = (line: number) => `vouchers[${line - 1}]`;

async function* itemsOfDocument(vouchers: readonly unknown[]): AsyncGenerator<VoucherInstruction> {
  for (const [index, value] of vouchers.entries()) yield itemOf(index + 1, value, elementOfItem(index + 1));
}

function itemOf(line: number, value: unknown, place: string): VoucherInstruction {
  if (line > mostItems) throw malformed(place, "", `is one item too many: a file has at most ${mostItems}`);
  const { uniqueId, voucherGroup, payeeFunctionalID, ...rest } = checked(itemSchema, value, place);
  return {
    ...rest,
    line,
    instructionId: uniqueId,
    groupCode: voucherGroup,
    payeeFunctionalId: payeeFunctionalID ?? null,
  };
}

const notJson = "is not JSON";

export function valueOf(text: string, place: string): unknown {
  const result = parsed(text);
  if (!result.ok) throw malformed(place, "", result.reason);
  return result.value;
}

function parsed(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string } {
  try {
    return { ok: true, value: parseJson(text) };
  } catch (error) {
    if (error instanceof UnsafeIntegerError) return { ok: false, reason: error.message };
    if (error instanceof SyntaxError) return { ok: false, reason: notJson };
    throw error;
  }
}

/** Throws FileRefused with the first mistake. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const found = schema.safeParse(value);
  const [issue] = found.error?.issues ?? [];
  if (issue) throw malformed(place, issue.path.join("."), issue.message);
  const field = fieldOfNoText(found.data);
  if (field !== undefined) throw malformed(place, field, "holds a character that is no text");
  return found.data as T;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function malformed(place: string, field: string, reason: string): FileRefused {
  return new FileRefused({ code: "malformed", place, field, reason });
}
