/**
 * What would be lost with this till's folder: operations that neither the server has, by its signed word, nor two people
 * have given up (design section 3: sign-out, wipe and upgrade). It is asked of databases of earlier versions too.
 */
import { formatMajor } from "#core/money.ts";
import { decodeAcknowledgement } from "#sync/documents/acknowledgement.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { NodeDatabase } from "./database.ts";

export interface Unsynced {
  readonly operations: number;
  readonly lastSequence: number;
  /** What they are worth, as it is shown: `21.00 USD + 3.00 EUR`, or `nothing`. */
  readonly amount: string;
}

/** Undefined where nothing would be lost. */
export function unsynced(database: NodeDatabase): Unsynced | undefined {
  const safe = lastSafeSequence(database);
  const { count, last } = database
    .prepare<[bigint], { count: bigint; last: bigint | null }>(
      "select count(*) as count, max(sequence) as last from operations where sequence > ?",
    )
    .get(safe) ?? { count: 0n, last: null };
  if (last === null) return undefined;
  // An earlier version's database has no bills; a refund only takes back what a payment had counted.
  const sources = ["redemptions", "bill_payments"]
    .filter((table) => hasTable(database, table))
    .map((table) => `select sequence, currency, amount_minor from ${table}`);
  const sums = database
    .prepare<[bigint], { currency: string; amountMinor: bigint }>(
      `select currency, sum(amount_minor) as "amountMinor" from (${sources.join(" union all ")})
       where sequence > ? group by currency order by currency`,
    )
    .all(safe);
  const amount = sums.map((money) => `${formatMajor(money)} ${money.currency}`).join(" + ");
  return { operations: Number(count), lastSequence: Number(last), amount: amount || "nothing" };
}

function lastSafeSequence(database: NodeDatabase): bigint {
  const node = database
    .prepare<[], { sequence: bigint; generation: bigint }>(
      "select server_sequence as sequence, generation from node",
    )
    .get();
  if (!node) return 0n;
  const safe = [node.sequence, ...acknowledged(database, node.generation), writtenOff(database)];
  return safe.reduce((most, sequence) => (sequence > most ? sequence : most));
}

/** A server that was restored since may have lost the file that an earlier generation has acknowledged. */
function acknowledged(database: NodeDatabase, generation: bigint): bigint[] {
  if (!hasTable(database, "acknowledgements")) return [];
  const rows = database.prepare<[], { document: Buffer }>("select document from acknowledgements").all();
  return rows.flatMap(({ document }) => {
    const parsed = parseDocument(Uint8Array.from(document));
    const read = parsed.ok ? decodeAcknowledgement(parsed.payload) : undefined;
    return read?.ok && BigInt(read.value.generation) === generation ? [BigInt(read.value.lastSequence)] : [];
  });
}

function writtenOff(database: NodeDatabase): bigint {
  if (!hasTable(database, "write_offs")) return 0n;
  const row = database
    .prepare<[], { last: bigint | null }>(
      "select max(up_to_sequence) as last from write_offs where decided_by is not null",
    )
    .get();
  return row?.last ?? 0n;
}

function hasTable(database: NodeDatabase, name: string): boolean {
  const table = database.prepare("select 1 from sqlite_schema where type = 'table' and name = ?").get(name);
  return table !== undefined;
}
