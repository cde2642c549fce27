/**
 * A backup that is taken while tills and callers go on, and what becomes of it (design section 4.8), with real processes: it is
 * restored elsewhere, its nodes go on, and no operation is lost or done twice.
 */
import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { inspectCluster } from "../../node-server/postgres/cluster.ts";
import { embeddedUrl } from "../../node-server/postgres/embedded.ts";
import { filesIn } from "../../node-server/postgres/embedded-files.ts";
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
import { run } from "../support/processes.ts";
import type { Finished, Running } from "../support/processes.ts";
import { recoveryNoticed } from "../support/recovery.ts";

let folder: string;
let installation: Installation;
let server: Running | undefined;
let url: string;
let ministry: Institution;
let tills: { readonly till: Till; readonly vouchers: readonly IssuedVoucher[] }[];
let forCallers: readonly IssuedVoucher[];

const perTill = 8;
const backup = () => join(folder, "backups", "first");
const wal = () => join(folder, "wal");
const dataOf = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paypost-backup-"));
  installation = await prepareInstallation(folder, {
    PAYPOST_KEYS: join(folder, "keys"),
    PAYPOST_WAL_ARCHIVE: wal(),
  });
  await begin(installation);
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "5000.00", "USD", "--reference", "t-1");
  ministry = await registerInstitution(installation, url, "welfare");
  const shops = ["shop-1", "shop-2"];
  tills = await Promise.all(
    shops.map(async (id) => {
      const { till, nodeId } = await enrolTill(installation, url, { id, name: `Shop ${id}`, accepts: "FOO" });
      const vouchers = await ministry.createVouchers(
        "FOO",
        Array.from({ length: perTill }, () => 7),
      );
      await ministry.activate(
        vouchers.map(({ serialNumber }) => serialNumber),
        { leaseTo: nodeId },
      );
      expect(await synced(till)).toMatchObject({ ok: true });
      return { till, vouchers };
    }),
  );
  forCallers = await ministry.createVouchers(
    "FOO",
    Array.from({ length: 150 }, () => 7),
  );
  await ministry.activate(forCallers.map(({ serialNumber }) => serialNumber));
});

