import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../test/support/database.ts";
import { migrateDatabase, migrationLock, serverMigrationsFolder } from "./migrate.ts";

let database: TestDatabase;
let folder: string;
let client: Client;

beforeEach(async () => {
  database = await createDatabase({ migrate: false });
  folder = mkdtempSync(join(tmpdir(), "paypost-migrations-"));
  client = new Client({ connectionString: database.url });
  await client.connect();
  write("0010-people.sql", "create table people (name text);");
  write("0020-ages.sql", "alter table people add column age int;\ninsert into people values ('Ada', 36);");
});

afterEach(async () => {
  await client.end();
  await database.drop();
  rmSync(folder, { recursive: true });
});

test("an empty database gets every file in order, and a second start has nothing to do", async () => {
  expect(await migrateDatabase(database.url, folder)).toEqual(["0010-people.sql", "0020-ages.sql"]);
  expect(await migrateDatabase(database.url, folder)).toEqual([]);
  expect(await rows("select * from people")).toEqual([{ name: "Ada", age: 36 }]);
});

test("only what is new is applied to a database that has a history", async () => {
  await migrateDatabase(database.url, folder);
  write("0030-more.sql", "insert into people values ('Grace', 85);");
  expect(await migrateDatabase(database.url, folder)).toEqual(["0030-more.sql"]);
  expect(await rows("select name from people order by name")).toEqual([{ name: "Ada" }, { name: "Grace" }]);
});

test("a migration that fails leaves nothing of itself or of those before it", async () => {
  write("0030-broken.sql", "create table houses ();\nselect * from nowhere;");
  await expect(migrateDatabase(database.url, folder)).rejects.toThrow(/0030-broken\.sql failed at line 3/);
  expect(await rows("select to_regclass('people') as people, to_regclass('houses') as houses")).toEqual([
    { people: null, houses: null },
  ]);
});

test("a migration changed after it was applied is refused, and the pending ones stay pending", async () => {
  await migrateDatabase(database.url, folder);
  write("0020-ages.sql", "alter table people add column age bigint;");
  write("0030-more.sql", "insert into people values ('Grace', 85);");
  await expect(migrateDatabase(database.url, folder)).rejects.toMatchObject({
    refusal: { code: "changed", name: "0020-ages.sql" },
  });
  expect(await rows("select name from people")).toEqual([{ name: "Ada" }]);
});

test("a database with a migration that this version does not have is refused", async () => {
  await migrateDatabase(database.url, folder);
  rmSync(join(folder, "0020-ages.sql"));
  await expect(migrateDatabase(database.url, folder)).rejects.toMatchObject({
    refusal: { code: "unknown", name: "0020-ages.sql" },
  });
});

test("the version before goes on with a database that a later one has only expanded", async () => {
  await migrateDatabase(database.url, folder);
  const later = join(folder, "0030-houses.sql");
  writeFileSync(later, "-- why: houses\n-- expands: nobody else reads it\ncreate table houses ();");
  expect(await migrateDatabase(database.url, folder)).toEqual(["0030-houses.sql"]);
  rmSync(later);
  expect(await migrateDatabase(database.url, folder)).toEqual([]);
});

test("a migration waits for a table in use, and lets others have it meanwhile", async () => {
  await migrateDatabase(database.url, folder);
  write("0030-more.sql", "alter table people add column more int;");
  await client.query("begin");
  await client.query("select * from people");
  const migrating = migrateDatabase(database.url, folder);
  await delay(5_500);
  // While it waited, whoever came after it would have waited too.
  expect(await rows("select name from people")).toEqual([{ name: "Ada" }]);
  await client.query("commit");
  expect(await migrating).toEqual(["0030-more.sql"]);
});

test("a checkout with CRLF line ends is the same migration", async () => {
  await migrateDatabase(database.url, folder);
  const crlf = "-- why: a test needs it\r\ncreate table people (name text);\r\n";
  writeFileSync(join(folder, "0010-people.sql"), crlf);
  expect(await migrateDatabase(database.url, folder)).toEqual([]);
});

test("of two server processes that start at once on an empty database one migrates, and the other waits and finds it done", async () => {
  // Both are made to arrive at the lock before either may pass it.
  await client.query("select pg_advisory_lock($1)", [migrationLock]);
  const outcomes = Promise.all([migrateInProcess(), migrateInProcess()]);
  await until("select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted", 2);
  await client.query("select pg_advisory_unlock($1)", [migrationLock]);
  const applied = (await outcomes).flat();
  expect(applied).toEqual(["0010-people.sql", "0020-ages.sql"]);
  expect(await rows("select name from people")).toEqual([{ name: "Ada" }]);
});

test("the server's own migrations apply to an empty database", async () => {
  const applied = readdirSync(serverMigrationsFolder).filter((name) => name.endsWith(".sql"));
  expect(await migrateDatabase(database.url)).toEqual(applied.toSorted());
});

function write(name: string, sql: string): void {
  writeFileSync(join(folder, name), `-- why: a test needs it\n${sql}\n`);
}

async function rows(sql: string): Promise<unknown[]> {
  return (await client.query<Record<string, unknown>>(sql)).rows;
}

async function migrateInProcess(): Promise<string[]> {
  const program = `
    import { migrateDatabase } from ${JSON.stringify(new URL("migrate.ts", import.meta.url).href)};
    console.log(JSON.stringify(await migrateDatabase(process.argv[1], process.argv[2])));`;
  const flags = ["--input-type=module", "--eval", program, database.url, folder];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  return JSON.parse(stdout) as string[];
}

async function until(sql: string, expected: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ n: number }>(sql);
    if (rows[0]?.n === expected) return;
    await delay(20);
  }
}
