/** Batch voucher files as an institution makes and reads them. */
import { randomBytes } from "node:crypto";
import nacl from "tweetnacl";
import { openFile, sealFile } from "../../node-server/batch-files/container.ts";
import type { Answer, Institution } from "./institution.ts";

export interface AnswerItem {
  readonly uniqueId: string;
  readonly status: "created" | "failed";
  readonly serialNumber?: string;
  readonly voucherNumber?: string;
  readonly expiryDate?: string;
  readonly failureReason?: string;
}

export interface AnswerFile {
  readonly header: Readonly<Record<string, unknown>>;
  readonly items: readonly AnswerItem[];
}

/** JSON Lines of a header and items, each a value or a line as it is. */
export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${typeof value === "string" ? value : JSON.stringify(value)}\n`).join("");
}

export async function sealRequest(institution: Institution, content: string): Promise<Uint8Array> {
  const key = nacl.box.before(await institution.serverKey(), institution.keys.secretKey);
  const random = (length: number) => new Uint8Array(randomBytes(length));
  return gather(sealFile("request", key, inOnePiece(new TextEncoder().encode(content)), random));
}

export async function sendFile(
  institution: Institution,
  file: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${institution.url}/vouchers/batches`, {
    method: "POST",
    headers: { ...(await identityOf(institution)), ...headers },
    body: new Uint8Array(file),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export async function sendLines(institution: Institution, values: readonly unknown[]): Promise<Answer> {
  return sendFile(institution, await sealRequest(institution, jsonLines(values)));
}

/** Downloads and opens the answer file; throws when there is none. */
export async function fetchAnswer(institution: Institution, batchId: string): Promise<AnswerFile> {
  const response = await fetch(`${institution.url}/vouchers/batches/${batchId}/file`, {
    headers: await identityOf(institution),
  });
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`);
  const key = nacl.box.before(await institution.serverKey(), institution.keys.secretKey);
  const content = Buffer.from(await gather(openFile("answer", key, response.body))).toString();
  const [header = "", ...lines] = content.trimEnd().split("\n");
  return {
    header: JSON.parse(header) as Record<string, unknown>,
    items: lines.map((line) => JSON.parse(line) as AnswerItem),
  };
}

async function identityOf(institution: Institution): Promise<Record<string, string>> {
  return {
    authorization: `Bearer ${await institution.issuer.token(institution.id)}`,
    "X-Registering-Institution-ID": institution.id,
  };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}
