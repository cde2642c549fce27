/** The keys of a folder, once it is certain that they are those of the database they will sign for. */
import type { Pool } from "pg";
import { createKeyFiles } from "../key-files.ts";
import { serverKeysIn } from "../keys.ts";
import type { ServerKeys } from "../keys.ts";
import type { KeyStore } from "../ports/key-store.ts";
import { openKeyRing } from "./ring.ts";
import type { KeyRing } from "./ring.ts";

export interface RegisteredKeys {
  readonly keys: ServerKeys;
  readonly ring: KeyRing;
  readonly store: KeyStore;
}

/** Throws WrongKeyFolderError and KeyFileError. */
export async function registerKeys(folder: string, pool: Pool, secret?: string): Promise<RegisteredKeys> {
  const store = createKeyFiles(folder, secret);
  const keys = await serverKeysIn(store);
  return { keys, store, ring: await openKeyRing(store, pool, keys.boxKeys.publicKey) };
}
