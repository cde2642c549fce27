/**
 * Which databases are a sandbox's: they bear a mark, may be emptied at any time, and no other server works on them;
 * and a sandbox works on no other.
 */
import { Client } from "pg";
import type { Pool } from "pg";

export type DatabaseUse =
  /** Nothing is in it, or a schema that no server has used. */
  | { readonly use: "none" }
  /** `loadedAt` is null when its loading came to no end. */
  | { readonly use: "sandbox"; readonly seed: string; readonly loadedAt: Date | null }
  | { readonly use: "other" };

/** Refuses a server the database of the other kind; the message says what to do. */
export class WrongDatabaseError extends Error {}

export function databaseUse(url: string): Promise<DatabaseUse> {
  return withClient(url, readUse);
}

/** Throws WrongDatabaseError when a sandbox is to work on another database than its own, or a server on a sandbox's. */
export async function requireUse(url: string, isSandbox: boolean): Promise<void> {
  const { use } = await databaseUse(url);
  if ((use === "sandbox") === isSandbox) return;
  throw new WrongDatabaseError(
    isSandbox
      ? "This database is no sandbox's. Nothing was changed; point DATABASE_URL at an empty database, or leave it out."
      : "This database is a sandbox's: its vouchers have no value, and it is emptied at will. Point DATABASE_URL or " +
          "PAYPOST_DATA at another one, or start it with npm run sandbox.",
  );
}

/** Drops whatever is in a sandbox's database. */
export function emptySandbox(url: string): Promise<void> {
  return withClient(url, async (client) => {
    await client.query("begin");
    const found = await readUse(client);
    if (found.use !== "sandbox") throw new Error("only a sandbox's database is emptied");
    for (const schema of await schemasOf(client)) {
      await client.query(`drop schema ${client.escapeIdentifier(schema)} cascade`);
    }
    await client.query("create schema public");
    await client.query("commit");
  });
}

/** Marks a migrated database that no server has used; its loading begins. */
export function markSandbox(url: string, seed: string): Promise<void> {
  return withClient(url, async (client) => {
    await client.query(`insert into sandbox (seed) values ($1)`, [seed]);
  });
}

/** The loading is done: serials that the server draws begin after those of the seed. */
export async function finishSandbox(pool: Pool, highestSerial: bigint): Promise<void> {
  await pool.query(`select setval('voucher_serials', greatest($1::bigint, 1))`, [highestSerial]);
  await pool.query(`update sandbox set loaded_at = clock_timestamp()`);
}

async function readUse(client: Client): Promise<DatabaseUse> {
  if (await exists(client, "public.sandbox")) {
    const { rows } = await client.query<{ seed: string; loadedAt: Date | null }>(
      `select seed, loaded_at as "loadedAt" from public.sandbox`,
    );
    if (rows[0]) return { use: "sandbox", ...rows[0] };
  }
  // A server registers its keys before anything else: without any, none has ever worked here.
  if (await exists(client, "public.server_keys")) {
    const { rowCount } = await client.query(`select from public.server_keys limit 1`);
    return { use: rowCount === 0 ? "none" : "other" };
  }
  const { rowCount } = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any($1) limit 1`,
    [await schemasOf(client)],
  );
  return { use: rowCount === 0 ? "none" : "other" };
}

async function exists(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: string | null }>(`select to_regclass($1) as found`, [table]);
  return rows[0]?.found !== null;
}

async function schemasOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  );
  return rows.map(({ name }) => name);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: "paypost-sandbox" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    // After an error this ends the transaction too.
    await client.end();
  }
}
