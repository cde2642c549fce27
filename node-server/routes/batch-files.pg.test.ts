import { randomBytes } from "node:crypto";
import nacl from "tweetnacl";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { fetchAnswer, jsonLines, sealRequest, sendFile, sendLines } from "../../test/support/batch-file.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { Institution } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { mostDocumentBytes } from "../batch-files/request.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { decryptNumber } from "../vouchers/numbers.ts";

let server: TestServer;
let ministry: Institution;

beforeAll(async () => {
  server = await startTestServer();
  ministry = server.institution;
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putVoucherGroup(pool, { code: "LOW", name: "Low", validityDays: 30 });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 100_000_000n, currency: "USD" }));
  await fundForTest(pool, fundGroup("t-2", "LOW", { amountMinor: 700n, currency: "USD" }));
});

afterAll(() => server.close());

describe("a batch voucher file", () => {
  test("of 2,000 items: accepted at once, every voucher made, the answer file holds each number", async () => {
    const file = header();
    const items = Array.from({ length: 2_000 }, () => item());
    const answer = await sendLines(ministry, [file, ...items]);
    expect(answer).toEqual({
      status: 200,
      body: {
        ResponseCode: "00",
        ResponseDescription: "Voucher batch file received",
        RequestID: file.requestID,
        batchID: file.batchID,
        total: 2_000,
      },
    });
    await completed(file.batchID);
    const { header: told, items: results } = await fetchAnswer(ministry, file.batchID);
    const { requestID, batchID } = file;
    expect(told).toEqual({ requestID, batchID, total: 2_000, created: 2_000, failed: 0 });
    expect(results.map(({ uniqueId }) => uniqueId)).toEqual(items.map(({ uniqueId }) => uniqueId));
    const serverKey = await ministry.serverKey();
    const numbers = results.map(({ serialNumber = "", voucherNumber = "" }) =>
      decryptNumber(ministry.keys.secretKey, serverKey, BigInt(serialNumber), voucherNumber),
    );
    expect(new Set(numbers).size).toBe(2_000);
    expect(numbers.every((number) => /^[1-9][0-9]{15}$/.test(number ?? ""))).toBe(true);
    const accounts = await trialBalance(server.client.pool);
    expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  });

  test("items are answered one by one, each failed one with its own reason", async () => {
    const file = header();
    const answer = await sendLines(ministry, [
      file,
      item({ payeeFunctionalID: "P-1", narration: "Lentils" }),
      item({ voucherGroup: "NON" }),
      item({ currency: "ZZZ" }),
      item({ amount: "1.005" }),
      item({ amount: 0 }),
      item({ voucherGroup: "LOW", amount: 8 }),
      item({ voucherGroup: "Low", amount: "7.00" }),
    ]);
    expect(answer.status).toBe(200);
    await completed(file.batchID);
    const { header: told, items } = await fetchAnswer(ministry, file.batchID);
    expect(told).toMatchObject({ total: 7, created: 2, failed: 5 });
    expect(items.map(({ status, failureReason }) => failureReason ?? status)).toEqual([
      "created",
      "Unknown voucher group NON",
      "Unknown currency",
      "More decimals than the currency has",
      "Amount must be above zero",
      "Insufficient funds in the voucher group",
      "created",
    ]);
    expect(items[0]?.voucherNumber).toHaveLength(44);
    expect(Date.parse(items[0]?.expiryDate ?? "")).toBeGreaterThan(Date.now());
  });

  test("may be one JSON document, written in one line or many", async () => {
    for (const indent of [0, 2]) {
      const file = { ...header(), vouchers: [item(), item()] };
      const sent = await sendFile(ministry, await sealRequest(ministry, JSON.stringify(file, null, indent)));
      expect(sent).toMatchObject({ status: 200, body: { total: 2 } });
      await completed(file.batchID);
      const { items } = await fetchAnswer(ministry, file.batchID);
      expect(items.map(({ uniqueId }) => uniqueId)).toEqual(file.vouchers.map(({ uniqueId }) => uniqueId));
    }
  });

  test("the callback names the answer file; the numbers' days run from its download, not from the callback", async () => {
    const file = header();
    const sealed = await sealRequest(ministry, jsonLines([file, item()]));
    await sendFile(ministry, sealed, { "X-Callback-URL": server.receiver.url });
    const { requestID, batchID } = file;
    const { body } = await server.receiver.waitFor((callback) => callback.body["requestID"] === requestID);
    const path = `/vouchers/batches/${batchID}/file`;
    expect(body).toEqual({ requestID, batchID, total: 1, created: 1, failed: 0, file: path });
    await vi.waitUntil(() => isCallbackDelivered(batchID), { timeout: 30_000 });
    expect(await deliveredOf(batchID)).toEqual([null]);
    await fetchAnswer(ministry, batchID);
    await vi.waitUntil(async () => (await deliveredOf(batchID))[0] instanceof Date, { timeout: 30_000 });
  });

  test("sent again, encrypted anew, gets its first answer and makes nothing; another content is 409", async () => {
    const values = [header(), item(), item()] as const;
    const answers = await Promise.all([1, 2, 3].map(() => sendLines(ministry, values)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await completed(values[0].batchID);
    expect(await sendLines(ministry, values)).toEqual(answers[0]);
    expect(await progress(values[0].batchID)).toMatchObject({ total: 2, created: 2 });
    const other = await sendLines(ministry, [...values, item()]);
    expect(other).toMatchObject({ status: 409, body: { requestID: values[0].requestID } });
    const sameBatch = await sendLines(ministry, [{ ...header(), batchID: values[0].batchID }, item()]);
    expect(sameBatch).toMatchObject({
      status: 409,
      body: { responseDescription: "This batchID was used before" },
    });
  });

  test("has a request id of its own: a request may have the same", async () => {
    const requestID = ministry.nextRequestId();
    const [voucher] = await ministry.createVouchers("FOO", [1]);
    expect(voucher).toBeDefined();
    const file = { ...header(), requestID };
    await sendLines(ministry, [file, item()]);
    const voucherInstructions = [{ instructionID: "1", groupCode: "FOO", currency: "USD", amount: 1 }];
    const request = { requestID, batchID: ministry.nextRequestId(), voucherInstructions };
    expect((await ministry.call("POST", "/vouchers", request)).status).toBe(200);
  });
});

describe("a file is refused whole", () => {
  const used = item();
  const usedIn = header();
  beforeAll(async () => {
    expect((await sendLines(ministry, [usedIn, used])).status).toBe(200);
  });

  test.each<[string, (file: object) => unknown[], string, string]>([
    ["nothing but a header", (file) => [file], "the file", "has no items"],
    ["no header", () => [item()], "line 1: requestID", "expected string"],
    [
      "a header without its programme",
      (file) => [{ ...file, programID: undefined }, item()],
      "line 1: programID",
      "",
    ],
    [
      "a batch id too long",
      (file) => [{ ...file, batchID: "1234567890123" }, item()],
      "line 1: batchID",
      "12",
    ],
    ["a line that is no JSON", (file) => [file, item(), "{oops"], "line 3", "is not JSON"],
    ["an empty line", (file) => [file, item(), "", item()], "line 3", "is not JSON"],
    ["a line that is no object", (file) => [file, "7"], "line 2", "expected object"],
    ["an item without id", (file) => [file, item(), item({ uniqueId: undefined })], "line 3: uniqueId", ""],
    ["an id too long", (file) => [file, item({ uniqueId: "x".repeat(17) })], "line 2: uniqueId", "16"],
    ["an amount in words", (file) => [file, item({ amount: "ten" })], "line 2: amount", "decimal number"],
    ["a negative amount", (file) => [file, item({ amount: -5 })], "line 2: amount", "decimal number"],
    [
      "an exponent",
      (file) => [file, '{"uniqueId":"e","amount":1e3,"currency":"USD","voucherGroup":"FOO"}'],
      "line 2: amount",
      "",
    ],
    [
      "an unsafe integer",
      (file) => [file, '{"uniqueId":"u","amount":9007199254740993}'],
      "line 2",
      "9007199254740993",
    ],
    ["a currency of two letters", (file) => [file, item({ currency: "US" })], "line 2: currency", ""],
    [
      "a character that is none",
      (file) => [file, item({ narration: "a\0b" })],
      "line 2: narration",
      "no text",
    ],
    ["an id twice in it", (file) => [file, twice, item(), twice], "line 4: uniqueId", "item 1"],
    ["an id of an earlier file", (file) => [file, item(), used], "line 3: uniqueId", "of batch"],
  ])("%s: with the line and the field", async (_name, lines, field, reason) => {
    const file = header();
    const before = await stored();
    const answer = await sendLines(ministry, lines(file));
    expect(answer.status).toBe(400);
    const [error] = answer.body["errors"] as { field: string; reason: string }[];
    expect(error?.field).toBe(field);
    expect(error?.reason).toContain(reason);
    expect(await stored()).toEqual(before);
    expect((await ministry.call("GET", `/vouchers/batches/${file.batchID}`)).status).toBe(404);
    // Nothing of it is kept, not even its ids: put right, the same file is taken.
    expect((await sendLines(ministry, [file, item()])).status).toBe(200);
  });

  test("a document's mistakes are told by their element, and one too large for memory is not taken up", async () => {
    const send = async (content: string) => sendFile(ministry, await sealRequest(ministry, content));
    const repeated = await send(JSON.stringify({ ...header(), vouchers: [twice, item(), twice] }));
    expect(repeated.body["errors"]).toMatchObject([{ field: "vouchers[2]: uniqueId" }]);
    const wrong = await send(JSON.stringify({ ...header(), vouchers: [item({ currency: 7 })] }, null, 1));
    expect(wrong.body["errors"]).toMatchObject([{ field: "vouchers[0]: currency" }]);
    const large = { ...header(), padding: "x".repeat(mostDocumentBytes), vouchers: [item()] };
    expect(await send(JSON.stringify(large))).toMatchObject({ status: 400 });
    expect(await send(JSON.stringify(large, null, 1))).toMatchObject({ status: 400 });
  });

  test("bytes that are no UTF-8, with the line", async () => {
    const content = `${jsonLines([header()])}{"uniqueId":"\u00ff"}`;
    const sealed = await sealBytes(Buffer.from(content, "latin1"));
    expect(await sendFile(ministry, sealed)).toMatchObject({
      status: 400,
      body: { responseDescription: "line 2 is not UTF-8" },
    });
  });

  test("one that does not open: changed, cut, empty, no batch file at all, or under another key", async () => {
    const file = await sealRequest(ministry, jsonLines([header(), item()]));
    const changed = file.map((byte, index) => (index === 50 ? byte ^ 1 : byte));
    const stranger = new Institution(
      "welfare",
      ministry.url,
      ministry.issuer,
      ministry.receiver,
      nacl.box.keyPair(),
    );
    const describe = async (sent: Uint8Array) => {
      const answer = await sendFile(ministry, sent);
      expect(answer.status).toBe(400);
      return answer.body["responseDescription"];
    };
    expect(await describe(changed)).toContain("does not open at its box 0");
    expect(await describe(file.subarray(0, -1))).toBe("The file ends too early");
    expect(await describe(new Uint8Array())).toContain("no batch voucher file");
    expect(await describe(randomBytes(500))).toContain("no batch voucher file");
    expect(await describe(await sealRequest(stranger, jsonLines([header(), item()])))).toContain(
      "does not open",
    );
  });

  test("without a registered key, by another institution, and without the scope", async () => {
    const keyless = new Institution(
      "keyless",
      ministry.url,
      ministry.issuer,
      ministry.receiver,
      ministry.keys,
    );
    await server.client.pool.query(`insert into institutions (id, name) values ('keyless', 'Keyless')`);
    const file = await sealRequest(ministry, jsonLines([header(), item()]));
    const answer = await sendFile(keyless, file);
    expect(answer).toMatchObject({
      status: 400,
      body: { responseDescription: expect.stringContaining("no registered key") },
    });
    const authorization = `Bearer ${await ministry.issuer.token("welfare", { scope: "vouchers:read" })}`;
    expect((await sendFile(ministry, file, { authorization })).status).toBe(403);
    expect((await sendFile(ministry, file, { "X-Registering-Institution-ID": "" })).status).toBe(400);
    expect((await sendFile(ministry, file, { "X-Callback-URL": "ftp://elsewhere" })).status).toBe(400);
    expect((await keyless.call("GET", `/vouchers/batches/${usedIn.batchID}`)).status).toBe(404);
  });
});

describe("the answer file", () => {
  test("is 404 for a batch that is not there, and 409 while the batch is not complete", async () => {
    expect((await ministry.call("GET", "/vouchers/batches/none/file")).status).toBe(404);
    const file = header();
    await server.client.pool.query(
      `insert into voucher_batches (kind, institution_id, batch_id, request_id, program_id)
       values ('file', 'welfare', $1, $1, 'p')`,
      [file.batchID],
    );
    expect((await ministry.call("GET", `/vouchers/batches/${file.batchID}/file`)).status).toBe(409);
    expect(await progress(file.batchID)).toMatchObject({ total: 0, state: "issuing" });
  });

  test("is without the numbers once they are erased", async () => {
    const file = header();
    await sendLines(ministry, [file, item()]);
    await completed(file.batchID);
    await server.client.pool.query(
      `delete from voucher_deliveries where serial in (
         select serial from vouchers v join voucher_batches b on b.id = v.batch where b.batch_id = $1)`,
      [file.batchID],
    );
    const { items } = await fetchAnswer(ministry, file.batchID);
    expect(items[0]?.status).toBe("created");
    expect(items[0]).not.toHaveProperty("voucherNumber");
  });

  test("a batch made by a request has its progress and its answer file too", async () => {
    const vouchers = await ministry.createVouchers("FOO", [1, 2]);
    const { rows } = await server.client.pool.query<{ batch_id: string }>(
      `select batch_id from voucher_batches b join vouchers v on v.batch = b.id where serial = $1`,
      [BigInt(vouchers[0]?.serialNumber ?? "0")],
    );
    const batchId = rows[0]?.batch_id ?? "";
    expect(await progress(batchId)).toMatchObject({ total: 2, created: 2, failed: 0, state: "complete" });
    const { items } = await fetchAnswer(ministry, batchId);
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(
      vouchers.map(({ serialNumber }) => serialNumber),
    );
  });
});

// Last, since the server may close a connection whose body it did not read.
describe("a file larger than the limit", () => {
  test("is refused whether it says so or not", async () => {
    const tooLarge = 64 * 1024 * 1024 + 1;
    const headers = {
      authorization: `Bearer ${await ministry.issuer.token("welfare")}`,
      "X-Registering-Institution-ID": "welfare",
    };
    const url = `${ministry.url}/vouchers/batches`;
    const piece = new Uint8Array(1024 * 1024);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += piece.length;
        if (sent > tooLarge + 2 * piece.length) controller.close();
        else controller.enqueue(piece);
      },
    });
    const streamed = await fetch(url, { method: "POST", headers, body, duplex: "half" });
    expect(streamed.status).toBe(413);
    const declared = await fetch(url, { method: "POST", headers, body: new Uint8Array(tooLarge) });
    expect(declared.status).toBe(413);
  });
});

