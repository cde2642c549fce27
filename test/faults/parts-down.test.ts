/**
 * A part beside the server is down, slow or full, with real processes: the server says so in `/readiness`, does what does not need
 * that part, and is whole again by itself when the part is.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import type { Institution } from "../support/institution.ts";
import { createLink } from "../support/link.ts";
import type { Running } from "../support/processes.ts";

let database: TestDatabase;
let folder: string;
let installation: Installation;
let running: Running;
let url: string;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), "paypost-parts-"));
});

afterEach(async () => {
  running.child.kill("SIGKILL");
  await running.finished;
  await installation.receiver.close();
  for (const close of closing.splice(0)) await close();
  await database.drop();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

interface Told {
  readonly http: number;
  readonly status: string;
  readonly components: Readonly<Record<string, string>>;
}

async function readiness(): Promise<Told> {
  const response = await fetch(`${url}/readiness`);
  const { status, components } = (await response.json()) as {
    status: string;
    components: { name: string; status: string }[];
  };
  const byName = Object.fromEntries(components.map((component) => [component.name, component.status]));
  return { http: response.status, status, components: byName };
}

async function begin(environment: Readonly<Record<string, string>>): Promise<void> {
  installation = await prepareInstallation(folder, environment);
  ({ running, url } = await startServer(installation));
}

async function issue(ministry: Institution): Promise<number> {
  const requestID = ministry.nextRequestId();
  const voucherInstructions = [
    { instructionID: "i-1", groupCode: "FOO", currency: "USD", amount: 7, narration: "food" },
  ];
  return (await ministry.call("POST", "/vouchers", { requestID, batchID: requestID, voucherInstructions }))
    .status;
}

async function fundedMinistry(): Promise<Institution> {
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "t-1");
  return registerInstitution(installation, url, "welfare");
}

async function listen(
  answer: RequestListener,
  port = 0,
): Promise<{ server: Server; url: string; port: number }> {
  const server = createServer(answer);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const taken = (server.address() as AddressInfo).port;
  return { server, url: `http://127.0.0.1:${taken}`, port: taken };
}

function close(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

describe("PostgreSQL", () => {
  test("is away, then mute, then back: 503 and said so, the process lives on, and goes on by itself", async () => {
    const direct = new URL(database.url);
    const link = await createLink(`http://${direct.host}`);
    closing.push(() => link.cut().catch(() => undefined));
    const through = new URL(database.url);
    through.port = new URL(link.url).port;
    await begin({ DATABASE_URL: through.href });
    const ministry = await fundedMinistry();
    expect(await issue(ministry)).toBe(200);
    expect((await readiness()).status).toBe("ready");

    await link.cut();
    expect(await readiness()).toMatchObject({
      http: 503,
      status: "not ready",
      components: { database: "down" },
    });
    expect(await issue(ministry)).toBe(503);
    expect((await fetch(`${url}/healthcheck`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("paypost_database_up 0");
    await link.join();
    await expect.poll(async () => (await readiness()).status, { timeout: 30_000 }).toBe("ready");
    expect(await issue(ministry)).toBe(200);

    // It takes what it is sent and answers nothing.
    link.lose("to-node");
    const askedMs = Date.now();
    expect(await readiness()).toMatchObject({ http: 503, status: "not ready" });
    expect(Date.now() - askedMs).toBeLessThan(10_000);
    await link.join();
    await expect.poll(async () => (await readiness()).status, { timeout: 30_000 }).toBe("ready");
    await expect.poll(() => issue(ministry), { timeout: 30_000 }).toBe(200);
  });
});

describe("the Electric service", () => {
  test("is away: nodes cannot read and that is said, callers are served; it is found again when it is back", async () => {
    const healthy: RequestListener = (_, response) => response.writeHead(200).end('{"status":"active"}');
    const electric = await listen(healthy);
    await begin({ DATABASE_URL: database.url, ELECTRIC_URL: electric.url, ELECTRIC_SECRET: "a secret" });
    const ministry = await fundedMinistry();
    await expect.poll(async () => (await readiness()).components["shapes"], { timeout: 20_000 }).toBe("ok");
    await close(electric.server);
    await expect.poll(async () => (await readiness()).components["shapes"], { timeout: 20_000 }).toBe("down");
    expect(await readiness()).toMatchObject({ http: 200, status: "degraded" });
    expect(await issue(ministry)).toBe(200);
    const again = await listen(healthy, electric.port);
    closing.push(() => close(again.server));
    await expect.poll(async () => (await readiness()).status, { timeout: 20_000 }).toBe("ready");
  });
});

describe("a receiver of callbacks", () => {
  test("takes connections and never answers: other receivers get theirs as soon as ever", async () => {
    const mute = await listen(() => undefined);
    closing.push(() => close(mute.server));
    await begin({ DATABASE_URL: database.url });
    const ministry = await fundedMinistry();
    const slow = Array.from({ length: 12 }, async () => {
      const requestID = ministry.nextRequestId();
      const voucherInstructions = [
        { instructionID: "i-1", groupCode: "FOO", currency: "USD", amount: 1, narration: "food" },
      ];
      const body = { requestID, batchID: requestID, voucherInstructions };
      return ministry.call("POST", "/vouchers", body, { "X-Callback-URL": `${mute.url}/` });
    });
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(
      Array.from({ length: 12 }, () => 200),
    );
    const startedMs = Date.now();
    await ministry.createVouchers("FOO", [7]);
    // One try at the mute one takes 15 seconds; twelve of them would hold everything for most of a minute.
    expect(Date.now() - startedMs).toBeLessThan(12_000);
  });
});

const smallDisk = await makeSmallDisk();

describe.skipIf(smallDisk === undefined)(
  "the disk of the server's own PostgreSQL (where one may be mounted)",
  () => {
    test("is full: callers get 503 and nothing is half-done; with room again it goes on by itself", async () => {
      const disk = smallDisk ?? "";
      closing.push(() => Promise.resolve(execFileSync("umount", ["--lazy", disk])));
      await begin({ PAYPOST_DATA: join(disk, "data"), PAYPOST_KEYS: join(folder, "keys") });
      const ministry = await fundedMinistry();
      expect(await issue(ministry)).toBe(200);
      await fillUp(join(disk, "ballast"));
      await expect
        .poll(async () => (await readiness()).components["disk"], { timeout: 20_000 })
        .toBe("degraded");
      const statuses = new Set<number>();
      for (let tries = 0; tries < 400 && !statuses.has(503); tries += 1) statuses.add(await issue(ministry));
      expect([...statuses].filter((status) => status !== 200)).toEqual([503]);
      await rm(join(disk, "ballast"));
      await expect.poll(() => issue(ministry), { timeout: 90_000, interval: 1_000 }).toBe(200);
      await expect
        .poll(async () => (await readiness()).components["database"], { timeout: 30_000 })
        .toBe("ok");
      expect(await operate(installation, "books")).toMatchObject({ balanced: true });
      running.child.kill("SIGTERM");
      expect((await running.finished).code).toBe(0);
    });
  },
);

/** Root on Linux may mount one in memory. */
async function makeSmallDisk(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const disk = join(tmpdir(), `paypost-small-disk-${process.pid}`);
  await mkdir(disk, { mode: 0o755 });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs", disk], { stdio: "pipe" });
    return disk;
  } catch {
    await rm(disk, { recursive: true });
    return undefined;
  }
}

async function fillUp(path: string): Promise<void> {
  await writeFile(path, Buffer.alloc(500_000_000)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOSPC") throw error;
  });
}
