/**
 * What a simulation runs over: the server's own store, over PostgreSQL in this process's memory or over a server. Each seed
 * finds the database as the migrations left it, with nothing in it but who takes part.
 */
import type { Pool } from "pg";
import type { Store } from "../../node-server/ports/store.ts";
import { testStore } from "../support/funding.ts";
import { startMemoryPostgres } from "../support/memory-postgres.ts";
import { startPostgresDatabase } from "./postgres.ts";
import { keptRows } from "./rows.ts";

export interface Registered {
  readonly boxPublicKey: Uint8Array;
  readonly groups: readonly { readonly code: string; readonly atRisk: boolean }[];
  readonly merchants: readonly string[];
}

export interface SimulatedStore {
  readonly store: Store;
  /** For what operators do with a database. */
  readonly pool: Pool;
  /** Takes a rule of the database away, until the next seed. */
  dropIndex(name: string): Promise<void>;
  backUp(): Promise<void>;
  /** Everything since the backup is forgotten. */
  restore(): Promise<void>;
}

/** One database, in which one seed after the other is played. */
export interface SimulatedStores {
  open(registered: Registered): Promise<SimulatedStore>;
  close(): Promise<void>;
}

export const storeNames = ["memory", "postgres"] as const;
export type StoreName = (typeof storeNames)[number];

export function memoryStores(): Promise<SimulatedStores> {
  return startMemoryPostgres().then(storesIn);
}

export function postgresStores(adminUrl: string): Promise<SimulatedStores> {
  return startPostgresDatabase(adminUrl).then(storesIn);
}

async function storesIn({
  pool,
  close,
}: {
  readonly pool: Pool;
  close(): Promise<void>;
}): Promise<SimulatedStores> {
  const empty = await keptRows(pool, "as_migrated");
  const backup = await keptRows(pool, "as_backed_up");
  await empty.keep();
  const store = testStore(pool);
  const dropped: string[] = [];
  let opened = 0;
  return {
    async open(registered) {
      await empty.putBack();
      opened += 1;
      if (opened % 20 === 0) {
        // What the seeds before have deleted; in memory nobody else does it.
        await pool.query("vacuum");
        await pool.query("checkpoint");
      }
      for (let index = dropped.pop(); index !== undefined; index = dropped.pop()) await pool.query(index);
      await register(pool, registered);
      return {
        store,
        pool,
        async dropIndex(name) {
          const found = await pool.query<{ indexdef: string }>(
            "select indexdef from pg_indexes where schemaname = 'public' and indexname = $1",
            [name],
          );
          await pool.query(`drop index ${name}`);
          dropped.push(...found.rows.map(({ indexdef }) => indexdef));
        },
        backUp: backup.keep,
        restore: backup.putBack,
      };
    },
    close,
  };
}

async function register(pool: Pool, { boxPublicKey, groups, merchants }: Registered): Promise<void> {
  for (const id of ["welfare", "power", "bank"])
    await pool.query("insert into institutions (id, name, box_public_key) values ($1, $1, $2)", [
      id,
      boxPublicKey,
    ]);
  await pool.query(
    `insert into billers (id, name, prefix, check_digit, endpoint_url, inquiry, answer_seconds, time_zone, codes,
       voucher_groups, status)
     values ('power', 'power', 'EL', 'none', 'https://power.example', 'stored', 30, 'Africa/Nairobi', '{}', $1, 'active')`,
    [groups.map(({ code }) => code)],
  );
  await pool.query(
    `insert into payer_fis (id, name, endpoint_url, status) values ('bank', 'bank', 'https://bank.example', 'active')`,
  );
  await pool.query(`insert into biller_payer_fis (biller_id, payer_fi_id) values ('power', 'bank')`);
  for (const { code, atRisk } of groups) {
    await pool.query(
      `insert into voucher_groups (code, name, validity_days, reservation_days, at_risk) values ($1, $1, 90, 30, $2)`,
      [code, atRisk],
    );
  }
  for (const id of merchants) {
    await pool.query(`insert into merchants (id, name, status, account) values ($1, $1, 'active', $1)`, [id]);
    await pool.query(`insert into agent_billers (merchant_id, biller_id) values ($1, 'power')`, [id]);
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
