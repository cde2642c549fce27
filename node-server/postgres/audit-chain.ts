/** The chain of the audit trail in the database: entries get their places, and are read back by them. */
import type { Pool, PoolClient } from "pg";
import { emptyChain, follow } from "../audit/chain.ts";
import type { ChainedEntry, ChainHead } from "../audit/chain.ts";
import { inTransaction } from "./transaction.ts";

/** Key of the advisory lock that the sealer holds until its commit ("audit" in ASCII). */
const sealerLock = 0x61_75_64_69_74;

const entriesAtATime = 2_000;

/** Gives places to what is committed and has none, one process at a time. Gives how many there were. */
export async function sealAudit(pool: Pool): Promise<number> {
  for (let sealed = 0; ;) {
    // Most calls find nothing, and must not wait for a lock to learn it.
    const waiting = await pool.query("select from audit_unsealed limit 1");
    if (waiting.rowCount === 0) return sealed;
    const more = await inTransaction(pool, begin, sealSome);
    if (more === 0) return sealed;
    sealed += more;
  }
}

// A process that stops in the middle of this must not stop the others for long.
const begin = `
  begin isolation level read committed;
  set local idle_in_transaction_session_timeout = '10s';
  set local lock_timeout = '15s'`;

async function sealSome(client: PoolClient): Promise<number> {
  await client.query("select pg_advisory_xact_lock($1)", [sealerLock]);
  // Statements of their own: their view must be younger than the lock.
  let head = await readHead(client);
  const before = head.position;
  const entries = await unsealedEntries(client);
  if (entries.length === 0) return 0;
  const hashes = entries.map((row) => (head = follow(head, entryOf(row))).hash);
  const ids = entries.map(({ id }) => id);
  await client.query(
    `insert into audit_seals (position, entry_id, hash)
     select $1::bigint + n, id, hash from unnest($2::bigint[], $3::bytea[]) with ordinality as s (id, hash, n)`,
    [before, ids, hashes],
  );
  await client.query("delete from audit_unsealed where entry_id = any($1::bigint[])", [ids]);
  return entries.length;
}

/** As one JSON text, which this process reads in a part of the time that it takes for as many rows of columns. */
async function unsealedEntries(client: PoolClient): Promise<readonly EntryRow[]> {
  const { rows } = await client.query<{ entries: readonly EntryRow[] | null }>(
    `select json_agg(to_json(e) order by e.id::bigint) as entries from (
       select ${entryColumns} from audit_unsealed u join audit_entries e on e.id = u.entry_id
       order by u.entry_id limit $1) e`,
    [entriesAtATime],
  );
  return rows[0]?.entries ?? [];
}

export interface HeadRow {
  readonly position: bigint;
  readonly hash: Buffer;
}

/** No row before the first entry has its place. */
export const headQuery = "select position, hash from audit_seals order by position desc limit 1";

export async function readHead(client: Pick<PoolClient, "query">): Promise<ChainHead> {
  const { rows } = await client.query<HeadRow>(headQuery);
  const [row] = rows;
  return row ? { position: row.position, hash: new Uint8Array(row.hash) } : emptyChain;
}

export interface SealedEntry {
  readonly position: bigint;
  readonly entryId: bigint;
  readonly hash: Uint8Array;
  /** Undefined where the entry is gone. */
  readonly entry: ChainedEntry | undefined;
}

export interface AuditReader {
  generation(): Promise<number>;
  /** The end of the chain. */
  end(): Promise<ChainHead>;
  /** By place, from the one after `position`. */
  sealedAfter(position: bigint, limit: number): Promise<SealedEntry[]>;
  /** Those that have no place yet, and since when the oldest of them waits. */
  unsealed(): Promise<{ readonly count: number; readonly oldestAt: Date | null }>;
  /** Entries that neither have a place nor wait for one, at most `limit`. */
  unplaced(limit: number): Promise<bigint[]>;
}

/** Reads the trail as it is at one moment, whatever is written meanwhile. */
export async function readAudit<T>(pool: Pool, work: (reader: AuditReader) => Promise<T>): Promise<T> {
  return inTransaction(pool, "begin isolation level repeatable read read only", (client) =>
    work(auditReader(client)),
  );
}

/** What it reads is as consistent as the client's transaction. */
export function auditReader(client: PoolClient): AuditReader {
  return {
    async generation() {
      const { rows } = await client.query<{ generation: number }>("select generation from server_identity");
      return rows[0]?.generation ?? 0;
    },
    end: () => readHead(client),
    async sealedAfter(position, limit) {
      const { rows } = await client.query<SealedRow>(
        `select s.position, s.entry_id, s.hash, ${entryColumns}
         from audit_seals s left join audit_entries e on e.id = s.entry_id
         where s.position > $1 order by s.position limit $2`,
        [position, limit],
      );
      return rows.map((row) => ({
        position: row.position,
        entryId: row.entry_id,
        hash: new Uint8Array(row.hash),
        entry: row.id === null ? undefined : entryOf(row as EntryRow),
      }));
    },
    async unsealed() {
      const { rows } = await client.query<{ count: number; oldest: Date | null }>(
        `select count(*)::int as count, min(e.at) as oldest from audit_unsealed u join audit_entries e on e.id = u.entry_id`,
      );
      return { count: rows[0]?.count ?? 0, oldestAt: rows[0]?.oldest ?? null };
    },
    async unplaced(limit) {
      const { rows } = await client.query<{ id: bigint }>(
        `select id from audit_entries e
         where not exists (select from audit_seals s where s.entry_id = e.id)
           and not exists (select from audit_unsealed u where u.entry_id = e.id)
         order by id limit $1`,
        [limit],
      );
      return rows.map(({ id }) => id);
    },
  };
}

const entryColumns = `e.id::text as id, (extract(epoch from e.at) * 1000000)::bigint::text as at_us, e.actor, e.action, e.subject,
  e.before::text as before, e.after::text as after, e.origin`;

interface EntryRow {
  /** In decimal digits, since the numbers of JSON are doubles. */
  readonly id: string;
  readonly at_us: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly origin: string | null;
}

type SealedRow = { readonly position: bigint; readonly entry_id: bigint; readonly hash: Buffer } & {
  readonly [Column in keyof EntryRow]: EntryRow[Column] | null;
};

function entryOf({ at_us: atUs, ...row }: EntryRow): ChainedEntry {
  const { actor, action, subject, before, after, origin } = row;
  return { id: BigInt(row.id), atUs, actor, action, subject, before, after, origin };
}
