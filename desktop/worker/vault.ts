/**
 * What lies sealed on the disk: each value in a NaCl secretbox of its own, under a key that follows from the node's signing
 * key and serves nothing else. It can be used while that key is in memory, and no longer. What is large is sealed by the
 * platform's ChaCha20-Poly1305 (RFC 8439), some fifty times quicker, under another such key.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { contextOf } from "#sync/signing/realm.ts";
import { webRandomBytes } from "#sync/signing/random.ts";

export interface Vault {
  /** The 32 bytes that the node's key pair is made of. */
  unlock(seed: Uint8Array): void;
  lock(): void;
  /** All of these throw VaultLockedError while it is locked. */
  seal(value: Uint8Array): Uint8Array;
  /** Undefined where the value was sealed under another key, or was changed. */
  open(sealed: Uint8Array): Uint8Array | undefined;
  /** The same for what is large. */
  sealLarge(value: Uint8Array): Uint8Array;
  openLarge(sealed: Uint8Array): Buffer | undefined;
  /** Told when it is locked: what was opened is to be forgotten. */
  whenLocked(forget: () => void): void;
}

export class VaultLockedError extends Error {}

const nonceBytes = 24;

/** 96 bits by chance: of 2^32 values under one key two would share a nonce with a chance of 2^-33. */
const large = { algorithm: "chacha20-poly1305", nonceBytes: 12, tagBytes: 16 } as const;

export function createVault(): Vault {
  let keys: { readonly each: Uint8Array; readonly large: Uint8Array } | undefined;
  const forgetting: (() => void)[] = [];
  const inUse = () => {
    if (!keys) throw new VaultLockedError("the till is locked");
    return keys;
  };
  return {
    unlock(seed) {
      const keyFor = (use: number) =>
        sha512(concatBytes(contextOf("at-rest"), Uint8Array.of(use), seed)).slice(
          0,
          nacl.secretbox.keyLength,
        );
      keys = { each: keyFor(0), large: keyFor(1) };
    },
    lock() {
      keys?.each.fill(0);
      keys?.large.fill(0);
      keys = undefined;
      for (const forget of forgetting) forget();
    },
    seal(value) {
      const nonce = webRandomBytes(nonceBytes);
      return concatBytes(nonce, nacl.secretbox(value, nonce, inUse().each));
    },
    open(sealed) {
      if (sealed.length < nonceBytes) return undefined;
      const bytes = Uint8Array.from(sealed);
      const box = bytes.subarray(nonceBytes);
      return nacl.secretbox.open(box, bytes.subarray(0, nonceBytes), inUse().each) ?? undefined;
    },
    sealLarge(value) {
      const nonce = webRandomBytes(large.nonceBytes);
      const { algorithm, tagBytes: authTagLength } = large;
      const cipher = createCipheriv(algorithm, inUse().large, nonce, { authTagLength });
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    },
    openLarge(sealed) {
      const { algorithm, nonceBytes: start, tagBytes: authTagLength } = large;
      const end = sealed.length - authTagLength;
      if (end < start) return undefined;
      const decipher = createDecipheriv(algorithm, inUse().large, sealed.subarray(0, start), {
        authTagLength,
      });
      decipher.setAuthTag(sealed.subarray(end));
      const value = decipher.update(sealed.subarray(start, end));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return value;
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
