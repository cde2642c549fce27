/** The sandbox as a process of its own, and the databases that it and the real server refuse each other. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";
import { run, start } from "../../test/support/processes.ts";
import type { Running } from "../../test/support/processes.ts";
import { callAt, seedFile } from "../../test/support/sandbox.ts";
import { startTestServer } from "../../test/support/server.ts";

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), "paypost-sandbox-"));
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const activation = { voucher_serial_number: 102, Gov_Stack_BB: "bb-relief" };

describe("npm run sandbox", () => {
  test("loads the seed, goes on with it, and loads it afresh with --reset, repeatedly", async () => {
    const first = await startSandbox([]);
    expect(await first.running.line(/Loaded .*\nVouchers, 13/)).toBeTruthy();
    expect((await activate(first.url)).body).toEqual({ result_status: "Voucher is successfully activated" });
    await stop(first.running);

    const again = await startSandbox([]);
    expect((await activate(again.url)).body).toEqual({ result_status: "Already activated" });
    expect((await stop(again.running)).stdout).toContain("It goes on with");

    for (const round of ["--reset", "--reset"]) {
      const fresh = await startSandbox([round]);
      expect((await activate(fresh.url)).body).toEqual({
        result_status: "Voucher is successfully activated",
      });
      const created = await callAt(fresh.url, "POST", "/vouchers/voucher_preactivation", preactivation);
      expect(Number(created.body["voucher_serial_number"])).toBeGreaterThan(180);
      await stop(fresh.running);
    }
  });

  test("listens on both loopback addresses and on no other; a taken port is told", async () => {
    const { running, url } = await startSandbox([]);
    const port = new URL(url).port;
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    if (own.some(({ address }) => address === "::1"))
      expect((await fetch(`http://[::1]:${port}/healthcheck`)).status).toBe(200);
    for (const { address } of own.filter(({ internal, family }) => !internal && family === "IPv4"))
      await expect(fetch(`http://${address}:${port}/healthcheck`)).rejects.toThrow("fetch failed");
    const other = await createDatabase();
    const second = await sandbox(["--port", port], other.url).finished;
    expect([second.code, second.stderr]).toEqual([2, expect.stringContaining(`Port ${port} is taken`)]);
    await other.drop();
    await stop(running);
  });

  test("the current API works too: the caller is who its header says", async () => {
    const { running, url } = await startSandbox([]);
    const as = (id: string) => ({ "X-Registering-Institution-ID": id });
    expect((await callAt(url, "GET", "/vouchers/110?fields=status")).status).toBe(400);
    expect((await callAt(url, "GET", "/vouchers/110?fields=status", undefined, as("nobody"))).status).toBe(
      403,
    );
    expect(
      (await callAt(url, "GET", "/vouchers/110?fields=status", undefined, as("bb-pensions1"))).status,
    ).toBe(403);
    const own = await callAt(url, "GET", "/vouchers/110?fields=status", undefined, as("bb-relief"));
    expect(own.body).toMatchObject({ statusName: "Activated", serialNumber: "0000000110", value: 50 });
    const redeemed = await callAt(
      url,
      "POST",
      "/vouchers?command=redeem",
      { requestID: "r-1", voucherSerialNumber: 110, agentID: "m-1", voucherSecretNumber: "7010" },
      as("bb-relief"),
    );
    expect(redeemed.body).toMatchObject({ status: 1, message: "REDEEMED" });
    await stop(running);
  });

  test("a malformed seed is refused before anything is dropped", async () => {
    const file = join(folder, "bad.json");
    await writeFile(file, JSON.stringify({ vouchers: ["// lost", {}] }));
    const refused = await start(
      "node-server/main.sandbox.ts",
      ["--seed", file, "--reset"],
      environment(database.url),
    ).finished;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`${file} is no seed`);
    expect(refused.stderr).toContain("vouchers[1].voucher_number: ");
    const missing = await run("node-server/main.sandbox.ts", ["--seed", join(folder, "none.json")]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("cannot be read: ENOENT")]);
  });

  test("told to stop it answers what it was asked, and ends then", async () => {
    const { running, url } = await startSandbox(["--reset"]);
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("begin; lock table vouchers in access exclusive mode");
    const answer = activate(url);
    await expect
      .poll(async () => {
        const waiting = await holder.query(
          "select from pg_locks where not granted and relation = 'vouchers'::regclass",
        );
        return waiting.rowCount;
      })
      .toBeGreaterThan(0);
    const stopped = stop(running);
    await running.line(/Stopping/);
    await holder.query("commit");
    expect((await answer).body).toEqual({ result_status: "Voucher is successfully activated" });
    expect((await stopped).code).toBe(0);
    await holder.end();
  });

  test("a load that was cut short is begun anew", async () => {
    await query(database.url, "update sandbox set loaded_at = null");
    const { running, url } = await startSandbox([]);
    expect((await activate(url)).body).toEqual({ result_status: "Voucher is successfully activated" });
    await stop(running);
  });
});

describe("whose database it is", () => {
  test("a sandbox refuses the database of a server, with --reset too, and changes nothing in it", async () => {
    const server = await startTestServer();
    const refused = await sandbox(["--reset"], server.databaseUrl).finished;
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("no sandbox's")]);
    expect((await server.client.pool.query("select from institutions")).rowCount).toBe(1);
    await server.close();
  });

  test("a sandbox refuses a database that holds something else", async () => {
    const other = await createDatabase();
    await query(other.url, "drop schema public cascade; create schema public; create table ledgers (id int)");
    const refused = await sandbox([], other.url).finished;
    expect(refused.stderr).toContain("no sandbox's");
    await query(other.url, "select from ledgers");
    await other.drop();
  });

  test("a server refuses a sandbox's database", async () => {
    const refused = await run("node-server/main.node.ts", [], { ...environment(database.url), PORT: "0" });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("This database is a sandbox's"),
    ]);
  });
});

const preactivation = {
  voucher_amount: "1",
  voucher_currency: "USD",
  voucher_group: "string",
  Gov_Stack_BB: "bb-relief",
};

function environment(databaseUrl: string): Record<string, string> {
  return { DATABASE_URL: databaseUrl, PAYPOST_DATA: join(folder, "data"), LOG_LEVEL: "silent" };
}

function sandbox(args: readonly string[], databaseUrl: string): Running {
  return start(
    "node-server/main.sandbox.ts",
    ["--seed", seedFile, "--port", "0", ...args],
    environment(databaseUrl),
  );
}

async function startSandbox(
  args: readonly string[],
): Promise<{ readonly running: Running; readonly url: string }> {
  const running = sandbox(args, database.url);
  const [, url] = await running.line(/listens on (http:\/\/127\S+)/);
  if (url === undefined) throw new Error("the sandbox did not say where it listens");
  return { running, url };
}

function stop(running: Running): Running["finished"] {
  running.child.kill("SIGTERM");
  return running.finished;
}

function activate(url: string) {
  return callAt(url, "PATCH", "/vouchers/voucher_activation", activation);
}

async function query(databaseUrl: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}
