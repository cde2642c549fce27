/** Financial addresses at rest: sealed (NaCl secretbox) under a key of the server, and found by a keyed hash. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";

export interface AddressKeys {
  seal(address: string): Uint8Array;
  /** Throws for what this key has not sealed. */
  open(sealed: Uint8Array): string;
  /** What a payee is found by; `part` keeps hashes for different uses apart. */
  index(part: "payee" | "payment", text: string): Uint8Array;
}

export function createAddressKeys(key: Uint8Array, randomBytes: (length: number) => Uint8Array): AddressKeys {
  const indexKey = hmac(sha256, key, utf8ToBytes("paypost/1/address-index"));
  return {
    seal(address) {
      const nonce = randomBytes(nacl.secretbox.nonceLength);
      return concatBytes(nonce, nacl.secretbox(utf8ToBytes(address), nonce, key));
    },
    open(sealed) {
      const nonce = Uint8Array.from(sealed.subarray(0, nacl.secretbox.nonceLength));
      const opened = nacl.secretbox.open(Uint8Array.from(sealed.subarray(nonce.length)), nonce, key);
      if (!opened) throw new Error("a financial address does not open: it was sealed under another key");
      return new TextDecoder().decode(opened);
    },
    index: (part, text) => hmac(sha256, indexKey, utf8ToBytes(`${part}/${text}`)),
  };
}
