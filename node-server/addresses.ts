/**
 * Financial addresses as they are kept (GovStack Payments BB: "The financial address is kept tokenised"): vaultless tokens,
 * which hold the address itself, encrypted and authenticated. Whatever keeps one keeps it by this module: payees of the
 * account mapper, batches of payments, payers of bills.
 *
 * One key of the key folder is behind all of them. Each use, and each payee, has a key of its own that derives from it, so a
 * token opens only as what it was made for: one that is copied to another payee's row, or from a payee to a batch, pays
 * nobody. Texts of usual length all give tokens of one length.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";

export interface AddressSeal {
  seal(address: string): Uint8Array;
  /** Throws for what was sealed for another use, another payee or another installation, and for a damaged token. */
  open(token: Uint8Array): string;
}

export interface AddressOwner {
  readonly institutionId: string;
  /** Empty for an address that is asked about without a payee. */
  readonly payeeIdentity: string;
}

export type AddressIndex = "payee-address" | "batch-payee" | "batch-payment" | "payer-alias";

export interface Addresses {
  ofPayee(owner: AddressOwner): AddressSeal;
  /** Of the instructions of disbursement batches. */
  readonly ofBatches: AddressSeal;
  /** Of who is asked to pay bills. */
  readonly ofPayers: AddressSeal;
  /** The same for the same texts, and of no use without the key: what is found by them. */
  index(use: AddressIndex, ...texts: readonly string[]): Uint8Array;
  /** What a node's copies of its payees are sealed under; the node is given it once. */
  nodeKeyOf(nodeId: string): Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** What the key that all addresses are sealed under is called where it is told; says nothing of the key. */
export function addressKeyId(key: Uint8Array): string {
  return bytesToHex(keyed(key)("key-id")).slice(0, 16);
}

const version = 1;
const paddedLength = 48;
const { nonceLength } = nacl.secretbox;

/** `key`: 32 bytes, from which all others are derived. */
export function createAddresses(key: Uint8Array, randomBytes: (length: number) => Uint8Array): Addresses {
  const derive = keyed(key);
  const payeeKey = keyed(derive("seal", "payee"));
  const indexes = {
    "payee-address": keyed(derive("index", "payee-address")),
    "batch-payee": keyed(derive("index", "batch-payee")),
    "batch-payment": keyed(derive("index", "batch-payment")),
    "payer-alias": keyed(derive("index", "payer-alias")),
  } as const satisfies Readonly<Record<AddressIndex, Keyed>>;
  return {
    ofPayee: ({ institutionId, payeeIdentity }) =>
      sealUnder(payeeKey(institutionId, payeeIdentity), randomBytes),
    ofBatches: sealUnder(derive("seal", "batch"), randomBytes),
    ofPayers: sealUnder(derive("seal", "payer"), randomBytes),
    index: (use, ...texts) => indexes[use](...texts),
    nodeKeyOf: (nodeId) => derive("node-payees", nodeId),
    randomBytes,
  };
}

/** For a store whose transactions have nothing to do with addresses, and which has no keys. */
export const noAddresses: Addresses = {
  ofPayee: withoutKey,
  ofBatches: { seal: withoutKey, open: withoutKey },
  ofPayers: { seal: withoutKey, open: withoutKey },
  index: withoutKey,
  nodeKeyOf: withoutKey,
  randomBytes: withoutKey,
};

function withoutKey(): never {
  throw new Error("this store was opened without the key of the addresses");
}

function sealUnder(key: Uint8Array, randomBytes: (length: number) => Uint8Array): AddressSeal {
  return {
    seal(address) {
      const nonce = randomBytes(nonceLength);
      const box = nacl.secretbox(padded(utf8ToBytes(address)), nonce, key);
      return concatBytes(Uint8Array.of(version), nonce, box);
    },
    open(token) {
      // The database's bytes may be a Buffer, which NaCl refuses.
      const bytes = Uint8Array.from(token);
      const nonce = bytes.subarray(1, 1 + nonceLength);
      const opened = bytes[0] === version && nacl.secretbox.open(bytes.subarray(1 + nonceLength), nonce, key);
      if (!opened) throw new Error("an address token does not open: it is another one's, or damaged");
      const end = opened.indexOf(0);
      return new TextDecoder().decode(end === -1 ? opened : opened.subarray(0, end));
    },
  };
}

/** No address holds U+0000, so what follows the first one is padding. */
function padded(text: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.ceil((text.length + 1) / paddedLength) * paddedLength);
  result.set(text);
  return result;
}

type Keyed = (...texts: readonly string[]) => Uint8Array;

/** HMAC over texts; their number and lengths keep one row of them from being read as another. */
function keyed(key: Uint8Array): Keyed {
  const begun = hmac.create(sha256, key).update(utf8ToBytes("paypost/1/address/"));
  return (...texts) => {
    const row = texts.map((text) => `${text.length}/${text}`).join("/");
    return begun
      .clone()
      .update(utf8ToBytes(`${texts.length}/${row}`))
      .digest();
  };
}
