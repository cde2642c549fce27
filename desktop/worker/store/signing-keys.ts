/** The keys that followed the one that the node was enrolled with; each lies sealed under what follows from that one. */
import type { KeyChangeStorage, SignedKeyChange } from "#sync/node-key-change.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { NodeDatabase } from "../database.ts";
import type { Vault } from "../vault.ts";

export interface SigningKeyStorage extends KeyChangeStorage {
  /** Keeps the next key: from then on it signs. */
  keep(change: SignedKeyChange, key: Ed25519Key): void;
  /** The key that signs now; undefined where it is still the one of the enrolment. Throws while the vault is locked. */
  current(): Ed25519Key | undefined;
  /** For the key that signed the operation; undefined where it was the one of the enrolment, or the server has not answered. */
  certificateFor(sequence: number): Uint8Array | undefined;
}

interface KeyRow {
  readonly key_from: bigint;
  readonly public_key: Buffer;
  readonly sealed_seed: Buffer;
  readonly after_hash: Buffer;
  readonly by_old: Buffer;
  readonly by_new: Buffer;
  readonly certificate: Buffer | null;
}

export function createSigningKeyStorage(
  database: NodeDatabase,
  vault: Vault,
  nodeId: () => string,
): SigningKeyStorage {
  const all = database.prepare<[], KeyRow>("select * from signing_keys order by number");
  return {
    keyChanges: () => {
      const rows = all.all();
      return rows.map((row) => ({
        nodeId: nodeId(),
        keyFrom: Number(row.key_from),
        publicKey: Uint8Array.from(row.public_key),
        afterHash: Uint8Array.from(row.after_hash),
        byOld: Uint8Array.from(row.by_old),
        byNew: Uint8Array.from(row.by_new),
        isConfirmed: row.certificate !== null,
      }));
    },
    confirm: ({ publicKey }, certificate) =>
      void database
        .prepare("update signing_keys set certificate = ? where public_key = ?")
        .run(certificate, publicKey),
    keep({ keyFrom, publicKey, afterHash, byOld, byNew }, key) {
      database
        .prepare(
          `insert into signing_keys (key_from, public_key, sealed_seed, after_hash, by_old, by_new)
           values (?, ?, ?, ?, ?, ?)`,
        )
        .run(keyFrom, publicKey, vault.seal(key.seed), afterHash, byOld, byNew);
    },
    current() {
      const row = all.all().at(-1);
      if (!row) return undefined;
      const seed = vault.open(row.sealed_seed);
      if (!seed) throw new Error("the till's signing key cannot be read");
      return ed25519Key(seed);
    },
    certificateFor(sequence) {
      const signed = all.all().findLast((row) => Number(row.key_from) <= sequence);
      return signed?.certificate ? Uint8Array.from(signed.certificate) : undefined;
    },
  };
}
