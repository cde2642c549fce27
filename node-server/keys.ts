/**
 * This installation's secret keys, made at the first start; several servers over one database share them (design:
 * "Segregation").
 */
import { createKeyFiles } from "./key-files.ts";
import type { KeyStore } from "./ports/key-store.ts";
import { callbackKeyOf } from "./callbacks/signature.ts";
import type { CallbackKey } from "./callbacks/signature.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import type { BoxKeyPair } from "#sync/signing/sealed.ts";
import type { NumberKeys } from "./vouchers/numbers.ts";
import { signerOf } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";

export interface ServerKeys {
  readonly signers: Readonly<Record<ServerKind, Signer>>;
  /** Opens what nodes seal for the server, and encrypts voucher numbers for callers. */
  readonly boxKeys: BoxKeyPair;
  /** Signs callbacks; nodes have nothing to do with it. */
  readonly callbackKey: CallbackKey;
  /** Keys the blind index of voucher numbers. */
  readonly indexKey: Uint8Array;
  /** Seals answers that hold a voucher number (NaCl secretbox). */
  readonly answerKey: Uint8Array;
  /** What seals and finds financial addresses derives from it (`addresses.ts`). */
  readonly addressKey: Uint8Array;
  /** Seals what operators' authenticator apps hold (NaCl secretbox). */
  readonly operatorKey: Uint8Array;
}

/** Reads the keys of a folder, making those that are missing. Throws KeyFileError. */
export function loadServerKeys(folder: string, secret?: string): Promise<ServerKeys> {
  return keysOf(createKeyFiles(folder, secret));
}

async function keysOf(store: KeyStore): Promise<ServerKeys> {
  const signers = await Promise.all(
    serverKinds.map(async (kind) => [kind, signerOf(kind, await store.signing(kind))] as const),
  );
  return {
    signers: Object.fromEntries(signers) as Record<ServerKind, Signer>,
    boxKeys: boxKeyPair(await store.secret("box")),
    callbackKey: callbackKeyOf(await store.signing("callback")),
    indexKey: await store.secret("number-index"),
    answerKey: await store.secret("sealed-answer"),
    addressKey: await store.secret("address"),
    operatorKey: await store.secret("operator"),
  };
}

/** What drawing and keeping voucher numbers needs of the keys. */
export function numberKeysOf({ indexKey, boxKeys, signers }: ServerKeys): NumberKeys {
  return { indexKey, boxSecretKey: boxKeys.secretKey, tokenKeyId: signers["voucher-token"].keyId };
}
