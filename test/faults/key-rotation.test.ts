/**
 * Two real server processes over one database take up new signing keys while callers and a node go on: no request fails, every
 * answer is trusted, and both processes sign with the new keys in the end.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
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
import type { Institution, IssuedVoucher } from "../support/institution.ts";
import type { Running } from "../support/processes.ts";
import { startReverseProxy } from "../support/reverse-proxy.ts";
import type { ReverseProxy } from "../support/reverse-proxy.ts";

let database: TestDatabase;
let folder: string;
let installation: Installation;
let proxy: ReverseProxy;
const servers: { running: Running; url: string }[] = [];
let ministry: Institution;
let till: Till;
let vouchers: readonly IssuedVoucher[];

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), "paypost-rotation-"));
  installation = await prepareInstallation(folder, {
    DATABASE_URL: database.url,
    PAYPOST_KEYS_SECRET: "a secret of the environment, long enough",
    PAYPOST_RATE_CALLER: "off",
    PAYPOST_RATE_NODE: "off",
  });
  for (let count = 0; count < 2; count += 1) servers.push(await startServer(installation));
  proxy = await startReverseProxy(servers.map(({ url }) => url));
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "5000.00", "USD", "--reference", "t-1");
  ministry = await registerInstitution(installation, proxy.url, "welfare");
  ({ till } = await enrolTill(installation, proxy.url, { id: "shop-1", name: "Shop", accepts: "FOO" }));
  vouchers = await ministry.createVouchers(
    "FOO",
    Array.from({ length: 100 }, () => 7),
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

test("both processes take up new keys under load, and no request fails", async () => {
  const failures: string[] = [];
  const done = { redeemed: 0, synced: 0, made: 0 };
  const end = new AbortController();
  const payer = async () => {
    for (const { serialNumber, number } of vouchers) {
      if (end.signal.aborted) return;
      const { status, body } = await ministry.redeem(serialNumber, number, "shop-1");
      if (status !== 200 || body["status"] !== 1) failures.push(JSON.stringify({ status, body }));
      done.redeemed += 1;
      await delay(150);
    }
  };
  const maker = async () => {
    while (!end.signal.aborted) {
      const [made] = await ministry.createVouchers("FOO", [7]);
      const activated = JSON.stringify(await ministry.activate([made?.serialNumber ?? ""]));
      if (activated.includes("failureReason")) failures.push(activated);
      done.made += 1;
    }
  };
  const node = async () => {
    while (!end.signal.aborted) {
      const { code, json } = await till.run("sync");
      if (code !== 0) failures.push(JSON.stringify(json));
      done.synced += 1;
    }
  };
  const load = [payer(), maker(), node()].map((work) =>
    work.catch((error: unknown) => failures.push(String(error))),
  );

  const before = await keyIdsAt(servers[0]?.url ?? "");
  await operate(installation, "keys", "rotate", "--by", "Ann");
  for (const { url } of servers)
    await vi.waitUntil(async () => (await keyIdsAt(url)).length === 2, { timeout: 30_000, interval: 200 });
  await operate(installation, "keys", "activate", "--now", "--by", "Ben");
  const added = (await keyIdsAt(servers[0]?.url ?? "")).find((keyId) => !before.includes(keyId)) ?? "none";
  const byNewKey = () =>
    installation.receiver.received.filter(({ headers }) => headers["signature-input"]?.includes(added));
  await vi.waitUntil(() => byNewKey().length >= 6, { timeout: 60_000, interval: 200 });
  end.abort();
  await Promise.all(load);
  expect(failures).toEqual([]);
  expect(Math.min(done.redeemed, done.synced, done.made)).toBeGreaterThan(1);
  // The till's own key, by its command line.
  expect(await till.run("rotate-key")).toMatchObject({ code: 0, json: { ok: true } });
  expect(await till.run("sync")).toMatchObject({ code: 0 });
  // From then on nothing more is signed by the old one, by either process.
  const from = installation.receiver.received.length;
  for (let count = 0; count < 4; count += 1) await ministry.createVouchers("FOO", [7]);
  const late = installation.receiver.received.slice(from);
  expect(late.length).toBeGreaterThanOrEqual(4);
  expect(late.filter(({ headers }) => !headers["signature-input"]?.includes(added))).toEqual([]);
  expect(await operate(installation, "books")).toMatchObject({ balanced: true });
});

async function keyIdsAt(url: string): Promise<string[]> {
  const response = await fetch(`${url}/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}
