/**
 * A payee as a node reads it in its shape `beneficiaries`: sealed under a key that only the server's key folder and this
 * node have, so that neither database tells of it, and found by an index under the same key.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { modalities } from "#core/payee-addresses.ts";
import type { Modality } from "#core/payee-addresses.ts";
import { toBase64 } from "../base64.ts";
import type { RandomBytes } from "../signing/random.ts";
import { decodeDocument, encodeDocument, listOf, mapOf, nullable } from "./codec.ts";
import { formatVersion, oneOf, text, yesOrNo } from "./fields.ts";

export interface RecordedAddress {
  readonly modality: Modality;
  readonly institutionCode: string | null;
  readonly address: string | null;
  readonly active: boolean;
  readonly preferred: boolean;
}

export interface PayeeRecord {
  readonly programme: string;
  readonly identity: string;
  readonly state: "active" | "inactive";
  readonly addresses: readonly RecordedAddress[];
}

const mostAddresses = 100;

const address = mapOf<RecordedAddress>({
  modality: [0, oneOf(...modalities)],
  institutionCode: [1, nullable(text(44))],
  address: [2, nullable(text(136))],
  active: [3, yesOrNo],
  preferred: [4, yesOrNo],
});

const versioned = mapOf<PayeeRecord & { readonly version: 1 }>({
  version: [1, formatVersion(1)],
  programme: [2, text(80)],
  identity: [3, text(80)],
  state: [4, oneOf("active", "inactive")],
  addresses: [5, listOf(address, mostAddresses)],
});

const { nonceLength, overheadLength } = nacl.secretbox;

export function sealPayeeRecord(key: Uint8Array, record: PayeeRecord, randomBytes: RandomBytes): Uint8Array {
  const nonce = randomBytes(nonceLength);
  return concatBytes(nonce, nacl.secretbox(encodeDocument(versioned, { version: 1, ...record }), nonce, key));
}

/** Undefined for what the server did not seal for this node. */
export function openPayeeRecord(key: Uint8Array, sealed: Uint8Array): PayeeRecord | undefined {
  if (sealed.length < nonceLength + overheadLength) return undefined;
  const plain = nacl.secretbox.open(sealed.subarray(nonceLength), sealed.subarray(0, nonceLength), key);
  const decoded = plain ? decodeDocument(versioned, plain) : undefined;
  if (!decoded?.ok) return undefined;
  const { version: _version, ...record } = decoded.value;
  return record;
}

/** What a payee is found by, base64. */
export function payeeIndexOf(key: Uint8Array, programme: string, identity: string): string {
  return toBase64(hmac(sha256, key, utf8ToBytes(`payee-index/${programme.length}/${programme}/${identity}`)));
}
