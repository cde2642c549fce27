/** Reading a stream by lengths, holding no more of it than what was asked for and one piece. */

export interface ByteReader {
  /** The next bytes: fewer than `count` only at the end of the stream. */
  read(count: number): Promise<Uint8Array>;
}

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const pieces = source[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array();
  return {
    async read(count) {
      const bytes = new Uint8Array(count);
      let length = 0;
      while (length < count) {
        if (piece.length === 0) {
          const next = await pieces.next();
          if (next.done) break;
          piece = next.value;
        }
        const taken = piece.subarray(0, count - length);
        bytes.set(taken, length);
        length += taken.length;
        piece = piece.subarray(taken.length);
      }
      return bytes.subarray(0, length);
    },
  };
}
