/**
 * The SQL of some work, recorded once and replayed through the driver alone: what the database itself needs for
 * it. Ids that the database gives while it is replayed take the place of those that it gave while it was
 * recorded.
 */
import { Client, Pool } from "pg";
import { pino } from "pino";
import { createJobs } from "../../node-server/jobs/boss.ts";
import type { Store } from "../../node-server/ports/store.ts";
import { int8Array } from "../../node-server/postgres/arrays.ts";
import { exactTypes } from "../../node-server/postgres/pool.ts";
import { createPostgresStore } from "../../node-server/postgres/store.ts";

interface Statement {
  readonly text: string;
  /** Under which the store has it prepared; undefined where it does not. */
  readonly name: string | undefined;
  readonly values: readonly unknown[];
  /** The `id` of each row that it gave, where rows have one. */
  readonly gaveIds: readonly unknown[];
}

export type Transcript = readonly Statement[];

interface Recorder {
  readonly pool: Pool;
  /** What the work asks of the database, in its order; nothing else may use the pool meanwhile. */
  record(work: () => Promise<unknown>): Promise<Transcript>;
}

/** Does one piece of work after the other with the server's own code, and records the SQL of each. */
export async function recordAll(
  url: string,
  worksOf: (parts: { readonly store: Store }) => readonly (() => Promise<unknown>)[],
): Promise<Transcript[]> {
  const { pool, record } = createRecorder(url);
  const jobs = await createJobs({ connectionString: url, log: pino({ level: "silent" }) });
  const transcripts: Transcript[] = [];
  try {
    for (const work of worksOf({ store: createPostgresStore({ pool, jobs }) }))
      transcripts.push(await record(work));
    return transcripts;
  } finally {
    await pool.end();
    await jobs.stop();
  }
}

function createRecorder(url: string): Recorder {
  let heard: Statement[] | undefined;
  class RecordingClient extends Client {
    // The driver's own type is a dozen overloads; the store calls it with a text and its values, and no callback.
    override query = (async (
      ...args: [{ readonly text: string; readonly name?: string; readonly values: readonly unknown[] }]
    ): Promise<unknown> => {
      const result = await (
        super.query.bind(this) as (...given: unknown[]) => Promise<{ rows: { id?: unknown }[] }>
      )(...args);
      const [{ text, name, values }] = args;
      // What begins or ends a transaction is several statements, whose results are several too.
      const gaveIds = Array.isArray(result) ? [] : result.rows.map(({ id }) => id);
      heard?.push({ text, name, values, gaveIds });
      return result;
    }) as Client["query"];
  }
  const pool = new Pool({ connectionString: url, max: 1, types: exactTypes(), Client: RecordingClient });
  return {
    pool,
    async record(work) {
      heard = [];
      await work();
      const transcript = heard;
      heard = undefined;
      return transcript;
    },
  };
}

/** `prepared`: each statement is parsed and planned once for a connection, as the store has it. */
type How = "plain" | "prepared";

/** Milliseconds that each transcript took, over so many connections at once. */
export function replay(
  url: string,
  transcripts: readonly Transcript[],
  connections: number,
  how: How = "plain",
): Promise<number[]> {
  const waiting = [...transcripts];
  return replayLanes(
    url,
    Array.from({ length: connections }, () => () => waiting.shift()),
    how,
  );
}

/** A connection for each lane, which is what it is to do next until there is nothing. */
export async function replayLanes(
  url: string,
  lanes: readonly (() => Transcript | undefined)[],
  how: How = "plain",
): Promise<number[]> {
  const took: number[] = [];
  await Promise.all(
    lanes.map(async (nextOf) => {
      const client = new Client({ connectionString: url, types: exactTypes() });
      await client.connect();
      try {
        for (let next = nextOf(); next; next = nextOf()) {
          const begun = performance.now();
          await replayOne(client, next, how);
          took.push(performance.now() - begun);
        }
      } finally {
        await client.end();
      }
    }),
  );
  return took;
}

async function replayOne(client: Client, transcript: Transcript, how: How): Promise<void> {
  const ids = new Map<bigint, bigint>();
  const idsNow = (array: unknown) => int8Array(idsIn(array as Buffer).map((id) => ids.get(id) ?? id));
  for (const { text, name, values, gaveIds } of transcript) {
    const result = await client.query<{ id?: unknown }>({
      text,
      // Nothing else that the database numbers is named again.
      values: namesEntries(text) ? values.with(0, idsNow(values[0])) : [...values],
      ...(how === "prepared" && name !== undefined && { name }),
    });
    for (const [index, gave] of gaveIds.entries()) {
      const id = result.rows[index]?.id;
      if (typeof gave === "bigint" && typeof id === "bigint") ids.set(gave, id);
    }
  }
}

/** Makes copies of a database that nobody is connected to. */
export async function copyDatabase<const Names extends readonly string[]>(
  url: string,
  names: Names,
): Promise<{ readonly [Index in keyof Names]: string }> {
  const name = new URL(url).pathname.slice(1);
  const urlOf = (database: string) => Object.assign(new URL(url), { pathname: `/${database}` }).href;
  const client = new Client({ connectionString: urlOf("postgres") });
  await client.connect();
  for (const copy of names)
    await client.query(`create database ${copy} template ${client.escapeIdentifier(name)}`);
  await client.end();
  return names.map(urlOf) as { readonly [Index in keyof Names]: string };
}

/** What `int8Array` made into an array. */
function idsIn(array: Buffer): bigint[] {
  return Array.from({ length: array.readInt32BE(12) }, (_, index) => array.readBigInt64BE(24 + 12 * index));
}

function namesEntries(text: string): boolean {
  return text.includes("insert into journal_lines (entry_id");
}
