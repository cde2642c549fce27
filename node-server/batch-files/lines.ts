/** Lines of UTF-8 text out of a stream of bytes, each of bounded length. */
import { concatBytes } from "@noble/hashes/utils.js";
import { FileRefused } from "./refusal.ts";

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly byteLength: number;
}

/** A newline at the very end opens no further line. Throws FileRefused for a line too long or one that is no UTF-8. */
export async function* linesOf(content: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Line> {
  let number = 1;
  let open: Uint8Array[] = [];
  let openLength = 0;
  for await (const piece of content) {
    let start = 0;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, start)) {
      yield lineOf(number, concatBytes(...open, piece.subarray(start, end)), mostBytes);
      number += 1;
      start = end + 1;
      open = [];
      openLength = 0;
    }
    open.push(piece.subarray(start));
    openLength += piece.length - start;
    if (openLength > mostBytes) throw malformed(number, `is longer than ${mostBytes} bytes`);
  }
  if (openLength > 0) yield lineOf(number, concatBytes(...open), mostBytes);
}

const newline = 10;
const decoder = new TextDecoder("utf-8", { fatal: true });

function lineOf(number: number, bytes: Uint8Array, mostBytes: number): Line {
  if (bytes.length > mostBytes) throw malformed(number, `is longer than ${mostBytes} bytes`);
  const text = decode(number, bytes);
  return { number, text: text.endsWith("\r") ? text.slice(0, -1) : text, byteLength: bytes.length };
}

function decode(number: number, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw malformed(number, "is not UTF-8");
    throw error;
  }
}

function malformed(number: number, reason: string): FileRefused {
  return new FileRefused({ code: "malformed", place: `line ${number}`, field: "", reason });
}
