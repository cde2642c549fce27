/**
 * Two real server processes behind a reverse proxy are restarted in turn while callers go on: no request fails. In between, a later
 * version has brought the schema further, and the version before it serves on and starts again over it.
 */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { migrateDatabase, serverMigrationsFolder } from "../../node-server/postgres/migrate.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import { Institution } from "../support/institution.ts";
import type { IssuedVoucher } from "../support/institution.ts";
import type { Running } from "../support/processes.ts";
import { startReverseProxy } from "../support/reverse-proxy.ts";
import type { ReverseProxy } from "../support/reverse-proxy.ts";

let database: TestDatabase;
let folder: string;
let installation: Installation;
let proxy: ReverseProxy;
const servers: { running: Running; url: string }[] = [];
let ministry: Institution;
let vouchers: readonly IssuedVoucher[];

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), "paypost-rolling-"));
  installation = await prepareInstallation(folder, {
    DATABASE_URL: database.url,
    PAYPOST_STOP_DELAY_SECONDS: "2",
    PAYPOST_RATE_CALLER: "off",
  });
  for (let count = 0; count < 2; count += 1) servers.push(await startServer(installation));
  proxy = await startReverseProxy(servers.map(({ url }) => url));
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "5000.00", "USD", "--reference", "t-1");
  await operate(installation, "merchant", "add", "shop-1", "Corner shop", "--accepts", "FOO");
  const registered = await registerInstitution(installation, servers[0]?.url ?? "", "welfare");
  ministry = new Institution(
    "welfare",
    proxy.url,
    installation.issuer,
    installation.receiver,
    registered.keys,
  );
  vouchers = await ministry.createVouchers(
    "FOO",
    Array.from({ length: 300 }, () => 7),
  );
  await ministry.activate(vouchers.map(({ serialNumber }) => serialNumber));
});

afterAll(async () => {
  await proxy.close();
  for (const { running } of servers) {
    running.child.kill("SIGKILL");
    await running.finished;
  }
  await installation.receiver.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("each of two servers is restarted under load, over a schema that was expanded meanwhile, and no request fails", async () => {
  const answers = new Map<string, number>();
  const failures: string[] = [];
  const end = new AbortController();
  const note = (what: string, isGood: boolean, told: unknown) => {
    answers.set(what, (answers.get(what) ?? 0) + 1);
    if (!isGood) failures.push(`${what}: ${JSON.stringify(told)}`);
  };
  const reader = async () => {
    while (!end.signal.aborted) {
      const { status } = await ministry.call("GET", `/vouchers/${vouchers[0]?.serialNumber}?fields=status`);
      note("read", status === 200, status);
      await delay(30);
    }
  };
  const payer = async (mine: readonly IssuedVoucher[]) => {
    for (const { serialNumber, number } of mine) {
      if (end.signal.aborted) return;
      const { status, body } = await ministry.redeem(serialNumber, number, "shop-1");
      note("redeemed", status === 200 && body["status"] === 1, { status, body });
      await delay(60);
    }
  };
  const load = [reader(), reader(), payer(vouchers.slice(0, 150)), payer(vouchers.slice(150))].map((work) =>
    work.catch((error: unknown) => failures.push(String(error))),
  );

  for (const index of [0, 1]) {
    const stopped = servers[index];
    if (!stopped) throw new Error("no server");
    stopped.running.child.kill("SIGTERM");
    // It says so while it still answers.
    await vi.waitFor(
      async () => {
        const response = await fetch(`${stopped.url}/readiness`);
        expect(response.status).toBe(503);
        expect(await response.json()).toMatchObject({ status: "stopping" });
        expect(response.headers.get("connection")).toBe("close");
      },
      { timeout: 2_000, interval: 50 },
    );
    expect((await stopped.running.finished).code).toBe(0);
    if (index === 0) await expand();
    const started = await startServer(installation);
    servers[index] = started;
    proxy.setBackend(index, started.url);
    await vi.waitUntil(() => proxy.ready().length === 2, { timeout: 30_000, interval: 50 });
  }
  await delay(500);
  end.abort();
  await Promise.all(load);
  expect(failures).toEqual([]);
  expect(answers.get("read")).toBeGreaterThan(50);
  expect(answers.get("redeemed")).toBeGreaterThan(50);
  expect(await operate(installation, "books")).toMatchObject({ balanced: true });
});

/** What a later version does when it starts first. */
async function expand(): Promise<void> {
  const later = join(folder, "migrations");
  await cp(serverMigrationsFolder, later, { recursive: true });
  const sql =
    "-- why: a later version\n-- expands: a column that may be empty\nalter table claims add column later text;\n";
  await writeFile(join(later, "9990-later.sql"), sql);
  expect(await migrateDatabase(database.url, later)).toEqual(["9990-later.sql"]);
}
