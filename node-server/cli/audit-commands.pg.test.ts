/** The auditors' commands, beside a running server. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { webRandomBytes } from "#sync/signing/random.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { testStore } from "../../test/support/funding.ts";
import { operateOn } from "../../test/support/operate.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { formatHead } from "../audit/chain.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { readHead } from "../postgres/audit-chain.ts";
import { readIdentity } from "../postgres/recovery-admin.ts";
import { writeSeen } from "../recovery/generation-file.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await operate("merchant", "add", "shop-1", "Shop 1");
  await operate("group", "add", "FOO", "Food aid");
});
afterAll(() => server.close());

const operate = (...words: string[]) => operateOn(server, ...words);
async function sealed(): Promise<void> {
  const waiting = async () => (await server.client.pool.query("select from audit_unsealed")).rowCount;
  await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
}

test("the running server seals what is written, and the trail is whole", async () => {
  await sealed();
  const said = await operate("audit", "verify");
  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(said.stdout).toContain("The audit trail is whole.");
  expect(said.stdout).toContain("None waits for its place.");
});

test("a node is told in its signed verdicts how far the trail had come, and that head is found in it", async () => {
  const terms = { merchantId: "shop-1", nodeName: "till 1", validHours: 1 };
  const code = await issueEnrolmentCode(testStore(server.client.pool), webRandomBytes, terms);
  const node = await BareNode.enrol(server.url, code);
  await sealed();
  const { verdicts } = await node.upload([node.release("0000000001")]);
  const told = verdicts?.auditHead;
  if (!told) throw new Error("no head was told");
  const head = formatHead({ ...told, position: BigInt(told.position) });
  expect(await operate("audit", "verify", "--head", head)).toMatchObject({ code: 0 });
  const other = head.slice(0, -1) + (head.endsWith("0") ? "1" : "0");
  const said = await operate("audit", "verify", "--head", other, "--json");
  expect(said.code).toBe(1);
  expect(JSON.parse(said.stdout)).toMatchObject({
    whole: false,
    breaks: [{ code: "other-history", head: other }],
  });
});

test("what is known beside the keys is held against it, unless the database was restored since", async () => {
  const { pool } = server.client;
  const identity = await readIdentity(pool);
  const beyond = { position: identity.head.position + 1000n, hash: new Uint8Array(32) };
  await writeSeen(server.keysFolder, { ...identity, head: beyond });
  const said = await operate("audit", "verify");
  expect(said.code).toBe(1);
  expect(said.stdout).toContain(`The trail had come to place ${beyond.position}, and ends before it`);
  await writeSeen(server.keysFolder, { ...identity, generation: identity.generation - 1, head: beyond });
  expect(await operate("audit", "verify")).toMatchObject({ code: 0 });
});

test("what is typed wrongly is told", async () => {
  expect(await operate("audit", "verify", "--head", "x")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--head must be PLACE:HASH") as string,
  });
  for (const day of ["yesterday", "2026-02-30", "2026-13-01"])
    expect((await operate("audit", "list", "--from", day)).stderr).toContain(`--from must be a day`);
});

test("entries are found by day, actor, action and subject, and exported", async () => {
  const all = JSON.parse((await operate("audit", "list", "--json")).stdout) as readonly { action: string }[];
  expect(all.length).toBeGreaterThan(3);
  const only = await operate(
    "audit",
    "list",
    "--action",
    "merchant.",
    "--subject",
    "merchant:shop-1",
    "--csv",
  );
  expect(only.stdout.split("\n")).toHaveLength(2);
  expect(only.stdout).toMatch(
    /^entry,at,actor,from,action,subject,reason,before,after\r?\n\d+,.*merchant:shop-1/,
  );
  const today = new Date().toISOString().slice(0, 10);
  const found = async (...words: string[]) =>
    (JSON.parse((await operate("audit", "list", ...words, "--json")).stdout) as unknown[]).length;
  expect(await found("--from", today, "--until", today)).toBeGreaterThan(0);
  expect(await found("--until", "2026-01-01")).toBe(0);
  expect(await found("--limit", "2")).toBe(2);
  expect(await found("--actor", "nobody")).toBe(0);
  expect(await readHead(server.client.pool)).toMatchObject({ position: expect.any(BigInt) as bigint });
});

test("an entry tells from where it came: a request's address, a machine's user; and that a voucher was read", async () => {
  const { institution } = server;
  await operate("group", "fund", "FOO", "100.00", "USD", "--reference", "r-1");
  await institution.createVouchers("FOO", [5]);
  const page = await institution.call("GET", "/vouchers?page=1");
  expect(page.status).toBe(200);
  const [voucher] = page.body["vouchers"] as { serialNumber: string }[];
  await institution.call("GET", `/vouchers/${voucher?.serialNumber}`);
  const found = async (...search: string[]) =>
    JSON.parse((await operate("audit", "list", "--json", ...search)).stdout) as Record<string, unknown>[];
  const reads = await found("--action", "voucher");
  expect(reads.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["voucher.read", "vouchers.read"]),
  );
  for (const { action, origin } of reads)
    if (String(action).endsWith(".read")) expect(origin).toMatch(/^(127\.0\.0\.1|::1)$/);
  const byOperators = await found("--action", "merchant");
  expect(byOperators[0]).toMatchObject({ origin: expect.stringMatching(/^cli:.+@.+$/) });
  expect(await found("--origin", "cli:", "--action", "voucher.read")).toEqual([]);
  await sealed();
  expect(await operate("audit", "verify")).toMatchObject({ code: 0 });
});
