/**
 * Financial addresses as they are kept (GovStack Payments BB: "The financial address is kept tokenised"): vaultless tokens,
 * which hold the address itself, encrypted and authenticated. Both keys come from the key folder, not the database.
 *
 * A token opens only as the payee's it was made for, so one that is copied to another payee's row pays nobody. Texts of
 * usual length all give tokens of one length.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";

export interface AddressOwner {
  readonly institutionId: string;
  /** Empty for an address that is asked about without a payee. */
  readonly payeeIdentity: string;
}

export interface AddressTokens {
  seal(owner: AddressOwner, address: string): Uint8Array;
  /** Throws for a token of another payee or installation, or a damaged one. */
  open(owner: AddressOwner, token: Uint8Array): string;
  /** The same for the same address in an institution, and of no use without the key: what an address is found by. */
  indexOf(institutionId: string, address: string): Uint8Array;
  /** What a node's copies of its payees are sealed under; the node is given it once. */
  nodeKeyOf(nodeId: string): Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
}

const version = 1;
const paddedLength = 48;
const { nonceLength } = nacl.secretbox;

/** `key`: 32 bytes, from which the keys for sealing and for the index are derived. */
export function createAddressTokens(
  key: Uint8Array,
  randomBytes: (length: number) => Uint8Array,
): AddressTokens {
  const sealing = keyed(derive(key, "paypost/1/address-token"));
  const indexing = keyed(derive(key, "paypost/1/address-index"));
  const keyOf = ({ institutionId, payeeIdentity }: AddressOwner) => sealing(institutionId, payeeIdentity);
  return {
    seal(owner, address) {
      const nonce = randomBytes(nonceLength);
      const box = nacl.secretbox(padded(utf8ToBytes(address)), nonce, keyOf(owner));
      return concatBytes(Uint8Array.of(version), nonce, box);
    },
    open(owner, token) {
      const nonce = token.subarray(1, 1 + nonceLength);
      const opened =
        token[0] === version && nacl.secretbox.open(token.subarray(1 + nonceLength), nonce, keyOf(owner));
      if (!opened) throw new Error("an address token does not open: it is another payee's, or damaged");
      const end = opened.indexOf(0);
      return new TextDecoder().decode(end === -1 ? opened : opened.subarray(0, end));
    },
    indexOf: (institutionId, address) => indexing(institutionId, address),
    nodeKeyOf: (nodeId) => derive(key, `paypost/1/node-payees/${nodeId}`),
    randomBytes,
  };
}

/** For a store whose transactions have nothing to do with addresses, and which has no keys. */
export const noAddressTokens: AddressTokens = {
  seal: withoutKeys,
  open: withoutKeys,
  indexOf: withoutKeys,
  nodeKeyOf: withoutKeys,
  randomBytes: withoutKeys,
};

function withoutKeys(): never {
  throw new Error("this store was opened without the key of the payees' addresses");
}

/** No address holds U+0000, so what follows the first one is padding. */
function padded(text: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.ceil((text.length + 1) / paddedLength) * paddedLength);
  result.set(text);
  return result;
}

function derive(key: Uint8Array, purpose: string): Uint8Array {
  return hmac(sha256, key, utf8ToBytes(purpose));
}

/** HMAC over two texts; their lengths keep one pair from being read as another. */
function keyed(key: Uint8Array): (one: string, other: string) => Uint8Array {
  const begun = hmac.create(sha256, key);
  return (one, other) => {
    const text = utf8ToBytes(`${one.length}/${one}/${other}`);
    return begun.clone().update(text).digest();
  };
}