afterAll(async () => {
  await end("SIGTERM");
  await installation.receiver.close();
  for (const name of ["server", "elsewhere"]) {
    const state = await inspectCluster(filesIn(dataOf(name)).cluster);
    if (state.kind === "running") process.kill(state.pid, "SIGQUIT");
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** Request ids of what a caller was told is paid. */
const paidByCallers = new Map<IssuedVoucher, string>();
/** A moment after the backup, with work before it and after it. */
let middle: Date;
let auditBeforeTheEnd: bigint;

test("a backup is taken while tills redeem and sync and callers redeem, and holds no key", async () => {
  let isGoingOn = true;
  const going = () => isGoingOn;
  const load = [
    ...tills.map(async ({ till, vouchers }) => {
      for (const voucher of vouchers.slice(0, perTill - 1)) {
        await redeem(till, voucher);
        await synced(till);
        if (!going()) return;
      }
    }),
    (async () => {
      for (const voucher of forCallers) {
        const requestId = ministry.nextRequestId();
        const { body } = await ministry.redeem(voucher.serialNumber, voucher.number, "shop-1", requestId);
        expect(body).toMatchObject({ status: 1 });
        paidByCallers.set(voucher, requestId);
        if (!going()) return;
        await delay(250);
      }
    })(),
  ];
  await vi.waitUntil(() => paidByCallers.size > 2, { timeout: 30_000 });
  const made = await paypost(installation, "backup", backup());
  const during = paidByCallers.size;
  expect(made.code, made.stderr).toBe(0);
  expect(JSON.parse(made.stdout)).toMatchObject({ kind: "cluster", keysFolder: join(folder, "keys") });
  await vi.waitUntil(() => paidByCallers.size > during + 5, { timeout: 60_000 });
  middle = new Date();
  await vi.waitUntil(() => paidByCallers.size > during + 10, { timeout: 60_000 });
  isGoingOn = false;
  await Promise.all(load);
  // What no server was told yet.
  for (const { till, vouchers } of tills) await redeem(till, vouchers[perTill - 1] as IssuedVoucher);

  const { files } = JSON.parse(await readFile(join(backup(), "backup.json"), "utf8")) as {
    files: { path: string }[];
  };
  expect(files.filter(({ path }) => path.endsWith(".key"))).toEqual([]);
  const again = await paypost(installation, "backup", backup());
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("is there already") as string });

  await inOwnDatabase("server", async (client) => {
    const { rows } = await client.query<{ id: string }>("select max(id) as id from audit_entries");
    auditBeforeTheEnd = BigInt(rows[0]?.id ?? 0);
    const { rows: switched } = await client.query<{ wal: string }>(
      "select pg_walfile_name(pg_switch_wal()) as wal",
    );
    await vi.waitFor(() => stat(join(wal(), switched[0]?.wal ?? "")), { timeout: 60_000, interval: 100 });
  });
  await end("SIGKILL");
  const state = await inspectCluster(filesIn(dataOf("server")).cluster);
  if (state.kind === "running") process.kill(state.pid, "SIGKILL");
});

test("its rehearsal finds it whole, of the moment of the backup, and touches nothing", async () => {
  const seen = await readFile(join(folder, "keys", "database.seen"), "utf8");
  const { code, stdout, stderr } = await paypost(
    without("PAYPOST_WAL_ARCHIVE"),
    "restore",
    backup(),
    "--check",
  );
  expect(code, stderr + stdout).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ wrong: [] });
  expect(await readFile(join(folder, "keys", "database.seen"), "utf8")).toBe(seen);
  await expect(stat(dataOf("elsewhere"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("with the archived log it comes back to any later moment, and to the last one", async () => {
  const toMiddle = await paypost(installation, "restore", backup(), "--check", "--to", middle.toISOString());
  expect(toMiddle.code, toMiddle.stderr + toMiddle.stdout).toBe(0);
  const then = JSON.parse(toMiddle.stdout) as { until: string; wrong: unknown[] };
  expect(then.wrong).toEqual([]);
  expect(Date.parse(then.until)).toBeLessThanOrEqual(middle.getTime());
  const toTheEnd = await paypost(installation, "restore", backup(), "--check");
  const last = JSON.parse(toTheEnd.stdout) as { until: string; audit: { entries: string } };
  expect(Date.parse(last.until)).toBeGreaterThan(Date.parse(then.until));
  // Entries have their places in the chain some half a second after their commit.
  expect(BigInt(last.audit.entries)).toBeGreaterThan(auditBeforeTheEnd - 50n);
});

test("what cannot be restored is refused with its reason", async () => {
  const tooEarly = await paypost(installation, "restore", backup(), "--to", "2020-01-01T00:00:00Z");
  expect(tooEarly).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Take an earlier one") as string,
  });
  const occupied = await paypost(installation, "restore", backup());
  expect(occupied).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("There is a database in") as string,
  });
  const keyless = elsewhere({ PAYPOST_KEYS: join(folder, "no-keys") });
  expect(await paypost(keyless, "restore", backup())).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("holds no keys") as string,
  });
  const damaged = join(folder, "backups", "damaged");
  await cp(backup(), damaged, { recursive: true });
  const path = join(damaged, "cluster", "global", "pg_control");
  const bytes = await readFile(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(path, bytes);
  expect(await paypost(elsewhere(), "restore", damaged)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${path} is damaged`) as string,
  });
  await rm(join(damaged, "backup.json"));
  expect(await paypost(elsewhere(), "restore", damaged)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is no backup") as string,
  });
});

test("restored elsewhere from the backup alone, its nodes go on, and each operation counts once", async () => {
  const place = elsewhere();
  const restored = await paypost(place, "restore", backup(), "--by", "Amina");
  expect(restored.code, restored.stderr + restored.stdout).toBe(0);
  expect(JSON.parse(restored.stdout)).toMatchObject({ wrong: [], generation: 2 });

  await begin(place);
  expect(await (await fetch(`${url}/readiness`)).json()).toMatchObject({ status: "recovering" });
  expect(await operate(place, "audit", "verify")).toMatchObject({ whole: true });
  for (const { till } of tills) await synced(till);
  await vi.waitUntil(
    async () => ((await operate(place, "recovery", "show")) as { endedAt: unknown }).endedAt !== null,
    { timeout: 90_000, interval: 500 },
  );
  const offline = tills.flatMap(({ till, vouchers }) => vouchers.map((voucher) => ({ till, voucher })));
  await vi.waitUntil(
    async () => {
      for (const { till } of tills) await synced(till);
      const operations = (await Promise.all(tills.map(({ till }) => queueOf(till)))).flat();
      return operations.length > 0 && operations.every(({ state }) => state === "applied");
    },
    { timeout: 90_000, interval: 500 },
  );
  await recoveryNoticed(url);
  // What callers were told is paid they ask for again under the same request id, and it is paid once.
  for (const [voucher, requestId] of paidByCallers) {
    const { body } = await ministry.redeem(voucher.serialNumber, voucher.number, "shop-1", requestId);
    expect(body).toMatchObject({ status: 1 });
  }
  await vi.waitUntil(async () => ((await operate(place, "payouts")) as unknown[]).length === 0, {
    timeout: 90_000,
    interval: 500,
  });
  const redeemedByTills = (await Promise.all(tills.map(({ till }) => queueOf(till))))
    .flat()
    .map(({ serial }) => serial);
  expect(new Set(redeemedByTills).size).toBe(redeemedByTills.length);
  expect(redeemedByTills.length).toBeLessThanOrEqual(offline.length);
  const expected = [...redeemedByTills, ...[...paidByCallers.keys()].map(({ serialNumber }) => serialNumber)];
  await inOwnDatabase("elsewhere", async (client) => {
    const { rows } = await client.query<{ serial: string; state: string }>(
      "select voucher_serial::text as serial, state from claims order by voucher_serial",
    );
    expect(rows.map(({ serial }) => BigInt(serial)).toSorted(byValue)).toEqual(
      expected.map(BigInt).toSorted(byValue),
    );
    expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(["paid"]));
  });
  expect(await operate(place, "books")).toMatchObject({ balanced: true });
  const counts = (await operate(place, "operations", "count")) as {
    submitted: string;
    open: string;
    ended: string;
  }[];
  for (const { submitted, open, ended } of counts) expect([open, ended]).toEqual(["0", submitted]);
  expect(await operate(place, "audit", "verify")).toMatchObject({ whole: true });
});

function elsewhere(more: Readonly<Record<string, string>> = {}): Installation {
  const place = without("PAYPOST_WAL_ARCHIVE");
  return { ...place, environment: { ...place.environment, PAYPOST_DATA: dataOf("elsewhere"), ...more } };
}

/** An empty variable counts as unset. */
function without(name: string): Installation {
  return { ...installation, environment: { ...installation.environment, [name]: "" } };
}

function paypost(place: Installation, ...args: readonly string[]): Promise<Finished> {
  return run("node-server/cli/main.ts", [...args, "--json"], place.environment);
}

async function begin(place: Installation): Promise<void> {
  const started = await startServer(place);
  [server, url] = [started.running, started.url];
  if (ministry !== undefined)
    ministry = new Institution("welfare", url, installation.issuer, installation.receiver, ministry.keys);
}

async function end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  server?.child.kill(signal);
  await server?.finished;
}

async function redeem(till: Till, { serialNumber, number }: IssuedVoucher): Promise<void> {
  const words = ["--serial", serialNumber, "--number", number, "--offline", "--actor", "Ann"];
  const done = await till.run("redeem", ...words);
  expect(done.code, JSON.stringify(done.json)).toBe(0);
}

async function synced(till: Till) {
  const { json, code } = await till.run("sync", "--server", url);
  expect(code, JSON.stringify(json)).toBe(0);
  return json;
}

async function queueOf(till: Till) {
  const { json } = await till.run("queue");
  return json["operations"] as readonly { serial: string; state: string; reason: string | null }[];
}

async function inOwnDatabase(name: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: await embeddedUrl(dataOf(name)) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function byValue(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