const twice = item();

function header() {
  const requestID = ministry?.nextRequestId() ?? `h-${randomBytes(4).toString("hex")}`;
  return { requestID, batchID: requestID, programID: "relief-2026" };
}

function item(change: object = {}) {
  const uniqueId = randomBytes(8).toString("hex");
  return { uniqueId, amount: 2.5, currency: "USD", voucherGroup: "FOO", ...change };
}

async function progress(batchId: string): Promise<Readonly<Record<string, unknown>>> {
  return (await ministry.call("GET", `/vouchers/batches/${batchId}`)).body;
}

async function completed(batchId: string): Promise<void> {
  await vi.waitUntil(async () => (await progress(batchId))["state"] === "complete", {
    timeout: 50_000,
    interval: 50,
  });
}

async function deliveredOf(batchId: string): Promise<(Date | null)[]> {
  const { rows } = await server.client.pool.query<{ delivered_at: Date | null }>(
    `select delivered_at from voucher_deliveries d join vouchers v on v.serial = d.serial
     join voucher_batches b on b.id = v.batch where b.batch_id = $1`,
    [batchId],
  );
  return rows.map((row) => row.delivered_at);
}

async function isCallbackDelivered(batchId: string): Promise<boolean> {
  const { rowCount } = await server.client.pool.query(
    `select from callbacks c join voucher_batches b on b.id = c.subject
     where c.kind = 'batch' and c.state = 'delivered' and b.batch_id = $1`,
    [batchId],
  );
  return rowCount === 1;
}

async function stored(): Promise<unknown> {
  const { rows } = await server.client.pool.query(
    `select (select count(*) from api_requests) as requests, (select count(*) from voucher_batches) as batches,
       (select count(*) from voucher_instructions) as items, (select count(*) from audit_entries) as audit`,
  );
  return rows[0];
}

async function sealBytes(bytes: Uint8Array): Promise<Uint8Array> {
  const { sealFile } = await import("../batch-files/container.ts");
  const key = nacl.box.before(await ministry.serverKey(), ministry.keys.secretKey);
  const pieces: Uint8Array[] = [];
  const content = (async function* () {
    yield bytes;
  })();
  const random = (length: number) => new Uint8Array(randomBytes(length));
  for await (const piece of sealFile("request", key, content, random)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}
