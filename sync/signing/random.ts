/**
 * Randomness as an argument, so that a simulation can replay a run from its seed; everything real uses
 * `webRandomBytes`.
 */

/** Returns `length` fresh bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Cryptographic random bytes of the runtime (Web Crypto `getRandomValues`). */
export const webRandomBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
