/** A database on a PostgreSQL server for one process of a simulation. */
import { Client } from "pg";
import type { Pool } from "pg";
import { migrateDatabase } from "../../node-server/postgres/migrate.ts";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";

/** `adminUrl`: of a database of the same server, as its superuser. */
export async function startPostgresDatabase(
  adminUrl: string,
): Promise<{ readonly pool: Pool; close(): Promise<void> }> {
  const name = `simulation_${process.pid}_${performance.now().toFixed(0)}`;
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name}`));
  await migrateDatabase(url.href);
  const client = createDatabaseClient(url.href, { warn() {} }, { max: 2 });
  return {
    pool: client.pool,
    async close() {
      await client.close();
      await asAdmin(adminUrl, (admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

async function asAdmin(adminUrl: string, work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
