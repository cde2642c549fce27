/**
 * Payers' names as they are kept: sealed. Whoever searches by name opens all of them, so that what was opened is remembered
 * while the till is open.
 */
import { openText, sealText } from "../vault.ts";
import type { Vault } from "../vault.ts";

export interface PayerNames {
  seal(name: string | null): Uint8Array | null;
  /** Null where there is none, or where it cannot be opened: the server tells it again. */
  open(sealed: Uint8Array | null): string | null;
}

/** What distinguishes sealed values: no two have the same nonce. */
const nonceBytes = 24;
const mostRemembered = 200_000;

export function createPayerNames(vault: Vault): PayerNames {
  const opened = new Map<string, string | null>();
  vault.whenLocked(() => opened.clear());
  return {
    seal: (name) => (name === null ? null : sealText(vault, name)),
    open(sealed) {
      if (sealed === null) return null;
      const nonce = Buffer.from(sealed.buffer, sealed.byteOffset, nonceBytes).toString("latin1");
      const known = opened.get(nonce);
      if (known !== undefined) return known;
      const name = openText(vault, sealed) ?? null;
      if (opened.size >= mostRemembered) opened.clear();
      opened.set(nonce, name);
      return name;
    },
  };
}
