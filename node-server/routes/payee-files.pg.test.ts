import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonLines, sealRequest } from "../../test/support/batch-file.ts";
import type { Answer } from "../../test/support/institution.ts";
import { run } from "../../test/support/processes.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), "paypost-payees-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await server.close();
});

const payee = (payeeIdentity: string, more: object = {}) => ({
  payeeIdentity,
  paymentModality: "01",
  financialAddress: "+254700000001",
  ...more,
});

async function send(
  values: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { institution, issuer, url } = server;
  const response = await fetch(`${url}/identityAccountMapper/files`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await issuer.token(institution.id)}`,
      "X-Registering-Institution-ID": institution.id,
      ...headers,
    },
    body: new Uint8Array(await sealRequest(institution, jsonLines(values))),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const progressOf = (requestID: string) =>
  server.institution.call("GET", `/identityAccountMapper/requests/${requestID}`);

describe("payees by an encrypted file", () => {
  test("are registered, what failed is told by callback and in the progress, and the same file is the same request", async () => {
    const file = [{ requestID: "file-1", programID: "relief" }, payee("F-1"), payee("F-2"), payee("F-1")];
    const sent = await send(file, { "X-Callback-URL": server.receiver.url });
    expect(sent).toEqual({
      status: 200,
      body: { responseCode: "00", responseDescription: "Payee file received", requestID: "file-1", total: 3 },
    });
    const told = await server.receiver.waitFor(({ body }) => body["registerRequestID"] === "file-1");
    expect(told.body["failedCases"]).toMatchObject([
      { payeeIdentity: "F-1", failureReason: "Already Registered" },
    ]);
    expect((await progressOf("file-1")).body).toMatchObject({
      total: 3,
      done: 3,
      failed: 1,
      state: "complete",
      failedCases: [{ line: 3 }],
    });
    expect(await send(file)).toEqual(sent);
    expect((await server.institution.call("GET", "/beneficiaries/F-2")).body).toMatchObject({
      programID: "relief",
    });
    expect((await send([...file, payee("F-3")])).status).toBe(409);
  });

  test("may update as well", async () => {
    const header = { requestID: "file-2", action: "update" };
    await send([header, payee("F-1", { financialAddress: "+254700000009" })], {
      "X-Callback-URL": server.receiver.url,
    });
    const told = await server.receiver.waitFor(({ body }) => body["registerRequestID"] === "file-2");
    expect(told.body["numberFailedCases"]).toBe(0);
  });

  test.each<[string, readonly unknown[], string]>([
    ["no payees", [{ requestID: "file-9" }], "the file has no payees"],
    ["a header without an id", [{}, payee("G-1")], "line 1: requestID"],
    [
      "a mistake far down",
      [{ requestID: "file-9" }, payee("G-1"), payee("G-2", { paymentModality: "77" })],
      "line 3: paymentModality",
    ],
    ["a line that is no JSON", [{ requestID: "file-9" }, payee("G-1"), "{"], "line 3 is not JSON"],
  ])("%s: refused whole, with its place, and nothing is stored", async (_name, values, said) => {
    const answer = await send(values);
    expect(answer.status).toBe(400);
    expect(answer.body["responseDescription"]).toContain(said);
    expect((await progressOf("file-9")).status).toBe(404);
    expect((await server.institution.call("GET", "/beneficiaries/G-1")).status).toBe(404);
  });
});

describe("payees load", () => {
  const load = (path: string, ...options: readonly string[]) =>
    run("node-server/cli/main.ts", ["payees", "load", path, "--institution", "welfare", ...options], {
      DATABASE_URL: server.databaseUrl,
      PAYPOST_KEYS: server.keysFolder,
    });
  const csv = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };

  test("registers the payees of a CSV file and says how far it is and what failed; run again it does nothing twice", async () => {
    const text =
      "payeeIdentity,paymentModality,financialAddress,area\nC-1,01,+254700000001,North\nC-2,03,,\nC-3,,,\n";
    const path = await csv("payees.csv", text);
    const loaded = await load(path, "--program", "relief");
    expect(loaded.stderr).toContain("3 of 3 payees (100 %)");
    expect(loaded.stdout).toContain("2 of 3 payees are done, 1 failed");
    expect(loaded.stdout).toMatch(/2\s+C-2\s+Financial Address Required/);
    expect((await server.institution.call("GET", "/beneficiaries/C-1")).body).toMatchObject({
      area: "North",
      programID: "relief",
      paymentModalities: [{ financialAddress: "+254700000001" }],
    });
    const again = await load(path, "--program", "relief");
    expect(again.stdout).toBe(loaded.stdout);
    expect((await server.institution.call("GET", "/beneficiaries/C-1/history")).body["history"]).toHaveLength(
      1,
    );
  });

  test.each([
    ["an unknown column", "payeeIdentity,iban\nX,1\n", "line 1: iban is no column"],
    ["a row that is too short", "payeeIdentity,area\nX\n", "line 2 has 1 columns, not 2"],
    ["an identity that is too long", `payeeIdentity\n${"x".repeat(21)}\n`, "line 2: payeeIdentity"],
  ])("%s is refused with its line", async (_name, text, said) => {
    const refused = await load(await csv("wrong.csv", text));
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(said)]);
  });

  test("a file that is not there, and an institution that is not registered, are told", async () => {
    const none = await load(join(folder, "none.csv"));
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("There is no file")]);
    const path = await csv("one.csv", "payeeIdentity\nZ-1\n");
    const other = await run("node-server/cli/main.ts", ["payees", "load", path, "--institution", "nobody"], {
      DATABASE_URL: server.databaseUrl,
      PAYPOST_KEYS: server.keysFolder,
    });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("not registered")]);
  });
});
