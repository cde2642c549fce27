/** Binds a database to one key folder: signatures by two sets of keys over one database could never be untangled. */
import type { Pool } from "pg";
import { equalBytes } from "#sync/signing/bytes.ts";

export interface PublicKeyEntry {
  readonly kind: string;
  readonly publicKey: Uint8Array;
}

export class WrongKeyFolderError extends Error {}

/**
 * Registers the keys at the first start; later compares them. Returns when they were first registered, in
 * milliseconds. Throws WrongKeyFolderError when the folder holds other keys than the database knows.
 */
export async function registerServerKeys(pool: Pool, keys: readonly PublicKeyEntry[]): Promise<number> {
  for (const { kind, publicKey } of keys) {
    await pool.query(
      `insert into server_keys (kind, public_key) values ($1, $2) on conflict (kind) do nothing`,
      [kind, publicKey],
    );
  }
  const { rows } = await pool.query<{ kind: string; public_key: Uint8Array; created_at: Date }>(
    `select kind, public_key, created_at from server_keys`,
  );
  for (const { kind, publicKey } of keys) {
    const stored = rows.find((row) => row.kind === kind);
    if (!stored || !equalBytes(new Uint8Array(stored.public_key), publicKey)) {
      throw new WrongKeyFolderError(
        `The ${kind} key in the key folder is not the one this database was started with. ` +
          `Point PAYPOST_KEYS at the folder that belongs to this database; nothing was changed.`,
      );
    }
  }
  return Math.min(...rows.map((row) => row.created_at.getTime()));
}
