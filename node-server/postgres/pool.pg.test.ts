import type { EventEmitter } from "node:events";
import { DatabaseError } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../test/support/database.ts";
import { inTransaction } from "./transaction.ts";
import { createDatabaseClient, type DatabaseClient, type PoolOptions } from "./pool.ts";

let database: TestDatabase;
let client: DatabaseClient;
let logged: { code?: string; reason: string }[];

beforeEach(async () => {
  database = await createDatabase({ migrate: false });
  client = connect();
  logged = [];
});

afterEach(async () => {
  await client.close();
  await database.drop();
});

test("int8 is read exactly as a bigint, also above what a double holds and in arrays", async () => {
  const { rows } = await client.pool.query(`
    select 9007199254740993::int8 as above, array[9007199254740993, null]::int8[] as several, '{}'::int8[] as none,
           7::int4 as small`);
  expect(rows).toEqual([
    { above: 9007199254740993n, several: [9007199254740993n, null], none: [], small: 7 },
  ]);
});

test("numeric stays text, and timestamptz is a Date of that instant", async () => {
  const { rows } = await client.pool.query(`
    select 12345678901234567890.10::numeric as amount, timestamptz '2026-03-01 12:00:00+02' as at`);
  expect(rows).toEqual([{ amount: "12345678901234567890.10", at: new Date("2026-03-01T10:00:00Z") }]);
});

test("a bigint given to a query arrives exactly", async () => {
  const { rows } = await client.pool.query("select $1::int8 as same", [9007199254740993n]);
  expect(rows).toEqual([{ same: 9007199254740993n }]);
});

test("an idle connection that the database ends is logged, without its settings, and replaced", async () => {
  const pid = await backendPid();
  const removed = happening(client.pool, "remove");
  await terminate(pid);
  await removed;
  expect(logged.length).toBeGreaterThan(0);
  for (const line of logged) {
    expect(Object.keys(line)).toEqual(["code", "reason"]);
    expect(line.code).toBe("57P01");
  }
  expect(await backendPid()).not.toBe(pid);
});

test("a connection that breaks in the middle of a transaction fails that transaction and nothing else", async () => {
  const transaction = inTransaction(client.pool, "begin", async (connection) => {
    const { rows } = await connection.query<{ pid: number }>("select pg_backend_pid() as pid");
    await terminate(rows[0]?.pid ?? 0);
    await connection.query("select 1");
  });
  await expect(transaction).rejects.toBeInstanceOf(Error);
  expect(await backendPid()).toBeGreaterThan(0);
});

test("a statement and an open transaction that take too long are ended by the database", async () => {
  const impatient = connect({ statement_timeout: 50, idle_in_transaction_session_timeout: 50, max: 1 });
  const tooLong: unknown = await impatient.pool.query("select pg_sleep(30)").catch((error: unknown) => error);
  expect(tooLong).toBeInstanceOf(DatabaseError);
  expect(tooLong).toMatchObject({ code: "57014" });
  const idle = await impatient.pool.connect();
  const ended = happening(idle, "end");
  await idle.query("begin");
  await ended;
  idle.release(true);
  expect(logged).toContainEqual(expect.objectContaining({ code: "25P03" }));
  await impatient.close();
});

function connect(options: PoolOptions = {}): DatabaseClient {
  return createDatabaseClient(database.url, { warn: remember }, options);
}

function remember(details: unknown): void {
  logged.push(details as { code?: string; reason: string });
}

/** Unlike `once` of node:events it does not fail when the emitter reports an error first, as these do. */
function happening(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => {
    emitter.on(event, () => resolve());
  });
}

async function backendPid(): Promise<number> {
  const { rows } = await client.pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

/** Returns when the other connection's process is gone. */
async function terminate(pid: number): Promise<void> {
  const killer = connect();
  await killer.pool.query("select pg_terminate_backend($1, 10000)", [pid]);
  await killer.close();
}
