/** A one-time code of 80 bits, in groups that can be read out over the telephone. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export function readableCode(randomBytes: (length: number) => Uint8Array): string {
  return Array.from(randomBytes(16), (byte) => alphabet[byte % 32])
    .join("")
    .replace(/(.{4})(?=.)/g, "$1-");
}
