/**
 * A file of vouchers through real processes: the server killed while it makes them, the command that sent it killed at
 * any point. Each voucher is made exactly once, and the next try goes on where the last one ended.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import type { Institution } from "../support/institution.ts";
import { start } from "../support/processes.ts";
import type { Finished, Running } from "../support/processes.ts";

const count = 2_000;

let database: TestDatabase;
let client: DatabaseClient;
let folder: string;
let installation: Installation;
let server: Running;
let url: string;
let ministry: Institution;
let files = 0;

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 2 });
  folder = await mkdtemp(join(tmpdir(), "paypost-batch-file-"));
  installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
  ({ running: server, url } = await startServer(installation));
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000000.00", "USD", "--reference", "t-1");
  ministry = await registerInstitution(installation, url, "welfare");
});

afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.finished;
  await installation.receiver.close();
  await client.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe("killed with SIGKILL", () => {
  test("the server while it makes the vouchers: each is made once, and the command waits and goes on", async () => {
    const file = await csvFile(count);
    const command = await send(file);
    await untilMade(file, 1);
    server.child.kill("SIGKILL");
    expect((await server.finished).signal).toBe("SIGKILL");
    expect(await madeOf(file)).toBeLessThan(count);
    const environment = { ...installation.environment, PORT: new URL(url).port };
    ({ running: server, url } = await startServer({ ...installation, environment }));
    expect(await command.finished).toMatchObject({ code: 0 });
    await expectAllOnce(file, count);
    const books = (await operate(installation, "books")) as { balanced: boolean };
    expect(books.balanced).toBe(true);
  });

  test.each(["nothing", "sending", "0 of", " of 500"])(
    "the command, after it said %j: run again, it goes on and makes nothing twice",
    async (said) => {
      const file = await csvFile(500);
      const first = await send(file);
      if (said !== "nothing") await saidOn(first, said);
      first.child.kill("SIGKILL");
      await first.finished;
      const again = await (await send(file)).finished;
      expect(again).toMatchObject({ code: 0 });
      await expectAllOnce(file, 500);
    },
  );

  test("the command while it writes the answer: nothing half is left under the answer's name", async () => {
    const file = await csvFile(20);
    await (
      await send(file)
    ).finished;
    await rm(`${file}.vouchers.csv`);
    await writeFile(`${file}.vouchers.csv.part`, "uniqueId,status\nhalf a li", { mode: 0o644 });
    const again = await (await send(file)).finished;
    expect(again).toMatchObject({ code: 0 });
    await expectAllOnce(file, 20);
  });
});

describe("the command", () => {
  test("writes the vouchers for their owner only, in the order of the file, with numbers that redeem", async () => {
    const file = await csvFile(3);
    const { code, stdout, stderr } = await (await send(file)).finished;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      total: 3,
      created: 3,
      failed: 0,
      file: `${file}.vouchers.csv`,
    });
    expect(stderr).toContain("3 of 3 vouchers made, 0 failed (100 %)");
    expect((await stat(`${file}.vouchers.csv`)).mode & 0o777).toBe(0o600);
    const rows = await readAnswer(file);
    expect(rows.map((row) => row["uniqueId"])).toEqual(await idsOf(file));
    const [{ serialNumber = "", voucherNumber = "" } = {}] = rows;
    await operate(installation, "merchant", "add", "shop-1", "Shop", "--accepts", "FOO");
    await ministry.activate([serialNumber]);
    const redeemed = await ministry.redeem(serialNumber, voucherNumber, "shop-1");
    expect(redeemed.body).toMatchObject({ message: "REDEEMED" });
  });

  test.each([
    [
      "JSON Lines without a header",
      "jsonl",
      (id: string) => `{"uniqueId":"${id}","amount":1.50,"currency":"USD","voucherGroup":"FOO"}\n`,
    ],
    [
      "a JSON array",
      "json",
      (id: string) => `[{"uniqueId":"${id}","amount":1.50,"currency":"USD","voucherGroup":"FOO"}]`,
    ],
    [
      "a JSON document with its own ids",
      "json",
      (id: string) =>
        JSON.stringify(
          {
            requestID: id,
            batchID: id,
            programID: "p",
            vouchers: [{ uniqueId: id, amount: "1.50", currency: "USD", voucherGroup: "FOO" }],
          },
          null,
          2,
        ),
    ],
    [
      "a CSV with semicolons, a byte order mark and quotes",
      "csv",
      (id: string) =>
        `\uFEFFUniqueId;Amount;Currency;VoucherGroup;Narration\r\n${id};1.50;USD;FOO;"Lentils; ""5 kg"""\r\n`,
    ],
  ])("takes %s", async (_name, ending, contentOf) => {
    files += 1;
    const id = `f${files}-x`;
    const file = join(folder, `taken-${files}.${ending}`);
    await writeFile(file, contentOf(id));
    const finished = await (await send(file)).finished;
    expect(finished).toMatchObject({ code: 0, stderr: expect.stringContaining("1 of 1") });
    expect(await readAnswer(file)).toMatchObject([{ uniqueId: id, status: "created" }]);
  });

  test("a failed item has its reason in the answer", async () => {
    const file = join(folder, "failing.csv");
    await writeFile(file, "uniqueId,amount,currency,voucherGroup\nfail-1,1,USD,NON\nfail-2,1,USD,FOO\n");
    const { stdout } = await (await send(file)).finished;
    expect(JSON.parse(stdout)).toMatchObject({ created: 1, failed: 1 });
    const [failed] = await readAnswer(file);
    expect(failed).toMatchObject({
      status: "failed",
      failureReason: "Unknown voucher group NON",
      voucherNumber: "",
    });
  });

  test("an answer file that was downloaded otherwise is decrypted", async () => {
    const sent = await csvFile(2);
    const { stdout } = await (await send(sent)).finished;
    const { batchID } = JSON.parse(stdout) as { batchID: string };
    const answer = await fetch(`${url}/vouchers/batches/${batchID}/file`, {
      headers: { authorization: `Bearer ${await installation.issuer.token("welfare")}` },
    });
    const file = join(folder, "answer.ppbf");
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    const serverKey = Buffer.from(await ministry.serverKey()).toString("base64");
    const decrypted = await paypost(["decrypt", file, "--server-key", serverKey]);
    expect(decrypted.code).toBe(0);
    expect(await readFile(`${file}.csv`, "utf8")).toBe(await readFile(`${sent}.vouchers.csv`, "utf8"));
    const wrong = await paypost(["decrypt", `${sent}.vouchers.csv`, "--server-key", serverKey]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("no batch voucher file") });
  });

  test.each<[string, string, string]>([
    ["no heading", "a,b\n", "line 1: a is no column"],
    ["a missing column", "uniqueId,amount,currency\n", "column voucherGroup is missing"],
    ["a row too short", "uniqueId,amount,currency,voucherGroup\nx,1,USD\n", "line 2 has 3 columns, not 4"],
    [
      "an open quote",
      'uniqueId,amount,currency,voucherGroup\nx,1,USD,"FOO\n',
      "line 2: a quote is never closed",
    ],
    [
      "a wrong amount",
      "uniqueId,amount,currency,voucherGroup\nx,ten,USD,FOO\n",
      "line 2: amount must be a decimal",
    ],
    ["no rows", "uniqueId,amount,currency,voucherGroup\n", "no vouchers in it"],
  ])("a CSV with %s is told of before anything is sent", async (_name, content, message) => {
    files += 1;
    const file = join(folder, `wrong-${files}.csv`);
    await writeFile(file, content);
    const { code, stderr } = await (await send(file)).finished;
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test("every other failure says what is wrong, and what to do", async () => {
    const file = await csvFile(1);
    const environment = await environmentOf();
    const failing = async (args: readonly string[], change: Record<string, string> = {}) => {
      const { code, stderr } = await paypost(args, { ...environment, ...change });
      expect(code).toBe(2);
      return stderr;
    };
    const all = ["vouchers", "batch", file, "--server", url, "--program", "relief"];
    expect(await failing(["vouchers", "batch", "nowhere.csv", ...all.slice(3)])).toContain("cannot be read");
    expect(await failing(all.slice(0, 5))).toContain("--program");
    expect(await failing(all.slice(0, 3))).toContain("--server must be");
    expect(await failing([...all.slice(0, 4), "http://paypost.example", "--program", "p"])).toContain(
      "https",
    );
    expect(await failing(all, { PAYPOST_TOKEN: "" })).toContain("PAYPOST_TOKEN");
    expect(await failing(all, { PAYPOST_TOKEN: "x.y.z" })).toContain("does not accept the token");
    expect(await failing(all, { PAYPOST_BOX_SECRET: "short" })).toContain("32 bytes");
    expect(await failing([...all, "--server-key", Buffer.alloc(32, 1).toString("base64")])).toContain(
      "another key",
    );
    expect(await failing(all, { PAYPOST_BOX_SECRET: Buffer.alloc(32, 7).toString("base64") })).toContain(
      "not open",
    );
    expect(await madeOf(file)).toBe(0);
    expect((await (await send(file)).finished).code).toBe(0);
    expect(await failing(all)).toContain("there already");
    await rm(`${file}.vouchers.csv`);
    expect(await failing([...all.slice(0, 6), "other"])).toContain("another --program");
    await writeFile(file, (await readFile(file, "utf8")).replace("2.50", "3.50"));
    expect(await failing(all)).toContain("is not what it was");
  });

  test("a server that is busy is asked again, and one that is no Paypost server is told of", async () => {
    const file = await csvFile(1);
    let asked = 0;
    const busy = createServer((_request, response) => {
      asked += 1;
      response.writeHead(asked < 3 ? 503 : 200).end("{}");
    });
    await new Promise<void>((resolve) => void busy.listen(0, "127.0.0.1", resolve));
    const elsewhere = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
    const args = ["vouchers", "batch", file, "--server", elsewhere, "--program", "p"];
    const { stderr } = await paypost(args, await environmentOf());
    busy.close();
    expect([asked, stderr]).toEqual([3, expect.stringContaining("is it a Paypost server?")]);
  });
});

async function csvFile(rows: number): Promise<string> {
  files += 1;
  const file = join(folder, `vouchers-${files}.csv`);
  const lines = Array.from({ length: rows }, (_, index) => `f${files}-${index},2.50,USD,FOO`);
  await writeFile(file, `uniqueId,amount,currency,voucherGroup\n${lines.join("\n")}\n`);
  return file;
}

async function send(file: string): Promise<Running> {
  const args = ["vouchers", "batch", file, "--server", url, "--program", "relief", "--json"];
  return start("node-server/cli/main.ts", args, await environmentOf());
}

async function paypost(args: readonly string[], environment?: Record<string, string>): Promise<Finished> {
  return start("node-server/cli/main.ts", args, environment ?? (await environmentOf())).finished;
}

async function environmentOf(): Promise<Record<string, string>> {
  return {
    PAYPOST_TOKEN: await installation.issuer.token("welfare"),
    PAYPOST_BOX_SECRET: Buffer.from(ministry.keys.secretKey).toString("base64"),
  };
}

function saidOn(running: Running, text: string): Promise<void> {
  let said = "";
  return new Promise((resolve) => {
    running.child.stderr?.on("data", (piece: string) => {
      said += piece;
      if (said.includes(text)) resolve();
    });
  });
}

async function expectAllOnce(file: string, total: number): Promise<void> {
  expect(await madeOf(file)).toBe(total);
  const rows = await readAnswer(file);
  expect(rows.map((row) => row["uniqueId"])).toEqual(await idsOf(file));
  for (const name of ["serialNumber", "voucherNumber"])
    expect(new Set(rows.map((row) => row[name])).size).toBe(total);
}

async function idsOf(file: string): Promise<(string | undefined)[]> {
  const [, ...rows] = (await readFile(file, "utf8")).trimEnd().split("\n");
  return rows.map((row) => row.split(",")[0]);
}

async function readAnswer(file: string): Promise<Record<string, string>[]> {
  const text = await readFile(`${file}.vouchers.csv`, "utf8");
  const [headings = "", ...rows] = text.trimEnd().split("\n");
  const names = headings.split(",");
  return rows.map((row) => {
    const cells = row.split(",");
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]));
  });
}

async function untilMade(file: string, wanted: number): Promise<void> {
  while ((await madeOf(file)) < wanted);
}

/** Vouchers of the items of a file, whatever batch they are in. */
async function madeOf(file: string): Promise<number> {
  const { rows } = await client.pool.query<{ count: bigint }>(
    `select count(*) from vouchers v join voucher_instructions i using (batch, line) where i.instruction_id = any($1)`,
    [await idsOf(file)],
  );
  return Number(rows[0]?.count ?? -1n);
}
