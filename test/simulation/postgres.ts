/** PostgreSQL under a simulation: a database for each seed, copied from one that is migrated. */
import { Client } from "pg";
import { migrateDatabase } from "../../node-server/postgres/migrate.ts";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import { createPostgresStore } from "../../node-server/postgres/store.ts";
import type { Registered, SimulatedStore, StoreKind } from "./stores.ts";

const template = "simulation_template";

/** The database that is copied is made anew, unless somebody has just done so. */
export async function postgresStores(
  adminUrl: string,
  made: { readonly template: "anew" | "there" } = { template: "anew" },
): Promise<StoreKind> {
  if (made.template === "anew") {
    await asAdmin(adminUrl, async (admin) => {
      await admin.query(`drop database if exists ${template}`);
      await admin.query(`create database ${template}`);
    });
    await migrateDatabase(urlOf(adminUrl, template));
  }
  let opened = 0;
  return {
    open: (registered) => open(adminUrl, `simulation_${process.pid}_${(opened += 1)}`, registered),
  };
}

async function open(adminUrl: string, name: string, registered: Registered): Promise<SimulatedStore> {
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name} template ${template}`));
  const client = createDatabaseClient(urlOf(adminUrl, name), { warn() {} }, { max: 2 });
  await register(client.pool, registered);
  return {
    store: createPostgresStore({ db: client.db, jobs: { enqueue: async () => {}, wake() {} } }),
    async dropIndex(index) {
      await client.pool.query(`drop index ${index}`);
    },
    async close() {
      await client.close();
      await asAdmin(adminUrl, (admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

async function register(
  pool: { query(text: string, values: unknown[]): Promise<unknown> },
  { boxPublicKey, groups, merchants }: Registered,
): Promise<void> {
  await pool.query("insert into institutions (id, name, box_public_key) values ('welfare', 'welfare', $1)", [
    boxPublicKey,
  ]);
  for (const { code, atRisk } of groups) {
    await pool.query(
      `insert into voucher_groups (code, name, validity_days, reservation_days, at_risk) values ($1, $1, 90, 30, $2)`,
      [code, atRisk],
    );
  }
  for (const id of merchants) {
    await pool.query(`insert into merchants (id, name, status, account) values ($1, $1, 'active', $1)`, [id]);
    await pool.query(`insert into merchant_groups (code, name) values ($1, $1)`, [id]);
    await pool.query(`insert into merchant_group_members (merchant_group, merchant_id) values ($1, $1)`, [
      id,
    ]);
    for (const { code } of groups) {
      await pool.query(`insert into merchant_group_accepts (merchant_group, voucher_group) values ($1, $2)`, [
        id,
        code,
      ]);
    }
  }
}

function urlOf(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
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
