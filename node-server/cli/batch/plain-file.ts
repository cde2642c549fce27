/**
 * The caller's own file of vouchers (CSV, JSON Lines or JSON) as the content of a batch file. One that names no request,
 * batch and programme is given a header; its ids derive from what it holds, so that the same file is the same request.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { RequestHeader } from "../../batch-files/request.ts";
import { readRequestFile } from "../../batch-files/request.ts";
import { FileRefused } from "../../batch-files/refusal.ts";
import { fileProblem } from "../../routes/batch-file-answers.ts";
import { UsageError } from "../command.ts";
import { csvRecords } from "./csv-file.ts";

export interface PlainFile {
  readonly header: RequestHeader;
  readonly total: number;
  /** SHA-256 of the file as it is, in hex. */
  readonly sha256: string;
  /** From the beginning, as often as wanted. */
  content(): AsyncIterable<Uint8Array>;
}

/** Reads it to its end. Throws a UsageError that says what is wrong, and where. */
export async function readPlainFile(path: string, programId: string | null): Promise<PlainFile> {
  const { sha256, beginning } = await survey(path);
  const form = formOf(path, beginning);
  const needsHeader = form !== "complete";
  if (needsHeader && programId === null)
    throw new UsageError(`${path} names no programme: give it with --program ID`);
  const id = Buffer.from(`${sha256} ${programId}`);
  const name = createHash("sha256").update(id).digest("hex").slice(0, 12);
  const given = { requestID: name, batchID: name, programID: programId ?? "" };
  const content = () => contents[form](path, given);
  try {
    const { header, items } = await readRequestFile(content());
    let total = 0;
    for await (const { line } of items) total = line;
    if (total === 0) throw new UsageError(`${path} has no vouchers in it`);
    return { header, total, sha256, content };
  } catch (error) {
    if (error instanceof FileRefused) throw new UsageError(`${path}: ${fileProblem(error.refusal).message}`);
    if (error instanceof SyntaxError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

type Form = "csv" | "lines" | "array" | "complete";

type Given = Readonly<Record<keyof RequestHeader, string>>;

const contents: Readonly<Record<Form, (path: string, given: Given) => AsyncIterable<Uint8Array>>> = {
  csv: linesOfCsv,
  lines: (path, given) => around(`${JSON.stringify(given)}\n`, path, ""),
  array: (path, given) => around(`${JSON.stringify(given).slice(0, -1)},"vouchers":`, path, "}"),
  complete: (path) => around("", path, ""),
};

function formOf(path: string, beginning: string): Form {
  if (path.toLowerCase().endsWith(".csv")) return "csv";
  const text = beginning.replace(/^\uFEFF/, "").trimStart();
  if (text.startsWith("[")) return "array";
  const [firstLine = ""] = text.split("\n");
  return firstLine.includes('"uniqueId"') && !firstLine.includes('"vouchers"') ? "lines" : "complete";
}

async function survey(path: string): Promise<{ readonly sha256: string; readonly beginning: string }> {
  const hash = createHash("sha256");
  let beginning: Buffer | undefined;
  try {
    for await (const piece of bytesOf(path)) {
      beginning ??= Buffer.from(piece);
      hash.update(piece);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error)
      throw new UsageError(`${path} cannot be read: ${error.message}`);
    throw error;
  }
  return { sha256: hash.digest("hex"), beginning: beginning?.toString("utf8") ?? "" };
}

const textEncoder = new TextEncoder();

async function* around(before: string, path: string, after: string): AsyncGenerator<Uint8Array> {
  yield textEncoder.encode(before);
  let isFirst = true;
  for await (const piece of bytesOf(path)) {
    yield isFirst ? withoutMark(piece) : piece;
    isFirst = false;
  }
  yield textEncoder.encode(after);
}

/** Spreadsheets begin a UTF-8 file with a byte order mark. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

const columns = ["uniqueId", "amount", "currency", "voucherGroup", "payeeFunctionalID", "narration"];
const required = columns.slice(0, 4);

async function* linesOfCsv(path: string, given: Given): AsyncGenerator<Uint8Array> {
  yield textEncoder.encode(`${JSON.stringify(given)}\n`);
  for await (const { record } of csvRecords(path, { columns, required }))
    yield textEncoder.encode(`${JSON.stringify(record)}\n`);
}

function bytesOf(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path);
}
