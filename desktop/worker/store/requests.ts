/** What pages asked to be done once, and what came of it, in SQLite. */
import type { NodeDatabase } from "../database.ts";

export interface StoredRequest {
  /** Made by the page. */
  readonly id: string;
  readonly name: string;
  readonly digest: Uint8Array;
  /** JSON. */
  readonly answer: string;
  /** Of the operation that it made; null where it made none. */
  readonly sequence: number | null;
  readonly atMs: number;
}

export interface RequestStorage {
  find(id: string): StoredRequest | undefined;
  /** Called in the transaction of what was done. */
  keep(request: StoredRequest): void;
}

interface RequestRow {
  readonly id: string;
  readonly name: string;
  readonly digest: Buffer;
  readonly answer: string;
  readonly sequence: bigint | null;
  readonly at_ms: bigint;
}

export function createRequestStorage(database: NodeDatabase): RequestStorage {
  const byId = database.prepare<[string], RequestRow>("select * from requests where id = ?");
  const insert = database.prepare(
    "insert into requests (id, name, digest, answer, sequence, at_ms) values (@id, @name, @digest, @answer, @sequence, @atMs)",
  );
  return {
    find(id) {
      const row = byId.get(id);
      return row && rowToRequest(row);
    },
    keep: (request) => void insert.run(request),
  };
}

function rowToRequest({ at_ms: atMs, sequence, digest, ...row }: RequestRow): StoredRequest {
  return {
    ...row,
    digest: Uint8Array.from(digest),
    sequence: sequence === null ? null : Number(sequence),
    atMs: Number(atMs),
  };
}
