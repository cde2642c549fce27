/**
 * Payers' financial addresses and aliases: addresses are sealed with a key of the key folder, aliases found by a keyed
 * index, so that the database alone tells neither.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import type { AliasType } from "../ports/bill-rows.ts";
import type { Tx } from "../ports/store.ts";

export interface AddressSeal {
  readonly seal: (address: string, randomBytes: (length: number) => Uint8Array) => Uint8Array;
  readonly open: OpenAddress;
}

/** Throws for what was not sealed with this installation's key. */
export type OpenAddress = (sealed: Uint8Array) => string;

export interface PayerAlias {
  readonly type: AliasType;
  readonly id: string;
}

/** The account mapper as requests to pay need it: whose customer somebody is, and how that FI knows them. */
export type ResolveAlias = (
  tx: Tx,
  alias: PayerAlias,
) => Promise<{ readonly payerFiId: string; readonly sealedAddress: Uint8Array } | undefined>;

export function addressSeal(key: Uint8Array): AddressSeal {
  const { nonceLength } = nacl.secretbox;
  return {
    seal(address, randomBytes) {
      const nonce = randomBytes(nonceLength);
      return concatBytes(nonce, nacl.secretbox(utf8ToBytes(address), nonce, key));
    },
    open(sealed) {
      const opened = nacl.secretbox.open(sealed.subarray(nonceLength), sealed.subarray(0, nonceLength), key);
      if (!opened) throw new Error("a payer's address does not open with this installation's key");
      return new TextDecoder().decode(opened);
    },
  };
}

/** Aliases that operators registered for payer FIs. */
export function registeredAliases(indexKey: Uint8Array): ResolveAlias {
  return (tx, alias) => tx.billers.alias(alias.type, aliasIndex(indexKey, alias));
}

/** Letters' case, spaces and dashes make no other alias. */
export function aliasIndex(indexKey: Uint8Array, { type, id }: PayerAlias): Uint8Array {
  const plain = id.toLowerCase().replace(type === "02" ? /\s/g : /[\s-]/g, "");
  return hmac(sha256, indexKey, utf8ToBytes(`payer-alias/${type}/${plain}`));
}
