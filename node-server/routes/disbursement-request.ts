/** Reading a batch out of its request: JSON, CSV as multipart or plain, or a pain.001 message. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "@hono/zod-openapi";
import { parseJson, UnsafeIntegerError } from "#core/json.ts";
import { readAtMost } from "#sync/gzip.ts";
import { itemsOfCsv } from "../disbursement/files/csv-items.ts";
import { itemsOfJson } from "../disbursement/files/json-items.ts";
import { itemsOfPain001 } from "../disbursement/files/pain001-items.ts";
import { FileMistakes } from "../disbursement/files/raw-item.ts";
import type { Mistake, RawItem } from "../disbursement/files/raw-item.ts";
import { Problem } from "../middleware/problem.ts";
import type { BatchSource } from "../ports/disbursement.ts";
import type { Caller } from "./caller-request.ts";

export interface ReadBatch {
  readonly source: BatchSource;
  readonly raw: readonly RawItem[];
  readonly externalId: string | null;
  readonly executeAt: Date | null;
  /** Keyed, and of the content alone: how a multipart body is cut up changes with each sending. */
  readonly bodyHash: Uint8Array;
}

/** 100,000 payments with every field at its longest fit in it. */
export const mostBatchBytes = 64 * 1024 * 1024;

/** Throws the 400 that names every mistake with its line, or 413. */
export async function readBatch(c: Caller, indexKey: Uint8Array): Promise<ReadBatch> {
  const type = typeOf(c);
  const content = await contentOf(c, type);
  const bodyHash = hmac(sha256, indexKey, concatBytes(utf8ToBytes(`batch/${type}/`), content));
  try {
    switch (type) {
      case "raw":
        return { source: "json", raw: itemsOfJson(jsonOf(content)), ...nothingMore, bodyHash };
      case "csv":
        return { source: "csv", raw: await itemsOfCsv(textOf(content)), ...nothingMore, bodyHash };
      case "pain.001": {
        const { messageId, executeAt, items } = itemsOfPain001(content);
        return { source: "pain.001", raw: items, externalId: messageId, executeAt, bodyHash };
      }
    }
  } catch (error) {
    if (error instanceof FileMistakes) throw mistakesProblem(error.mistakes);
    throw error;
  }
}

const nothingMore = { externalId: null, executeAt: null } as const;

/** Each mistake is told with its line; the first is in the description. */
export function mistakesProblem(mistakes: readonly Mistake[], requestId?: string): Problem {
  const errors = mistakes.map(({ line, field, reason }) => ({
    field: field === "" ? `line ${line}` : `line ${line}: ${field}`,
    reason,
  }));
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new Problem(400, `${first?.field} ${first?.reason}${more}`, errors, requestId);
}

type BatchType = "raw" | "csv" | "pain.001";

function typeOf(c: Caller): BatchType {
  const type = c.req.query("type")?.toLowerCase();
  const isXml = /^(application|text)\/xml\b/.test(c.req.header("content-type") ?? "");
  if (type === undefined && isXml) return "pain.001";
  if (type === "raw" || type === "csv") return type;
  if (type === "pain.001" || type === "pain001" || type === "xml") return "pain.001";
  throw new Problem(400, "type must be raw (a JSON array), csv (multipart, field data) or pain.001", [
    { field: "type", reason: "must be raw, csv or pain.001" },
  ]);
}

async function contentOf(c: Caller, type: BatchType): Promise<Uint8Array> {
  const body = await readAtMost(c.req.raw.body ?? new Blob([]).stream(), mostBatchBytes);
  if (!body) throw new Problem(413, `A batch may have ${mostBatchBytes} bytes at most`);
  const contentType = c.req.header("content-type") ?? "";
  if (type === "raw" || !contentType.startsWith("multipart/form-data")) return body;
  const form = await new Response(Uint8Array.from(body), { headers: { "content-type": contentType } })
    .formData()
    .catch(() => undefined);
  const data = form?.get("data") ?? form?.get("file");
  if (data === undefined || data === null)
    throw new Problem(400, "The multipart body must hold the file in its field data", [
      { field: "data", reason: "is missing" },
    ]);
  return typeof data === "string" ? utf8ToBytes(data) : new Uint8Array(await data.arrayBuffer());
}

function jsonOf(content: Uint8Array): unknown {
  try {
    return parseJson(decode(content));
  } catch (error) {
    if (error instanceof UnsafeIntegerError)
      throw new FileMistakes([{ line: 1, field: "body", reason: error.message }]);
    if (error instanceof SyntaxError)
      throw new FileMistakes([{ line: 1, field: "body", reason: "is not JSON" }]);
    throw error;
  }
}

async function* textOf(content: Uint8Array): AsyncGenerator<string> {
  yield decode(content);
}

function decode(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw new FileMistakes([{ line: 1, field: "", reason: "is not UTF-8" }]);
  }
}

const optionsQuery = z.object({
  executeAt: z.iso.datetime({ offset: true }).optional(),
  afterBatch: z.string().min(1).max(50).optional(),
  combine: z.enum(["true", "false"]).optional(),
  mostFailedPercent: z.coerce.number().int().min(1).max(100).optional(),
});

/** Ours: when the batch is executed and after which, whether a payee's payments are combined, and when it is stopped. */
export function optionsOf(c: Caller): z.infer<typeof optionsQuery> {
  const query = optionsQuery.safeParse(c.req.query());
  if (query.success) return query.data;
  const errors = query.error.issues.map(({ path, message }) => ({ field: path.join("."), reason: message }));
  throw new Problem(400, `${errors[0]?.field}: ${errors[0]?.reason}`, errors);
}
