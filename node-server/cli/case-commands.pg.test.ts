/** A case from its opening to its second decision, by the command line; and what the database itself refuses. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { operateOn } from "../../test/support/operate.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const operate = (...words: string[]) => operateOn(server, "case", ...words);
const by = (name: string) => ["--by", name];
const why = (text: string) => ["--because", text];

test("a complaint is opened, assigned, worked on, decided by its owner only, and taken up again", async () => {
  const asked = "The shop kept the voucher and gave nothing";
  const subject = ["--subject", "merchant:M-1"];
  const opened = await operate("open", "complaint", "telephone", asked, ...subject, ...by("Amina"));
  expect(opened).toMatchObject({ code: 0, stdout: expect.stringContaining("Case 1 is open") });
  expect(await operate("assign", "1", "Ben", ...by("Carla"))).toMatchObject({ code: 0 });
  expect(await operate("resolve", "1", ...why("paid back"), ...by("Ben"))).toMatchObject({
    stderr: expect.stringContaining("not possible in its present state"),
  });
  expect(await operate("start", "1", ...by("Ben"))).toMatchObject({ code: 0 });
  expect(await operate("wait", "1", ...by("Ben"))).toMatchObject({
    stderr: expect.stringContaining("--because is missing"),
  });
  expect(await operate("wait", "1", ...why("the shop's answer"), ...by("Ben"))).toMatchObject({ code: 0 });
  expect(await operate("resolve", "1", ...why("paid back"), ...by("Amina"))).toMatchObject({
    stderr: expect.stringContaining("Only the owner"),
  });
  expect(await operate("resolve", "1", ...why("paid back"), ...by("Ben"))).toMatchObject({ code: 0 });
  expect((await operate("list")).stdout).not.toContain("The shop kept");
  expect(await operate("reopen", "1", ...why("it was not paid back"), ...by("Amina"))).toMatchObject({
    code: 0,
  });
  expect((await operate("list")).stdout).toContain("The shop kept");
  const shown = await operate("show", "1", "--json");
  const { history } = JSON.parse(shown.stdout) as { history: { act: string; by: string; owner: string }[] };
  expect(history.map((line) => [line.act, line.by, line.owner])).toEqual([
    ["open", "Amina", null],
    ["assign", "Carla", "Ben"],
    ["start", "Ben", "Ben"],
    ["wait", "Ben", "Ben"],
    ["resolve", "Ben", "Ben"],
    ["reopen", "Amina", null],
  ]);
});

test("each act is in the audit trail, and what a beneficiary told is not", async () => {
  const { rows } = await server.client.pool.query<{ action: string; text: string }>(
    "select action, row_to_json(e)::text as text from audit_entries e where subject = 'case:1' order by id",
  );
  expect(rows.map(({ action }) => action)).toEqual([
    "case.open",
    "case.assign",
    "case.start",
    "case.wait",
    "case.resolve",
    "case.reopen",
  ]);
  expect(rows.map(({ text }) => text).join()).not.toContain("voucher and gave nothing");
});

test("what is past its deadline and not decided is overdue", async () => {
  await operate("open", "query", "visit", "When does my voucher end?", ...by("Amina"));
  expect((await operate("list", "--overdue")).stdout).not.toContain("OVERDUE");
  await server.client.pool.query(
    "update cases set deadline = clock_timestamp() - interval '1 day' where id = 2",
  );
  const late = await operate("list", "--overdue");
  expect(late.stdout).toContain("OVERDUE");
  expect(late.stdout).not.toContain("The shop kept");
});

test("the database too keeps the history, what a case was opened with, and that a decided one is reopened first", async () => {
  const { pool } = server.client;
  const refuses = (sql: string, constraint: string) =>
    expect(pool.query(sql), sql).rejects.toMatchObject({ constraint });
  await refuses("update case_history set by_name = 'Nobody'", "case_history_append_only");
  await refuses("delete from case_history", "case_history_append_only");
  await refuses("delete from cases", "cases_append_only");
  await refuses("update cases set asked = 'nothing'", "case_stays_what_it_was_opened_with");
  await refuses("update cases set state = 'resolved' where id = 2", "case_ends_when_decided");
  await refuses("update cases set state = 'inProgress' where id = 2", "case_is_worked_by_somebody");
  await operate("start", "2", ...by("Ben"));
  await operate("reject", "2", ...why("asked before"), ...by("Ben"));
  await refuses(
    "update cases set state = 'inProgress', ended_at = null where id = 2",
    "case_is_reopened_first",
  );
});
