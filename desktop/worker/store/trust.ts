/** The key sets that the node accepted, in SQLite. */
import { decodeKeySet } from "#sync/documents/key-set.ts";
import type { TrustStorage } from "#sync/ports/trust-storage.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { NodeDatabase } from "../database.ts";

export function createTrustStorage(database: NodeDatabase): TrustStorage {
  const newest = database.prepare<[], { document: Buffer }>(
    "select document from trust_documents where kind = 'key-set' order by version desc limit 1",
  );
  const insert = database.prepare(
    "insert into trust_documents (kind, version, document) values ('key-set', ?, ?) on conflict do nothing",
  );
  const keySetDocument = (): Uint8Array => {
    const row = newest.get();
    if (!row) throw new Error("a node that is not enrolled trusts no key");
    return Uint8Array.from(row.document);
  };
  return {
    keySetDocument,
    keySet() {
      // The signature was checked when the set came, by a key that need not be in the set itself.
      const parsed = parseDocument(keySetDocument());
      const read = parsed.ok ? decodeKeySet(parsed.payload) : parsed;
      if (!read.ok) throw new Error("the stored key set cannot be read");
      return read.value;
    },
    keepKeySet: ({ version }, document) => void insert.run(version, document),
  };
}
