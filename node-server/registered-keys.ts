/** The keys of a folder, once it is certain that they are those of the database they will sign for. */
import type { Pool } from "pg";
import { encodeKeySet } from "#sync/documents/key-set.ts";
import { signDocument } from "#sync/signing/cose.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import { loadServerKeys } from "./keys.ts";
import type { ServerKeys } from "./keys.ts";
import { registerServerKeys } from "./postgres/server-keys.ts";

/** The signed key set with what callers need of it at hand. */
export interface PublishedKeySet {
  readonly version: number;
  readonly document: Uint8Array;
  readonly boxPublicKey: Uint8Array;
}

/** Throws WrongKeyFolderError. */
export async function registerKeys(
  folder: string,
  pool: Pool,
  secret?: string,
): Promise<{ readonly keys: ServerKeys; readonly keySet: PublishedKeySet }> {
  const keys = await loadServerKeys(folder, secret);
  const signing = serverKinds.map((kind) => ({ kind, publicKey: keys.signers[kind].publicKey }));
  const entries = [
    ...signing,
    { kind: "box", publicKey: keys.boxKeys.publicKey },
    { kind: "callback", publicKey: keys.callbackKey.publicKey },
  ];
  return { keys, keySet: await publishKeys(keys, await registerServerKeys(pool, entries)) };
}

/** The first key set, the same bytes at every start and in every process: nothing in it depends on the moment. */
async function publishKeys(keys: ServerKeys, issuedAtMs: number): Promise<PublishedKeySet> {
  const payload = encodeKeySet({
    version: 1,
    issuedAtMs,
    keys: serverKinds.map((kind) => ({ kind, publicKey: keys.signers[kind].publicKey })),
    serverBoxKey: keys.boxKeys.publicKey,
  });
  const document = await signDocument(keys.signers["key-set"], payload);
  return { version: 1, document, boxPublicKey: keys.boxKeys.publicKey };
}
