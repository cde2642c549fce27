/** The keys that are not retired, with what signs by each, and the key set that tells nodes of them. */
import type { Pool, PoolClient } from "pg";
import { encodeKeySet } from "#sync/documents/key-set.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { signDocument } from "#sync/signing/cose.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { signerOf } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { KeyStore, SigningKey } from "../ports/key-store.ts";
import { readSigningKeys } from "../postgres/signing-key-rows.ts";
import type { KeySetRow, SigningKeyRow } from "../postgres/signing-key-rows.ts";
import { keyName } from "./kinds.ts";

export interface HeldKey extends SigningKeyRow, SigningKey {}

/** The database was started with other keys than the folder holds, or the folder lacks one: signatures would not be believed. */
export class WrongKeyFolderError extends Error {}

/** `known` ones are not read from the store again. Throws WrongKeyFolderError. */
export async function readHeldKeys(
  store: KeyStore,
  client: Pool | PoolClient,
  known: readonly HeldKey[] = [],
): Promise<HeldKey[]> {
  const rows = (await readSigningKeys(client)).filter(({ state }) => state !== "retired");
  return Promise.all(rows.map((row) => holdKey(store, row, known)));
}

async function holdKey(store: KeyStore, row: SigningKeyRow, known: readonly HeldKey[]): Promise<HeldKey> {
  const { kind, number, publicKey } = row;
  const before = known.find((key) => key.kind === kind && key.number === number);
  const key = before ?? (await store.findSigning(keyName(kind, number)));
  if (!key || !equalBytes(key.publicKey, publicKey)) throw wrongFolder(keyName(kind, number));
  return { ...row, sign: key.sign };
}

export function wrongFolder(name: string): WrongKeyFolderError {
  return new WrongKeyFolderError(
    `The ${name} key in the key folder is missing, or is not the one that this database knows. ` +
      `Point PAYPOST_KEYS at the folder that belongs to this database; nothing was changed.`,
  );
}

/** The signers of one kind, oldest first; the next key is among them. */
export function signersOf(held: readonly HeldKey[], kind: ServerKind): Signer[] {
  return held.filter((key) => key.kind === kind).map((key) => signerOf(kind, key));
}

/** The oldest key signs: whoever was told of it and of nothing since believes the newest set. */
export async function signKeySet(
  held: readonly HeldKey[],
  {
    version,
    issuedAtMs,
    boxPublicKey,
  }: Omit<KeySetRow, "document"> & {
    readonly issuedAtMs: number;
    readonly boxPublicKey: Uint8Array;
  },
): Promise<KeySetRow> {
  const [oldest] = signersOf(held, "key-set");
  if (!oldest) throw new Error("there is no key for key sets");
  const keys = serverKinds.flatMap((kind) =>
    signersOf(held, kind).map(({ publicKey }) => ({ kind, publicKey })),
  );
  const payload = encodeKeySet({ version, issuedAtMs, keys, serverBoxKey: boxPublicKey });
  return { version, document: await signDocument(oldest, payload) };
}
