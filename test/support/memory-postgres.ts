/**
 * PostgreSQL itself, compiled to WebAssembly, in this process and in memory (PGlite, by the makers of Electric), behind the
 * server's own driver: the same SQL, constraints, triggers and deferred rules as over the network. It has one connection,
 * so transactions come one after the other, and what is shown by two at once is shown on a server only.
 */
import { PGlite } from "@electric-sql/pglite";
import { createPgConfig } from "@electric-sql/pglite/node-postgres";
import { Pool } from "pg";
import { readMigrations, serverMigrationsFolder } from "../../node-server/postgres/migrate.ts";
import { exactTypes } from "../../node-server/postgres/pool.ts";

export interface MemoryPostgres {
  readonly pool: Pool;
  close(): Promise<void>;
}

/** A database with all migrations of the server applied; it takes some seconds. */
export async function startMemoryPostgres(): Promise<MemoryPostgres> {
  const database = await PGlite.create();
  const pool = new Pool(Object.assign(createPgConfig(database), { max: 1, types: exactTypes() }));
  for (const { sql } of await readMigrations(serverMigrationsFolder)) await pool.query(sql);
  return {
    pool,
    async close() {
      await pool.end();
      await database.close();
    },
  };
}
