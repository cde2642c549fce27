/**
 * The server's database is lost and an older backup restored (design section 4.8), with real processes: the server refuses
 * to go on as if nothing had been, takes its own word back from its tills, and nobody is paid twice.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { run } from "../support/processes.ts";
import type { Running } from "../support/processes.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import {
  enrolTill,
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
} from "../support/installation.ts";
import type { Installation, Till } from "../support/installation.ts";
import { Institution } from "../support/institution.ts";
import type { IssuedVoucher } from "../support/institution.ts";

let database: TestDatabase;
let folder: string;
let installation: Installation;
let server: Running;
let url: string;
let ministry: Institution;
let first: Till;
let second: Till;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), "paypost-restored-"));
  installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
  await begin();
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "t-1");
  ministry = await registerInstitution(installation, url, "welfare");
});

afterAll(async () => {
  await end("SIGTERM");
  await installation.receiver.close();
  await admin(`drop database if exists ${backupName()}`);
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("4.8: a restored server moves no money until its nodes have told, honours its own verdicts, and pays nobody twice", async () => {
  const shop = (id: string) => ({ id, name: `Shop ${id}`, accepts: "FOO" });
  const one = await enrolTill(installation, url, shop("shop-1"));
  const two = await enrolTill(installation, url, shop("shop-2"));
  [first, second] = [one.till, two.till];
  const vouchers = await ministry.createVouchers("FOO", [7, 7, 7, 7, 7]);
  const [v1, v2, v3, v4, v5] = vouchers as [
    IssuedVoucher,
    IssuedVoucher,
    IssuedVoucher,
    IssuedVoucher,
    IssuedVoucher,
  ];
  const serials = (some: readonly IssuedVoucher[]) => some.map(({ serialNumber }) => serialNumber);
  await ministry.activate(serials([v1, v2, v3]), { leaseTo: one.nodeId });
  await ministry.activate(serials([v4]));
  await ministry.command("activate", [{ serialNumber: v5.serialNumber, dispensedBy: "shop-2" }]);
  await synced(first);
  await redeem(first, v1);
  await synced(first);
  await synced(second);

  await end("SIGTERM");
  await copyDatabase(databaseName(), backupName());
  await begin();

  // After the backup: one redemption is paid, one is not sent yet, and a lease is granted and used.
  await redeem(first, v2);
  expect(await synced(first)).toMatchObject({ applied: 1 });
  const before = await verdictOf(first, v2);
  await redeem(first, v3);
  expect(
    (await second.run("reserve", "--group", "FOO", "--quantity", "1", "--server", url)).json,
  ).toMatchObject({
    granted: 1,
  });
  await redeem(second, v5);

  await end("SIGKILL");
  await admin(`drop database ${databaseName()} with (force)`);
  await copyDatabase(backupName(), databaseName());

  // Started as if nothing had been, it refuses and says what to do.
  const refused = await run("node-server/main.node.ts", [], installation.environment);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/restored from a backup.*npm run paypost -- restored --by/s);
  expect(await operate(installation, "restored", "--by", "Amina")).toMatchObject({
    generation: 2,
    awaited: 2,
  });
  await begin();
  expect(await (await fetch(`${url}/readiness`)).json()).toMatchObject({ status: "recovering" });

  // What is asked of it waits; what is read is answered.
  for (const voucher of [v2, v4]) {
    const answer = await ministry.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(answer).toMatchObject({ status: 503 });
  }
  expect((await ministry.call("PUT", "/vouchers?command=cancel", {})).status).toBe(503);
  expect(
    (await second.run("reserve", "--group", "FOO", "--quantity", "1", "--server", url)).json,
  ).toMatchObject({
    ok: false,
  });

  // The first till brings the server's own word for one, and a second that was never decided.
  expect(await synced(first)).toMatchObject({ sent: 2, held: 1, contradictions: [] });
  expect(await verdictOf(first, v2)).toEqual(before);
  expect(await verdictOf(first, v3)).toMatchObject({ state: "held", reason: "recovery" });
  const waiting = (await operate(installation, "recovery", "show")) as { awaited: unknown[]; held: string };
  expect(waiting).toMatchObject({ awaited: [{ merchantId: "shop-2" }], held: "1", endedAt: null });

  // With the last till's upload it is complete, and what had waited is settled.
  await synced(second);
  await vi.waitUntil(
    async () => ((await operate(installation, "recovery", "show")) as { endedAt: unknown }).endedAt,
    {
      timeout: 60_000,
      interval: 500,
    },
  );
  await vi.waitUntil(
    async () => {
      await synced(first);
      await synced(second);
      const states = [await verdictOf(first, v3), await verdictOf(second, v5)].map(({ state }) => state);
      return states.every((state) => state === "applied");
    },
    { timeout: 60_000, interval: 500 },
  );
  expect(await operate(installation, "recovery", "show")).toMatchObject({
    endedHow: "all-uploaded",
    held: "0",
  });
  await vi.waitUntil(
    async () => ((await (await fetch(`${url}/readiness`)).json()) as { status: string }).status === "ready",
    {
      timeout: 30_000,
      interval: 200,
    },
  );

  // Money moves again, once for each voucher.
  for (const voucher of [v1, v2, v3, v5]) {
    const again = await ministry.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(again.body).toMatchObject({ status: 0 });
  }
  expect((await ministry.redeem(v4.serialNumber, v4.number, "shop-2")).body).toMatchObject({ status: 1 });
  await vi.waitUntil(async () => ((await operate(installation, "payouts")) as unknown[]).length === 0, {
    timeout: 90_000,
    interval: 500,
  });
  expect(await paid()).toEqual([
    { merchant_id: "shop-1", state: "paid", count: "3" },
    { merchant_id: "shop-2", state: "paid", count: "2" },
  ]);
  expect(await operate(installation, "books")).toMatchObject({ balanced: true });
  expect(await verdictOf(first, v2)).toEqual(before);

  // No serial that may be printed somewhere is given out again.
  const [next] = await ministry.createVouchers("FOO", [7]);
  expect(Number(next?.serialNumber)).toBeGreaterThan(1_000_000);
}, 240_000);

async function begin(): Promise<void> {
  ({ running: server, url } = await startServer(installation, "node-server/main.node.ts"));
  if (ministry !== undefined)
    ministry = new Institution("welfare", url, installation.issuer, installation.receiver, ministry.keys);
}

async function end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  server.child.kill(signal);
  await server.finished;
}

async function redeem(till: Till, { serialNumber, number }: IssuedVoucher): Promise<void> {
  const done = await till.run(
    "redeem",
    "--serial",
    serialNumber,
    "--number",
    number,
    "--offline",
    "--actor",
    "Ann",
  );
  expect(done.code).toBe(0);
}

async function synced(till: Till) {
  const { json, code } = await till.run("sync", "--server", url);
  expect(code, JSON.stringify(json)).toBe(0);
  return json;
}

async function verdictOf(till: Till, { serialNumber }: IssuedVoucher) {
  const { json } = await till.run("queue");
  const operations = json["operations"] as readonly {
    serial: string;
    state: string;
    reason: string | null;
  }[];
  const found = operations.find(({ serial }) => serial === serialNumber);
  if (!found) throw new Error(`no operation on ${serialNumber}`);
  return found;
}

function databaseName(): string {
  return new URL(database.url).pathname.slice(1);
}

function backupName(): string {
  return `${databaseName()}_backup`;
}

function copyDatabase(from: string, to: string): Promise<unknown> {
  return admin(`create database ${to} template ${from}`);
}

async function admin(statement: string): Promise<unknown> {
  const client = new Client({ connectionString: inject("postgresAdminUrl") });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

async function paid(): Promise<unknown> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<object>(
      "select merchant_id, state, count(*)::text as count from claims group by 1, 2 order by 1, 2",
    );
    return rows;
  } finally {
    await client.end();
  }
}
