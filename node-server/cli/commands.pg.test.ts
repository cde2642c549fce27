/** The operators' command line as a process of its own on a real database: what it says, does, and refuses. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseEnrolmentLink } from "#sync/enrolment-link.ts";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";
import { run } from "../../test/support/processes.ts";
import type { Finished } from "../../test/support/processes.ts";
import { migrateDatabase } from "../postgres/migrate.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import type { DatabaseClient } from "../postgres/pool.ts";

let database: TestDatabase;
let client: DatabaseClient;
let keys: string;

beforeAll(async () => {
  database = await createDatabase();
  keys = await mkdtemp(join(tmpdir(), "paypost-keys-"));
  await migrateDatabase(database.url);
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 2 });
  await ok("institution", "add", "welfare", "Ministry of Welfare");
  await ok("group", "add", "FOO", "Food aid");
});

afterAll(async () => {
  await client.close();
  await database.drop();
  await rm(keys, { recursive: true });
});

test("a permission takes two people, and each step is told and audited", async () => {
  expect(await ok("permission", "propose", "welfare", "override", "--by", "ana")).toContain(
    "somebody other than ana",
  );
  expect(await refused("permission", "approve", "welfare", "override", "--by", "ana")).toContain(
    "somebody else",
  );
  expect(await ok("permission", "approve", "welfare", "override", "--by", "ben")).toContain("now holds");
  expect(await ok("permission", "withdraw", "welfare", "override", "--by", "ana")).toContain("no longer");
  expect(await refused("permission", "withdraw", "welfare", "override", "--by", "ana")).toContain("no such");
  expect(await refused("permission", "propose", "nobody", "override", "--by", "ana")).toContain(
    "no institution",
  );
  expect(await refused("permission", "propose", "welfare", "fly", "--by", "ana")).toContain(
    "there is override",
  );
  expect(await refused("permission", "propose", "welfare", "override")).toContain("--by is missing");
  expect(await audited("permission.%")).toEqual([
    "permission.propose",
    "permission.approve",
    "permission.withdraw",
  ]);
});

test("a policy is issued from a file, version after version, each audited with who issued it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "paypost-policy-"));
  const file = join(folder, "policy.json");
  expect(await refused("policy", "show")).toContain("no policy yet");
  const example = await ok("policy", "example");
  await writeFile(file, example);
  expect(await refused("policy", "set", file)).toContain("--by is missing");
  expect(await refused("policy", "set", join(folder, "none.json"), "--by", "ana")).toContain(
    "cannot be read",
  );
  expect(await ok("policy", "set", file, "--by", "ana")).toContain("Policy 1, until");
  await writeFile(file, example.replace('"500.00"', '"750.00"'));
  expect(await ok("policy", "set", file, "--by", "ben")).toContain("750.00 in all");
  expect(await ok("policy", "show", "1")).toContain("500.00 in all");
  expect(await ok("policy", "show")).toContain("Policy 2");
  expect(await refused("policy", "show", "3")).toContain("no policy 3");
  expect(await audited("policy.%")).toEqual(["policy.issue", "policy.issue"]);
  await rm(folder, { recursive: true });
});

test("a file that is no policy is refused with each of its mistakes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "paypost-policy-"));
  const file = join(folder, "policy.json");
  const example = JSON.parse(await ok("policy", "example")) as { currencies: Record<string, object> };
  const refusal = async (change: object) => {
    await writeFile(file, JSON.stringify({ ...example, ...change }));
    return refused("policy", "set", file, "--by", "ana");
  };
  expect(await refusal({ validDays: 0, clockErrorSeconds: "many" })).toMatch(/validDays.*clockErrorSeconds/s);
  expect(await refusal({ extra: 1 })).toContain("extra");
  const { USD } = example.currencies;
  expect(await refusal({ currencies: { USD: { ...USD, sum: "5.001", guaranteed: "-1" } } })).toMatch(
    /USD.sum.*USD.guaranteed/s,
  );
  expect(await refusal({ currencies: { XYZ: USD } })).toContain("unknown-currency");
  await writeFile(file, "not JSON");
  expect(await refused("policy", "set", file, "--by", "ana")).toContain("This is no policy");
  await rm(folder, { recursive: true });
});

test("whether a group is at-risk is decided when it is made", async () => {
  await ok("group", "add", "RSK", "At risk", "--at-risk");
  await ok("group", "add", "RSK", "Renamed", "--at-risk", "--validity-days", "30");
  expect(await refused("group", "add", "RSK", "At risk")).toContain("RSK is at-risk, and stays so");
  expect(await refused("group", "add", "FOO", "Food aid", "--at-risk")).toContain("FOO is lease-only");
});

test("an FSP is registered, its money booked once for each reference, and shown in the books", async () => {
  await ok("fsp", "add", "citizen", "Citizen Bank");
  expect(await ok("fsp", "fund", "citizen", "100.00", "USD", "--reference", "f-1")).toContain("are booked");
  expect(await ok("fsp", "fund", "citizen", "100.00", "USD", "--reference", "f-1")).toContain(
    "booked before",
  );
  expect(await refused("fsp", "fund", "citizen", "1.005", "USD", "--reference", "f-2")).toContain(
    "too-many-decimals",
  );
  expect(await ok("fsp", "settle", "citizen", "USD", "--reference", "s-1", "--by", "ana")).toContain(
    "Nothing",
  );
  expect(await refused("fsp", "fund", "nobody", "1.00", "USD", "--reference", "f-3")).toContain("no FSP");
  expect(await refused("fsp", "settle", "nobody", "USD", "--reference", "s-2", "--by", "ana")).toContain(
    "no FSP",
  );
  expect(await audited("fsp.%")).toEqual(["fsp.put", "fsp.fund"]);
  const books = await ok("books");
  expect(books).not.toContain("nobody");
  expect(books).toMatch(/fsp +citizen +100\.00/);
  expect(books).toContain("The books balance.");
  expect(await ok("payouts")).toContain("claim");
});

test("merchants, their groups and the matrix are set, listed and audited", async () => {
  await ok(
    "merchant",
    "add",
    "M-1",
    "Corner shop",
    "--fsp",
    "citizen",
    "--account",
    "ACC 7",
    "--area",
    "North",
  );
  expect(await ok("merchants")).toMatch(/M-1 +Corner shop +active +citizen +ACC 7 +North +M-1/);
  await ok("merchant", "add", "M-1", "Corner shop", "--accepts", "FOO");
  await ok("merchant", "add", "M-1", "Corner shop and café");
  expect(await ok("matrix")).toMatch(/M-1 +1 +yes/);
  expect(await refused("merchant", "add", "M-2", "Other", "--fsp", "nobody")).toContain("not registered");
  expect(await refused("merchant", "add", "M-2", "Other", "--accepts", "NON")).toContain("not registered");
  expect(await ok("merchants")).toMatch(/café +active +citizen +ACC 7 +North/);
  await ok("merchant-group", "add", "GROCERS", "Grocers");
  await ok("merchant-group", "join", "GROCERS", "M-1");
  await ok("merchant-group", "accept", "GROCERS", "FOO");
  expect(await ok("matrix")).toMatch(/GROCERS +1 +yes/);
  expect(await refused("merchant-group", "accept", "GROCERS", "NON")).toContain("not registered");
  expect(await ok("matrix")).toMatch(/GROCERS +1 +yes/);
  await ok("merchant-group", "leave", "GROCERS", "M-1");
  expect(await refused("merchant-group", "leave", "GROCERS", "M-1")).toContain("is not in");
  expect(await audited("merchant-group.%")).toEqual([
    "merchant-group.put",
    "merchant-group.join",
    "merchant-group.accept",
    "merchant-group.leave",
  ]);
});

test("what an operator changes in the registry is recorded with what was there before, and no change is not", async () => {
  await ok("merchant", "status", "M-1", "closed");
  await ok("merchant", "status", "M-1", "closed");
  expect(await refused("merchant", "status", "M-2", "closed")).toContain("no merchant");
  await ok("group", "add", "FOO", "Food aid", "--validity-days", "30");
  const { rows } = await client.pool.query<{ action: string; before: unknown; after: unknown }>(
    `select action, before, after from audit_entries
     where actor = 'operator' and subject in ('merchant:M-1', 'group:FOO', 'institution:welfare') order by id`,
  );
  expect(rows.map(({ action }) => action)).toEqual([
    "institution.put",
    "group.put",
    "merchant.put",
    "merchant.put",
    "merchant.put",
    "merchant.status",
    "group.put",
  ]);
  const shop = {
    name: "Corner shop",
    status: "active",
    fsp: "citizen",
    account: "ACC 7",
    area: "North",
    phone: null,
  };
  expect(rows.slice(2).map(({ before, after }) => [before, after])).toEqual([
    [null, { ...shop, accepts: [] }],
    [
      { ...shop, accepts: [] },
      { ...shop, accepts: ["FOO"] },
    ],
    [
      { ...shop, accepts: ["FOO"] },
      { ...shop, name: "Corner shop and café", accepts: ["FOO"] },
    ],
    [
      expect.objectContaining({ status: "active" }) as unknown,
      expect.objectContaining({ status: "closed" }) as unknown,
    ],
    [
      expect.objectContaining({ validity_days: 365 }) as unknown,
      expect.objectContaining({ validity_days: 30 }) as unknown,
    ],
  ]);
});

test("fees are set for a group and currency, and a wrong one says what is right", async () => {
  await ok("group", "fee", "FOO", "USD", "--fixed", "0.10", "--percent", "1.5");
  const { rows } = await client.pool.query(`select fixed_minor, basis_points from voucher_group_fees`);
  expect(rows).toEqual([{ fixed_minor: 10n, basis_points: 150 }]);
  expect(await refused("group", "fee", "FOO", "USD", "--percent", "1.555")).toContain("at most two decimals");
  expect(await refused("group", "fee", "NON", "USD", "--percent", "1")).toContain("no voucher group");
});

test("budgets and restocking levels are set, and reports come as tables, CSV and JSON", async () => {
  await ok("budget", "set", "relief", "FOO", "1000.00", "USD");
  expect(await ok("budgets")).toMatch(/relief +FOO +USD +1000\.00 +0\.00 +0\.00 +1000\.00/);
  expect(await ok("budgets", "--csv")).toContain("relief,FOO,USD,1000.00,0.00,0.00,1000.00");
  expect(await refused("budget", "set", "relief", "NON", "1", "USD")).toContain("not registered");
  await ok("restock-level", "set", "FOO", "USD", "--funding", "50.00", "--vouchers", "10");
  expect(await ok("stock")).toContain("quantity");
  expect(JSON.parse(await ok("take-up", "--json"))).toEqual([]);
  expect(await ok("unused-leases", "--days", "3")).toContain("last contact");
});

test("an alert is listed until somebody ends it", async () => {
  await client.pool.query(`insert into alerts (kind, subject, detail) values ('test', 'voucher:1', '{}')`);
  const listed = await ok("alerts");
  const id = /^ *([0-9]+) .*voucher:1/m.exec(listed)?.[1] ?? "";
  await ok("alert", "end", id, "--by", "ana");
  expect(await ok("alerts")).not.toContain("voucher:1");
  expect(await ok("alerts", "--all")).toContain("voucher:1");
  expect(await refused("alert", "end", id, "--by", "ana")).toContain("no open alert");
});

test("callbacks that were not taken are listed, and made to wait again by one, by institution or all", async () => {
  await ok("institution", "add", "health", "Ministry of Health", "--profile", "phee");
  expect(await refused("institution", "add", "x", "X", "--profile", "soap")).toContain("no profile");
  await client.pool.query(
    `insert into callbacks (institution_id, kind, subject, url, state, tries, last_error, delivered_at) values
       ('welfare', 'command', 1, 'https://welfare.example/', 'undeliverable', 40, 'answered 503', null),
       ('health', 'command', 2, 'https://health.example/', 'undeliverable', 40, 'answered 404', null),
       ('health', 'command', 3, 'https://health.example/', 'delivered', 1, null, now())`,
  );
  const listed = await ok("callbacks");
  expect(listed).toMatch(/welfare +command +https:\/\/welfare.example\/ +undeliverable +40 .*answered 503/);
  expect(listed).not.toContain("delivered  ");
  expect(await ok("callbacks", "--all")).toMatch(/health.*delivered +1/);
  expect(await ok("callbacks", "resend", "--all", "--institution", "health", "--by", "ana")).toContain(
    "1 will",
  );
  expect(await states()).toEqual(["undeliverable", "waiting", "delivered"]);
  expect(await ok("callbacks", "resend", "3", "--by", "ana")).toContain("1 will");
  expect(await ok("callbacks", "resend", "--all", "--by", "ana")).toContain("1 will");
  expect(await states()).toEqual(["waiting", "waiting", "waiting"]);
  expect(await ok("callbacks", "resend", "--all", "--by", "ana")).toContain("0 will");
  expect(await refused("callbacks", "resend", "999", "--by", "ana")).toContain("no callback 999");
  expect(await refused("callbacks", "resend", "1")).toContain("--by is missing");
  expect(await refused("callbacks", "resend", "--by", "ana")).toContain("Usage");
  expect(await refused("callbacks", "resend", "1", "--all", "--by", "ana")).toContain("Usage");
  expect(await audited("callback.resend")).toHaveLength(3);
});

test("an unknown command shows what there is", async () => {
  const { code, stdout } = await paypost("make", "money");
  expect(code).toBe(2);
  expect(stdout).toContain("paypost: the operators' command line");
});

test("an enrolment code comes with a link and its QR code where the server's address is given", async () => {
  await ok("merchant", "add", "M-7", "Corner shop");
  const code = ["node", "code", "M-7", "till 1"];
  expect(await ok(...code)).not.toContain("paypost://");
  const told = await ok(...code, "--agent", "--server", "https://pay.example.org/");
  const link = parseEnrolmentLink(/paypost:\S+/.exec(told)?.[0] ?? "");
  expect(link).toMatchObject({ ok: true, serverUrl: "https://pay.example.org" });
  expect(told).toContain(link.ok ? link.code : "no link");
  expect(told).toMatch(/[▀▄█]{10}/);
  const { rows } = await client.pool.query("select agent from enrolment_codes order by agent");
  expect(rows).toEqual([{ agent: false }, { agent: true }]);
  expect(await refused(...code, "--server", "http://pay.example.org")).toContain("server-without-tls");
});

function paypost(...args: readonly string[]): Promise<Finished> {
  return run("node-server/cli/main.ts", args, { DATABASE_URL: database.url, PAYPOST_KEYS: keys });
}

async function ok(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await paypost(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await paypost(...args);
  expect(code).toBe(2);
  return stderr;
}

async function states(): Promise<string[]> {
  const { rows } = await client.pool.query<{ state: string }>(`select state from callbacks order by id`);
  return rows.map(({ state }) => state);
}

async function audited(pattern: string): Promise<string[]> {
  const { rows } = await client.pool.query<{ action: string }>(
    `select action from audit_entries where action like $1 order by id`,
    [pattern],
  );
  return rows.map(({ action }) => action);
}
