/**
 * What lies sealed on the disk: each value in a NaCl secretbox of its own, under a key that follows from the node's signing
 * key and serves nothing else. It can be used while that key is in memory, and no longer.
 */
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { contextOf } from "#sync/signing/realm.ts";
import { webRandomBytes } from "#sync/signing/random.ts";

export interface Vault {
  /** The 32 bytes that the node's key pair is made of. */
  unlock(seed: Uint8Array): void;
  lock(): void;
  /** Both throw VaultLockedError while it is locked. */
  seal(value: Uint8Array): Uint8Array;
  /** Undefined where the value was sealed under another key, or was changed. */
  open(sealed: Uint8Array): Uint8Array | undefined;
  /** Told when it is locked: what was opened is to be forgotten. */
  whenLocked(forget: () => void): void;
}

export class VaultLockedError extends Error {}

const nonceBytes = 24;

export function createVault(): Vault {
  let key: Uint8Array | undefined;
  const forgetting: (() => void)[] = [];
  const inUse = (): Uint8Array => {
    if (!key) throw new VaultLockedError("the till is locked");
    return key;
  };
  return {
    unlock(seed) {
      key = sha512(concatBytes(contextOf("at-rest"), Uint8Array.of(0), seed)).slice(
        0,
        nacl.secretbox.keyLength,
      );
    },
    lock() {
      key?.fill(0);
      key = undefined;
      for (const forget of forgetting) forget();
    },
    seal(value) {
      const nonce = webRandomBytes(nonceBytes);
      return concatBytes(nonce, nacl.secretbox(value, nonce, inUse()));
    },
    open(sealed) {
      const bytes = Uint8Array.from(sealed);
      const box = bytes.subarray(nonceBytes);
      return nacl.secretbox.open(box, bytes.subarray(0, nonceBytes), inUse()) ?? undefined;
    },
    whenLocked: (forget) => void forgetting.push(forget),
  };
}

export function sealText(vault: Vault, text: string): Uint8Array {
  return vault.seal(new TextEncoder().encode(text));
}

export function openText(vault: Vault, sealed: Uint8Array): string | undefined {
  const value = vault.open(sealed);
  return value && new TextDecoder().decode(value);
}
