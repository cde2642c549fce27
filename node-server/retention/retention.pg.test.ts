/** What has been kept for its time goes, a little at once; what is held, or still needed, stays. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import type { TestServer } from "../../test/support/server.ts";
import { purge, placeHold, readRetention, releaseHold, setRetention } from "../postgres/retention-rows.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServerWithShop();
});

afterAll(() => server.close());

const pool = () => server.client.pool;

async function count(query: string): Promise<number> {
  const { rows } = await pool().query<{ count: bigint }>(`select count(*) as count from ${query}`);
  return Number(rows[0]?.count);
}

function putCallbacks(some: number, daysAgo: number): Promise<unknown> {
  return pool().query(
    `insert into callbacks (institution_id, kind, subject, url, state, delivered_at)
     select 'welfare', 'command', (select coalesce(max(subject), 100000) from callbacks) + n, 'http://127.0.0.1:9/', 'delivered',
       clock_timestamp() - make_interval(days => $2) from generate_series(1, $1) n`,
    [some, daysAgo],
  );
}

test("callbacks that were taken go after their days, a bounded number at once, and the audit trail says how many", async () => {
  await putCallbacks(5, 91);
  await putCallbacks(2, 89);
  expect(await purge(pool(), "callbacks", 3)).toBe(3);
  expect(await purge(pool(), "callbacks", 3)).toBe(2);
  expect(await purge(pool(), "callbacks", 3)).toBe(0);
  expect(await count("callbacks where state = 'delivered'")).toBe(2);
  const { rows } = await pool().query<object>(
    "select subject, after from audit_entries where action = 'retention.purge' order by id",
  );
  expect(rows).toEqual([
    { subject: "retention:callbacks", after: { count: 3, days: 90 } },
    { subject: "retention:callbacks", after: { count: 2, days: 90 } },
  ]);
});

test("operators say how long, and a waiting callback never goes", async () => {
  await setRetention(pool(), { subject: "callbacks", days: 30, by: "Amina" });
  const { rows } = await pool().query<{ id: bigint }>(
    "select id from callbacks where state = 'delivered' limit 1",
  );
  await pool().query("update callbacks set state = 'waiting', delivered_at = null where id = $1", [
    rows[0]?.id,
  ]);
  expect(await purge(pool(), "callbacks", 100)).toBe(1);
  expect(await count("callbacks")).toBe(1);
  const rules = await readRetention(pool());
  expect(rules.find(({ subject }) => subject === "callbacks")).toMatchObject({ days: 30, setBy: "Amina" });
});

test("a legal hold keeps one thing or everything, until somebody else than placed it releases it", async () => {
  await putCallbacks(1, 400);
  const one = await placeHold(pool(), { subject: "callbacks", because: "case 17", by: "Amina" });
  const all = await placeHold(pool(), { subject: null, because: "case 18", by: "Ben" });
  expect((await readRetention(pool())).every(({ isHeld }) => isHeld)).toBe(true);
  expect(await purge(pool(), "callbacks", 100)).toBe(0);
  expect(await releaseHold(pool(), { id: String(all), by: "Ben" })).toBe("same-person");
  expect(await releaseHold(pool(), { id: String(all), by: "Amina" })).toBe("released");
  expect(await purge(pool(), "callbacks", 100)).toBe(0);
  expect(await releaseHold(pool(), { id: String(one), by: "Ben" })).toBe("released");
  expect(await releaseHold(pool(), { id: String(one), by: "Ben" })).toBe("no-hold");
  expect(await purge(pool(), "callbacks", 100)).toBe(1);
});

test("what a node sealed beside an operation goes after the operation has ended; the signed operation stays, and is known", async () => {
  const node = await enrolAtShop(server);
  const operation = node.redeem({ serialNumber: "4000000006", number: "1234567812345670" });
  await node.upload([operation]);
  const sealed = "operations where sealed is not null";
  const before = await count(sealed);
  expect(before).toBeGreaterThan(0);
  expect(await purge(pool(), "operation-secrets", 100)).toBe(0);
  // Its row is immutable: only time makes it old, so the rule is looked at from 200 days on.
  await pool().query("alter table operations disable trigger operations_guard");
  await pool().query("update operations set decided_at = decided_at - interval '200 days'");
  await pool().query("alter table operations enable trigger operations_guard");
  expect(await purge(pool(), "operation-secrets", 100)).toBe(before);
  expect(await count(sealed)).toBe(0);
  const again = await node.upload([operation], { sequence: 0 });
  expect(again.verdicts?.verdicts).toMatchObject([{ status: "rejected", duplicate: true }]);
});

test("every rule works on the database, and the server runs them by itself", async () => {
  await pool().query("update node_sessions set expires_at = clock_timestamp() - interval '3 days'");
  await server.runTask("purge-by-policy");
  expect(await count("node_sessions")).toBe(0);
  for (const { subject } of await readRetention(pool())) expect(await purge(pool(), subject, 10)).toBe(0);
});
