/**
 * The exchanges that were captured from the real Electric service, and the shape that they were captured of. The table
 * has another name here, so that it can stand beside the server's own tables.
 */
import { readFileSync } from "node:fs";
import type { Pool } from "pg";
import type { ShapeDefinitions } from "../../node-server/shapes/definitions.ts";

export interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly query: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
  };
  /** What was committed, in one transaction, while the request was held. */
  readonly during?: readonly string[];
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

export function capturedExchanges(table: string): readonly Exchange[] {
  const fixture = new URL("../fixtures/electric-exchanges.json", import.meta.url);
  const text = readFileSync(fixture, "utf8").replaceAll(/\bleases\b/g, table);
  return (JSON.parse(text) as { exchanges: readonly Exchange[] }).exchanges;
}

/** The shape is called `leases`, whatever its table. */
export function capturedDefinitions(table: string): ShapeDefinitions {
  return {
    leases: {
      table,
      columns: {
        active: { type: "bool", not_null: true },
        amount_minor: { type: "int8", not_null: true },
        node_id: { type: "text", not_null: true, pk_index: 0 },
        not_after: { type: "timestamptz" },
        note: { type: "text" },
        serial: { type: "int8", not_null: true, pk_index: 1 },
        status: { type: "int4", not_null: true },
      },
    },
  };
}

/** Makes the table as it was when the first exchange was captured, followed by nothing of ours. */
export async function createPlainCapturedTable(pool: Pool, table: string): Promise<void> {
  await pool.query(`${tableStatement(table)}; ${rowsStatement(table)}`);
}

/** The same, with the triggers of the embedded source. */
export async function createCapturedTable(pool: Pool, table: string): Promise<void> {
  await pool.query(`
    ${tableStatement(table)};
    select register_shape_table('${table}', 'leases');
    -- The captured table had no signals beside it, whose changes count in the places within a transaction.
    drop trigger shape_signal_insert on ${table};
    drop trigger shape_signal_update on ${table};
    drop trigger shape_signal_delete on ${table};
    drop trigger shape_signal_truncate on ${table};
    ${rowsStatement(table)}`);
}

function tableStatement(table: string): string {
  return `create table ${table} (
    node_id text not null, serial bigint not null, status int not null, amount_minor bigint not null,
    active boolean not null, note text, not_after timestamptz, primary key (node_id, serial))`;
}

function rowsStatement(table: string): string {
  return `insert into ${table} select 'n1', i, 2, i * 1500, i % 2 = 0, case when i % 2 = 1 then format('note "%s"', i) end,
    '2026-12-01 10:00:00Z' from generate_series(1, 3) i`;
}
