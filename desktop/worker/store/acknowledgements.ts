/** The server's signed word on files that this node exported, in SQLite. */
import type { Acknowledgement } from "#sync/documents/acknowledgement.ts";
import type { NodeDatabase } from "../database.ts";

export interface AcknowledgementStorage {
  /** One that is kept already stays. */
  keep(acknowledgement: Acknowledgement, document: Uint8Array): void;
  /** The last operation that an acknowledged file holds; 0 where there is none. */
  lastSequence(): number;
}

export function createAcknowledgementStorage(database: NodeDatabase): AcknowledgementStorage {
  const insert = database.prepare(
    `insert into acknowledgements (file_hash, last_sequence, document, server_time_ms) values (?, ?, ?, ?)
     on conflict do nothing`,
  );
  const last = database.prepare<[], { last: bigint | null }>(
    "select max(last_sequence) as last from acknowledgements",
  );
  return {
    keep: ({ fileHash, lastSequence, serverTimeMs }, document) =>
      void insert.run(fileHash, lastSequence, document, serverTimeMs),
    lastSequence: () => Number(last.get()?.last ?? 0n),
  };
}
