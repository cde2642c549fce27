/**
 * The SQL of some work, recorded once and replayed through the driver alone: what the database itself needs for it. Ids that
 * the database gives while it is replayed take the place of those that it gave while it was recorded.
 */
import { Client, Pool } from "pg";
import { exactTypes } from "../../node-server/postgres/pool.ts";

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** The `id` that it gave, where it gave one. */
  readonly gaveId: unknown;
}

export type Transcript = readonly Statement[];

export interface Recorder {
  readonly pool: Pool;
  /** What the work asks of the database, in its order; nothing else may use the pool meanwhile. */
  record(work: () => Promise<unknown>): Promise<Transcript>;
}

export function createRecorder(url: string): Recorder {
  let heard: Statement[] | undefined;
  class RecordingClient extends Client {
    // The driver's own type is a dozen overloads; kysely calls it with a text, its values and no callback.
    override query = (async (...args: [unknown, ...unknown[]]): Promise<unknown> => {
      const result = await (
        super.query.bind(this) as (...given: unknown[]) => Promise<{ rows: { id?: unknown }[] }>
      )(...args);
      const [text, values] = args;
      if (typeof text === "string")
        heard?.push({ text, values: Array.isArray(values) ? values : [], gaveId: result.rows[0]?.id });
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

/** Milliseconds that each transcript took, over so many connections at once. */
export async function replay(
  url: string,
  transcripts: readonly Transcript[],
  connections: number,
): Promise<number[]> {
  const waiting = [...transcripts];
  const took: number[] = [];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client({ connectionString: url, types: exactTypes() });
      await client.connect();
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const begun = performance.now();
        await replayOne(client, next);
        took.push(performance.now() - begun);
      }
      await client.end();
    }),
  );
  return took;
}

async function replayOne(client: Client, transcript: Transcript): Promise<void> {
  const ids = new Map<unknown, unknown>();
  for (const { text, values, gaveId } of transcript) {
    const { rows } = await client.query<{ id?: unknown }>(
      text,
      values.map((value) => ids.get(value) ?? value),
    );
    const given = rows[0]?.id;
    if (typeof gaveId === "bigint" && typeof given === "bigint") ids.set(gaveId, given);
  }
}

/** Makes `copies` of a database that nobody is connected to. */
export async function copyDatabase(url: string, copies: readonly string[]): Promise<string[]> {
  const name = new URL(url).pathname.slice(1);
  const admin = new URL(url);
  admin.pathname = "/postgres";
  const client = new Client({ connectionString: admin.href });
  await client.connect();
  const made: string[] = [];
  for (const copy of copies) {
    await client.query(`create database ${copy} template ${client.escapeIdentifier(name)}`);
    const copied = new URL(url);
    copied.pathname = `/${copy}`;
    made.push(copied.href);
  }
  await client.end();
  return made;
}
