/**
 * gzip (RFC 1952) with the web's own streams, so that it is the same on Node, Deno and in a page. What is unpacked is
 * counted as it comes: a small body that would become an enormous one is given up at the bound.
 */

/** Below this many bytes packing gains nothing. */
export const leastBytesToPack = 512;

export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = streamOf(bytes).pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

export type Unpacked =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly refusal: "too-large" | "not-gzip" };

/** Never holds more than `mostBytes` and one piece of the stream. */
export async function gunzip(packed: Uint8Array, mostBytes: number): Promise<Unpacked> {
  try {
    const bytes = await readAtMost(streamOf(packed).pipeThrough(new DecompressionStream("gzip")), mostBytes);
    return bytes ? { ok: true, bytes } : { ok: false, refusal: "too-large" };
  } catch {
    return { ok: false, refusal: "not-gzip" };
  }
}

/** Undefined, and the rest is not read, when there are more bytes. */
export async function readAtMost(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  mostBytes: number,
): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > mostBytes) {
      await reader.cancel();
      return undefined;
    }
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([Uint8Array.from(bytes)]).stream();
}
