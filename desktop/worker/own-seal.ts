/** Seals what the node keeps for itself, under a key that follows from its signing key (design: "Personal data at rest"). */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import type { RandomBytes } from "#sync/signing/random.ts";

export interface OwnSeal {
  seal(plain: Uint8Array): Uint8Array;
  /** Throws for what this node did not seal. */
  open(sealed: Uint8Array): Uint8Array;
}

const { nonceLength } = nacl.secretbox;

export function createOwnSeal(seed: Uint8Array, randomBytes: RandomBytes): OwnSeal {
  const key = hmac(sha256, seed, utf8ToBytes("paypost/1/node-storage"));
  return {
    seal(plain) {
      const nonce = randomBytes(nonceLength);
      return concatBytes(nonce, nacl.secretbox(plain, nonce, key));
    },
    open(sealed) {
      const nonce = sealed.subarray(0, nonceLength);
      const plain = nacl.secretbox.open(sealed.subarray(nonceLength), nonce, key);
      if (!plain) throw new Error("what this node sealed for itself does not open");
      return plain;
    },
  };
}
