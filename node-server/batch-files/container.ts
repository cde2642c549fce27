/**
 * The container of batch voucher files, version 1 (docs/api.md, "Batch files"). It is read and written in chunks, so
 * that memory stays bounded, and every chunk is authentic in its place: none can be changed, moved, repeated, taken from
 * another file or left out, the last one included (the STREAM construction; Hoang, Reyhanitabar, Rogaway, Vizár 2015).
 *
 *     file    = "PPBF" ‖ version (1 byte: 1) ‖ direction (1 byte: 1 request, 2 answer) ‖ file id (24 random bytes) ‖ record…
 *     record  = length of the box (4 bytes, big-endian) ‖ box
 *     box     = NaCl box (X25519, XSalsa20-Poly1305) of 1 to 65,536 bytes of content, between institution and server
 *     nonce   = first 15 bytes of SHA-512(context ‖ file id) ‖ record's number from 0 (8 bytes, big-endian) ‖ last (1 byte)
 *     context = "paypost/1/batch-file/request" or "paypost/1/batch-file/answer"
 *     last    = 1 for the last record, 0 for all others
 *
 * History: 1, the first.
 */
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { uint64Bytes } from "#sync/signing/bytes.ts";
import { createByteReader } from "./byte-reader.ts";
import type { ByteReader } from "./byte-reader.ts";
import { FileRefused } from "./refusal.ts";

/** `request`: from an institution to the server. */
export type Direction = "request" | "answer";

/** The key of all boxes between two parties: `nacl.box.before`, the same from either side. */
export type BoxKey = Uint8Array;

const magic = utf8ToBytes("PPBF");
const version = 1;
const directions: Readonly<Record<Direction, number>> = { request: 1, answer: 2 };
const fileIdLength = 24;
const headLength = magic.length + 2 + fileIdLength;
const mostContent = 65_536;
const tagLength = 16;

/** Throws for content without a byte. */
export async function* sealFile(
  direction: Direction,
  key: BoxKey,
  content: AsyncIterable<Uint8Array>,
  randomBytes: (length: number) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  const fileId = randomBytes(fileIdLength);
  const nonceOf = createNonces(direction, fileId);
  const reader = createByteReader(content);
  let chunk = await reader.read(mostContent);
  if (chunk.length === 0) throw new Error("a batch file has content");
  yield concatBytes(magic, Uint8Array.of(version, directions[direction]), fileId);
  for (let index = 0; chunk.length > 0; index += 1) {
    const next = await reader.read(mostContent);
    const box = nacl.box.after(chunk, nonceOf(index, next.length === 0), key);
    yield concatBytes(uint32Bytes(box.length), box);
    chunk = next;
  }
}

/** The content, chunk by chunk: whoever acts on it before the end acts on a file that may still be refused. */
export async function* openFile(
  direction: Direction,
  key: BoxKey,
  file: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const reader = createByteReader(file);
  const nonceOf = createNonces(direction, await readHead(reader, direction));
  let box = await readBox(reader);
  if (!box) throw new FileRefused({ code: "cut-off" });
  for (let index = 0; box; index += 1) {
    const next = await readBox(reader);
    const chunk = nacl.box.open.after(box, nonceOf(index, next === undefined), key);
    if (!chunk) throw new FileRefused({ code: "not-opened", box: index });
    yield chunk;
    box = next;
  }
}

/** Returns the file id. */
async function readHead(reader: ByteReader, direction: Direction): Promise<Uint8Array> {
  const head = await reader.read(headLength);
  if (!magic.every((byte, index) => head[index] === byte))
    throw new FileRefused({ code: "not-a-batch-file" });
  if (head.length < headLength) throw new FileRefused({ code: "cut-off" });
  const [foundVersion = 0, foundDirection] = head.subarray(magic.length);
  if (foundVersion !== version) throw new FileRefused({ code: "other-version", version: foundVersion });
  if (foundDirection !== directions[direction]) throw new FileRefused({ code: "other-direction" });
  return head.subarray(magic.length + 2);
}

/** Undefined at the end of the file. */
async function readBox(reader: ByteReader): Promise<Uint8Array | undefined> {
  const prefix = await reader.read(4);
  if (prefix.length === 0) return undefined;
  if (prefix.length < 4) throw new FileRefused({ code: "cut-off" });
  const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0);
  if (length <= tagLength || length > mostContent + tagLength)
    throw new FileRefused({ code: "not-a-batch-file" });
  const box = await reader.read(length);
  if (box.length < length) throw new FileRefused({ code: "cut-off" });
  return box;
}

function createNonces(
  direction: Direction,
  fileId: Uint8Array,
): (index: number, isLast: boolean) => Uint8Array {
  const context = utf8ToBytes(`paypost/1/batch-file/${direction}`);
  const prefix = sha512(concatBytes(context, fileId)).subarray(0, 15);
  return (index, isLast) => concatBytes(prefix, uint64Bytes(BigInt(index)), Uint8Array.of(isLast ? 1 : 0));
}

function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
