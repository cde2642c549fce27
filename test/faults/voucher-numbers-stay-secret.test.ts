/**
 * After a full run no voucher number is in any log line, answer, callback, error or table, nor on the disk of a till:
 * what the run issued is searched for, in each form that a number could be written in.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import type { Institution, IssuedVoucher } from "../support/institution.ts";
import {
  enrolTill,
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
} from "../support/installation.ts";
import type { Installation, Till } from "../support/installation.ts";
import type { Running } from "../support/processes.ts";

let database: TestDatabase;
let client: DatabaseClient;
let folder: string;
let installation: Installation;
let server: Running;
let url: string;
let institution: Institution;
const numbers: string[] = [];
/** What the server said to anybody. */
const said: string[] = [];

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 2 });
  folder = await mkdtemp(join(tmpdir(), "paypost-secrets-"));
  installation = await prepareInstallation(folder, { DATABASE_URL: database.url, LOG_LEVEL: "trace" });
  ({ running: server, url } = await startServer(installation));
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "t-1");
  institution = await registerInstitution(installation, url, "welfare");
  await useNumbersEverywhere();
  server.child.kill("SIGTERM");
  await server.finished;
});

afterAll(async () => {
  await installation.receiver.close();
  await client.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe("4.4: after a full run", () => {
  test("no number is in a log line, and there are log lines", async () => {
    const { stdout, stderr } = await server.finished;
    expect(stdout + stderr).toContain("listens on");
    expect(found(stdout + stderr)).toEqual([]);
  });

  test("no number is in an answer or a callback", () => {
    const callbacks = JSON.stringify(installation.receiver.received);
    expect(callbacks).toContain("voucherNumber");
    expect(found(callbacks + said.join("\n"))).toEqual([]);
  });

  test("no number is in any table, of the server's own or of its job queue", async () => {
    const { rows: tables } = await client.pool.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(30);
    for (const { name } of tables) {
      const { rows } = await client.pool.query<{ row: string }>(`select t::text as row from ${name} t`);
      expect(found(rows.map(({ row }) => row).join("\n")), name).toEqual([]);
    }
  });

  test("no number is on the till's disk", async () => {
    const names = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile() && entry.parentPath.includes("shop-1"));
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const bytes = await readFile(join(file.parentPath, file.name));
      expect(found(bytes.toString("latin1")), file.name).toEqual([]);
      expect(found(bytes.toString("hex")), file.name).toEqual([]);
    }
  });
});

/** Redeemed, refused, guessed, asked for in a URL, redeemed offline: every way in which a number reaches the server. */
async function useNumbersEverywhere(): Promise<void> {
  const merchant = { id: "shop-1", name: "Corner shop", accepts: "FOO" };
  const { till, nodeId } = await enrolTill(installation, url, merchant);
  const vouchers = await institution.createVouchers("FOO", [1, 2, 3, 4, 5]);
  numbers.push(...vouchers.map(({ number }) => number));
  const [online, refused, byCallback, offline, guessed] = vouchers;
  if (!online || !refused || !byCallback || !offline || !guessed)
    throw new Error("too few vouchers were made");
  await institution.activate([online, byCallback, guessed].map(({ serialNumber }) => serialNumber));
  await institution.activate([offline.serialNumber], { leaseTo: nodeId });
  await say("POST", "/vouchers?command=redeem", redemption(online));
  await say("POST", "/vouchers?command=redeem", redemption(online));
  await say("POST", "/vouchers?command=redeem", redemption(refused));
  await say("POST", "/vouchers?command=redeem", {
    ...redemption(online),
    voucherSerialNumber: guessed.serialNumber,
  });
  await say("POST", "/vouchers?command=redeem", { ...redemption(online), agentID: "nobody-at-all" });
  await say("POST", "/vouchers?command=redeemPay", redemption(byCallback));
  await say("POST", "/vouchers?command=redeem", `{"voucherSecretNumber": ${guessed.number}, `);
  await say("GET", `/voucher/validity?voucherNumber=${guessed.number}&groupCode=FOO`);
  await say("GET", `/vouchers/${guessed.number}`);
  await say("POST", "/voucher/validity", { voucherNumber: guessed.number, groupCode: "FOO" });
  await redeemOffline(till, offline);
  await institution.receiver.waitFor(({ body }) => body["message"] === "REDEEMED");
}

async function redeemOffline(till: Till, { serialNumber, number }: IssuedVoucher): Promise<void> {
  await till.run("sync");
  const redeemed = await till.run("redeem", "--serial", serialNumber, "--number", number, "--offline");
  expect(redeemed.code).toBe(0);
  said.push(JSON.stringify(redeemed.json), JSON.stringify((await till.run("sync")).json));
}

async function say(method: string, path: string, body?: unknown): Promise<void> {
  const answer = await institution.call(method, path, body);
  // The unknown serial in a URL is the caller's own text, and is told back to it.
  if (path !== `/vouchers/${numbers[4]}`) said.push(JSON.stringify(answer));
}

function redemption({ serialNumber, number }: IssuedVoucher) {
  return {
    requestID: institution.nextRequestId(),
    voucherSerialNumber: serialNumber,
    agentID: "shop-1",
    voucherSecretNumber: number,
  };
}

/** The numbers that stand in the text: as digits, in hexadecimal of the digits or of the integer, or in base64. */
function found(text: string): string[] {
  return numbers.filter((number) => {
    const digits = Buffer.from(number);
    const integer = BigInt(number).toString(16).padStart(16, "0");
    const forms = [number, digits.toString("hex"), integer, digits.toString("base64").replace(/=+$/, "")];
    return forms.some((form) => text.toLowerCase().includes(form.toLowerCase()));
  });
}
