/**
 * The platform's own scrypt for voucher numbers: in its thread pool, so that requests are answered meanwhile, and a few
 * at a time, since files and name look-ups wait for the same threads.
 */
import { scrypt } from "node:crypto";
import { availableParallelism } from "node:os";
import { verifierCost } from "#sync/documents/voucher-number.ts";
import type { VerifierScrypt } from "./numbers.ts";

/** The pool has four threads unless configured otherwise: one at least is left for everything else. */
const mostAtOnce = Math.min(3, availableParallelism());

export function createNativeScrypt(atOnce = mostAtOnce): VerifierScrypt {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (password, salt) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await derive(password, salt);
    } finally {
      // The place is handed over, so that nobody who comes in between takes it.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

function derive(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  const { N, r, p, dkLen } = verifierCost;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, dkLen, { N, r, p }, (error, derived) => {
      if (error) reject(error);
      else resolve(new Uint8Array(derived));
    });
  });
}
