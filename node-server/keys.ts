/**
 * This installation's secret keys, made at the first start; several servers over one database share them (design:
 * "Segregation"). Those that sign are in `signing-keys/`, since they are replaced while servers run.
 */
import { createKeyFiles } from "./key-files.ts";
import type { KeyStore } from "./ports/key-store.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import type { BoxKeyPair } from "#sync/signing/sealed.ts";

export interface ServerKeys {
  /** Opens what nodes seal for the server, and encrypts voucher numbers for callers. */
  readonly boxKeys: BoxKeyPair;
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
  return serverKeysIn(createKeyFiles(folder, secret));
}

export async function serverKeysIn(store: KeyStore): Promise<ServerKeys> {
  return {
    boxKeys: boxKeyPair(await store.secret("box")),
    indexKey: await store.secret("number-index"),
    answerKey: await store.secret("sealed-answer"),
    addressKey: await store.secret("address"),
    operatorKey: await store.secret("operator"),
  };
}
