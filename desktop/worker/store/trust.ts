/** The key sets, policies and groups that the node accepted, in SQLite. */
import { decodeKeySet } from "#sync/documents/key-set.ts";
import type { KeySet } from "#sync/documents/key-set.ts";
import { decodePolicy } from "#sync/documents/policy.ts";
import type { TrustStorage } from "#sync/ports/trust-storage.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { NodeDatabase } from "../database.ts";

export function createTrustStorage(database: NodeDatabase): TrustStorage {
  const newest = database.prepare<[], { document: Buffer }>(
    "select document from trust_documents where kind = 'key-set' order by version desc limit 1",
  );
  const insert = database.prepare(
    "insert into trust_documents (kind, version, document) values (?, ?, ?) on conflict do nothing",
  );
  const newestDocument = (): Buffer => {
    const row = newest.get();
    if (!row) throw new Error("a node that is not enrolled trusts no key");
    return row.document;
  };
  const policy = database.prepare<[number], { document: Buffer }>(
    "select document from trust_documents where kind = 'policy' and version = ?",
  );
  const accepted = database.prepare<[string], object>("select 1 from accepted_groups where code = ?");
  const accept = database.prepare("insert into accepted_groups (code) values (?) on conflict do nothing");
  let read: { readonly document: Buffer; readonly keySet: KeySet } | undefined;
  return {
    keySetDocument: () => Uint8Array.from(newestDocument()),
    keySet() {
      const document = newestDocument();
      // Every operation asks for it, and checking its keys costs a small machine some ten milliseconds.
      if (!read?.document.equals(document))
        read = { document, keySet: readKeySet(Uint8Array.from(document)) };
      return read.keySet;
    },
    keepKeySet: ({ version }, document) => void insert.run("key-set", version, document),
    policy(version) {
      const row = policy.get(version);
      if (!row) return undefined;
      const parsed = parseDocument(Uint8Array.from(row.document));
      const read = parsed.ok ? decodePolicy(parsed.payload) : parsed;
      if (!read.ok) throw new Error(`the stored policy ${version} cannot be read`);
      return read.value;
    },
    keepPolicy: ({ version }, document) => void insert.run("policy", version, document),
    accepts: (group) => accepted.get(group) !== undefined,
    keepAccepted(groups) {
      database.prepare("delete from accepted_groups").run();
      for (const group of groups) accept.run(group);
    },
  };
}

/** The signature was checked when the set came, by a key that need not be in the set itself. */
function readKeySet(document: Uint8Array): KeySet {
  const parsed = parseDocument(document);
  const decoded = parsed.ok ? decodeKeySet(parsed.payload) : parsed;
  if (!decoded.ok) throw new Error("the stored key set cannot be read");
  return decoded.value;
}
