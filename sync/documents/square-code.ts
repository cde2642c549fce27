/** Bytes as the text of a square code: a prefix and base45 (RFC 9285), which a QR code holds in its alphanumeric mode. */
import base45 from "base45";

/** One kind of text, told from others by its prefix. */
export interface SquareCode {
  toText(bytes: Uint8Array): string;
  /** Undefined where the text is not what `toText` would have written. */
  toBytes(scanned: string): Uint8Array | undefined;
}

export function squareCode(prefix: string, mostCharacters: number): SquareCode {
  return {
    toText: (bytes) => prefix + base45.encode(bytes),
    toBytes(scanned) {
      if (!scanned.startsWith(prefix) || scanned.length > mostCharacters) return undefined;
      const encoded = scanned.slice(prefix.length);
      const bytes = Uint8Array.from(base45.decode(encoded));
      // The library reads any text; only one that it would write itself is meant.
      return bytes.length > 0 && base45.encode(bytes) === encoded ? bytes : undefined;
    },
  };
}

/** A signed receipt, whole, as it is printed where it fits; the largest QR code holds 4296 characters. */
export const receiptCode = squareCode("PVR1:", 4296);
