/**
 * A fresh PostgreSQL database for one test file: a copy of a template that has all migrations of the server, made once
 * per run, so that a database costs a tenth of a second.
 */
import { createHash, randomUUID } from "node:crypto";
import { Client } from "pg";
import { inject } from "vitest";
import {
  migrateDatabase,
  readMigrations,
  serverMigrationsFolder,
} from "../../node-server/postgres/migrate.ts";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import { partitionTables } from "../bench/partitioning.ts";

/** Whether the tables that can be are partitioned (docs/scale.md): `TEST_PARTITIONED=1 npx vitest run --project server`. */
const isPartitioned = process.env["TEST_PARTITIONED"] === "1";

export interface TestDatabase {
  readonly url: string;
  /** Removes the database, and ends whatever connection is still open to it. */
  drop(): Promise<void>;
}

/** Makes a database with all migrations of the server applied, or an empty one with `migrate: false`. */
export async function createDatabase(options: { migrate?: boolean } = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await asAdmin(async (admin) => {
    const template = (options.migrate ?? true) ? await migratedTemplate(admin) : "template1";
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: urlOf(name),
    drop: () =>
      asAdmin(async (admin) => {
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

/** The template is named after the migrations' content, so that an edited migration gives a new one in watch mode. */
async function migratedTemplate(admin: Client): Promise<string> {
  const name = `template_${isPartitioned ? "partitioned_" : ""}${await contentHash()}`;
  // Test files run in several processes; one makes the template, the others wait for it here.
  await admin.query("SELECT pg_advisory_lock(hashtext('paypost-test-template'))");
  const existing = await admin.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
  if (existing.rowCount === 0) {
    const building = `building_${randomUUID().replaceAll("-", "")}`;
    await admin.query(`CREATE DATABASE ${building}`);
    await migrateDatabase(urlOf(building));
    if (isPartitioned) await partition(urlOf(building));
    await admin.query(`ALTER DATABASE ${building} RENAME TO ${name}`);
  }
  await admin.query("SELECT pg_advisory_unlock(hashtext('paypost-test-template'))");
  return name;
}

async function partition(url: string): Promise<void> {
  const { pool, close } = createDatabaseClient(url, { warn: () => {} });
  await partitionTables(pool);
  await close();
}

async function contentHash(): Promise<string> {
  const migrations = await readMigrations(serverMigrationsFolder);
  const content = migrations.map(({ name, checksum }) => `${name} ${checksum}`).join();
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

function urlOf(name: string): string {
  const url = new URL(inject("postgresAdminUrl"));
  url.pathname = `/${name}`;
  return url.href;
}

async function asAdmin(work: (admin: Client) => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: inject("postgresAdminUrl") });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
