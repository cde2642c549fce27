/**
 * An uploaded file on disk while it is checked and then stored, encrypted as it came. It has no name from the moment it
 * is made, so that nothing stays of it, also when the process is killed.
 */
import { randomUUID } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileRefused } from "./refusal.ts";

export interface Spooled {
  /** From the beginning, as often as wanted. */
  read(): AsyncIterable<Uint8Array>;
  remove(): Promise<void>;
}

/** Throws FileRefused for a body that is longer. */
export async function spool(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Spooled> {
  const path = join(tmpdir(), `paypost-upload-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
    await write(file, body, mostBytes);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { read: () => piecesOf(file), remove: () => file.close() };
}

async function write(file: FileHandle, body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<void> {
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > mostBytes) throw new FileRefused({ code: "too-large", mostBytes });
    await file.writeFile(piece);
  }
}

const pieceLength = 65_536;

async function* piecesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  let position = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(pieceLength), 0, pieceLength, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
