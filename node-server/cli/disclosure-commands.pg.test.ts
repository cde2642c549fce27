/** Seeing what is sealed of a payee takes two people and a reason, lasts a day, and leaves its trace. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { operateOn } from "../../test/support/operate.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
const iban = "NL87ABNA4193835510";

beforeAll(async () => {
  server = await startTestServer();
  const { institution } = server;
  const beneficiaries = [{ payeeIdentity: "P-1", PaymentModality: "00", FinancialAddress: iban }];
  const body = { requestID: institution.nextRequestId(), beneficiaries };
  const { status } = await institution.call("POST", "/beneficiary", body, { "X-Callback-URL": "" });
  expect(status).toBe(200);
});
afterAll(() => server.close());

const operate = (...words: string[]) => operateOn(server, "disclosure", ...words);
const ask = () =>
  operate("propose", server.institution.id, "P-1", "--because", "a complaint", "--by", "Amina");

test("one asks, another releases, and who has asked sees it; the address is in no audit entry", async () => {
  expect(await ask()).toMatchObject({ code: 0, stdout: expect.stringContaining("Disclosure 1 waits") });
  expect(await operate("show", "1", "--by", "Amina")).toMatchObject({
    stderr: expect.stringContaining("Nobody has released it"),
  });
  expect(await operate("release", "1", "--by", "Amina")).toMatchObject({
    stderr: expect.stringContaining("Whoever asks for it cannot release it"),
  });
  expect(await operate("release", "1", "--by", "Ben")).toMatchObject({ code: 0 });
  expect(await operate("show", "1", "--by", "Ben")).toMatchObject({
    stderr: expect.stringContaining("Only who has asked"),
  });
  const shown = await operate("show", "1", "--by", "Amina");
  expect(shown.stdout).toContain(iban);
  expect(shown.stdout).toMatch(/Sealed under the key [0-9a-f]{16}/);
  const { rows } = await server.client.pool.query<{ action: string; actor: string; text: string }>(
    "select action, actor, row_to_json(e)::text as text from audit_entries e where action like 'disclosure.%' order by id",
  );
  expect(rows.map(({ action, actor }) => [action, actor])).toEqual([
    ["disclosure.propose", "operator:Amina"],
    ["disclosure.release", "operator:Ben"],
    ["disclosure.show", "operator:Amina"],
  ]);
  expect(rows.map(({ text }) => text).join()).not.toContain(iban);
});

test("a release lasts a day; one that was withdrawn, or ended, is not released any more", async () => {
  await ask();
  await ask();
  expect(await operate("withdraw", "2", "--by", "Amina")).toMatchObject({ code: 0 });
  expect(await operate("release", "2", "--by", "Ben")).toMatchObject({
    stderr: expect.stringContaining("released or withdrawn before"),
  });
  expect(await operate("release", "3", "--by", "Ben")).toMatchObject({ code: 0 });
  const { pool } = server.client;
  await pool.query("alter table disclosures disable trigger disclosures_guard");
  await pool.query("update disclosures set ended_at = ended_at - interval '25 hours' where id = 3");
  await pool.query("alter table disclosures enable trigger disclosures_guard");
  expect(await operate("show", "3", "--by", "Amina")).toMatchObject({
    stderr: expect.stringContaining("more than a day ago"),
  });
  expect(await operate("show", "9", "--by", "Amina")).toMatchObject({
    stderr: expect.stringContaining("no such disclosure"),
  });
});

test("the database too holds that it takes two, and keeps what was asked for", async () => {
  const { pool } = server.client;
  await ask();
  await expect(
    pool.query(
      "update disclosures set outcome = 'released', ended_by = 'Amina', ended_at = now() where outcome is null",
    ),
  ).rejects.toMatchObject({ constraint: "disclosure_takes_two" });
  await expect(pool.query("update disclosures set because = 'nothing'")).rejects.toMatchObject({
    constraint: "disclosure_is_final",
  });
  await expect(pool.query("delete from disclosures")).rejects.toMatchObject({
    constraint: "disclosures_append_only",
  });
});
