/** The audit trail in a real database: entries get their places, and whatever is done to them afterwards is found. */
import fc from "fast-check";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";
import { auditReader, readAudit, readHead, sealAudit } from "../postgres/audit-chain.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import type { DatabaseClient } from "../postgres/pool.ts";
import type { ChainHead } from "./chain.ts";
import { startSealing } from "./seal.ts";
import { verifyAudit } from "./verify.ts";

let database: TestDatabase;
let client: DatabaseClient;
beforeEach(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, { warn: () => {} }, { max: 6 });
});
afterEach(async () => {
  await client.close();
  await database.drop();
});

const write = (action: string) =>
  client.pool.query(
    `insert into audit_entries (actor, action, subject, before, after)
     values ('operator:Ann', $1, 'voucher:1', '{"state": "activated", "n": 1.50}', '{"state": "cancelled"}')`,
    [action],
  );
const report = (...heads: ChainHead[]) => readAudit(client.pool, (reader) => verifyAudit(reader, heads));

describe("sealing", () => {
  test("gives places by the order of commits that it sees, and an entry that commits late a later one", async () => {
    const late = new Client({ connectionString: database.url });
    await late.connect();
    try {
      await late.query("begin");
      await late.query("insert into audit_entries (actor, action, subject) values ('a', 'late', 's')");
      await write("early");
      expect(await sealAudit(client.pool)).toBe(1);
      await late.query("commit");
      expect(await sealAudit(client.pool)).toBe(1);
    } finally {
      await late.end();
    }
    const { rows } = await client.pool.query(
      "select action from audit_seals s join audit_entries e on e.id = s.entry_id order by position",
    );
    expect(rows).toEqual([{ action: "early" }, { action: "late" }]);
    expect(await report()).toMatchObject({ breaks: [], head: { position: 2n }, unsealed: { count: 0 } });
  });

  test("is done once for each entry, by however many processes at once", async () => {
    await Promise.all(Array.from({ length: 40 }, (_, at) => write(`w.${at}`)));
    const sealed = await Promise.all(Array.from({ length: 5 }, () => sealAudit(client.pool)));
    expect(sealed.reduce((sum, each) => sum + each, 0)).toBe(40);
    expect(await report()).toMatchObject({ breaks: [], head: { position: 40n } });
  });

  test("goes on by itself, while entries are written", async () => {
    const sealing = startSealing(client.pool, { warn: () => {} });
    for (let at = 0; at < 20; at += 1) await write(`w.${at}`);
    await expect.poll(async () => (await report()).head.position, { timeout: 10_000 }).toBe(20n);
    await write("last");
    await sealing.close();
    expect(await report()).toMatchObject({ breaks: [], head: { position: 21n }, unsealed: { count: 0 } });
  });

  test("tells what has no place yet, and since when", async () => {
    await write("waits");
    expect(await report()).toMatchObject({
      head: { position: 0n },
      unsealed: { count: 1, oldestAt: expect.any(Date) as Date },
      breaks: [],
    });
  });
});

describe("the database refuses", () => {
  beforeEach(async () => {
    for (const action of ["one", "two", "three"]) await write(action);
    await sealAudit(client.pool);
    await write("four");
  });

  test.each([
    ["to change a seal", "update audit_seals set hash = hash", "audit_seals_append_only"],
    ["to drop a seal", "delete from audit_seals where position = 3", "audit_seals_append_only"],
    ["to empty the seals", "truncate audit_seals", "audit_seals_append_only"],
    [
      "to leave out a place",
      `insert into audit_seals select 5, max(id), '\\x${"00".repeat(32)}' from audit_entries`,
      "audit_seals_follow",
    ],
    [
      "to give an entry two places",
      `insert into audit_seals select 4, min(id), '\\x${"00".repeat(32)}' from audit_entries`,
      "audit_seals_entry_id_key",
    ],
    ["to forget an entry that waits", "delete from audit_unsealed", "audit_unsealed_kept"],
    ["to empty what waits", "truncate audit_unsealed", "audit_unsealed_append_only"],
    [
      "to let another entry wait in its stead",
      "update audit_unsealed set entry_id = 1",
      "audit_unsealed_append_only",
    ],
    ["to change an entry", "update audit_entries set actor = 'nobody'", "audit_entries_append_only"],
  ])("%s", async (_, statement, constraint) => {
    await expect(client.pool.query(statement)).rejects.toMatchObject({ constraint });
    expect(await report()).toMatchObject({ breaks: [], head: { position: 3n }, unsealed: { count: 1 } });
  });
});

describe("whoever may do anything in the database is found out", () => {
  const entries = 12;

  const switchOff = `begin;
    alter table audit_seals drop constraint audit_seals_entry_id_fkey, drop constraint audit_seals_position_check;
    alter table audit_unsealed drop constraint audit_unsealed_entry_id_fkey;
    set local session_replication_role = replica`;

  const tampering = {
    "an actor": (at: number) => `update audit_entries set actor = actor || 'x' where id = ${at}`,
    "a moment": (at: number) =>
      `update audit_entries set at = at + interval '1 microsecond' where id = ${at}`,
    "what was before": (at: number) => `update audit_entries set before = null where id = ${at}`,
    "what was after": (at: number) =>
      `update audit_entries set after = jsonb_set(after, '{x}', '1') where id = ${at}`,
    "an entry and its seal removed": (at: number) =>
      `delete from audit_seals where entry_id = ${at}; delete from audit_entries where id = ${at}`,
    "an entry removed": (at: number) => `delete from audit_entries where id = ${at}`,
    "a seal removed": (at: number) => `delete from audit_seals where entry_id = ${at}`,
    "two entries exchanged": (at: number) =>
      `update audit_seals s set entry_id = -(select entry_id from audit_seals o where o.position = ${(at % entries) + 1})
         where s.position = ${at};
       update audit_seals set entry_id = ${at} where position = ${(at % entries) + 1};
       update audit_seals set entry_id = -entry_id where entry_id < 0`,
    "an entry put between": () =>
      `insert into audit_entries (actor, action, subject) values ('x', 'y', 'z'); delete from audit_unsealed`,
    "the places closed up behind one removed": (at: number) =>
      `delete from audit_seals where position = ${at};
       update audit_seals set position = -position where position > ${at};
       update audit_seals set position = -position - 1 where position < 0`,
  };

  test.each(Object.keys(tampering) as (keyof typeof tampering)[])("%s, at any place", async (name) => {
    for (let at = 0; at < entries; at += 1) await write(`w.${at}`);
    await sealAudit(client.pool);
    const seen = await readHead(client.pool);
    expect((await report(seen)).breaks).toEqual([]);
    const intruder = await client.pool.connect();
    try {
      await fc.assert(
        fc
          .asyncProperty(fc.integer({ min: 1, max: entries }), async (at) => {
            await intruder.query(switchOff);
            await intruder.query(tampering[name](at));
            expect((await verifyAudit(auditReader(intruder), [seen])).breaks).not.toEqual([]);
          })
          .afterEach(async () => {
            await intruder.query("rollback");
          }),
        { numRuns: entries },
      );
    } finally {
      intruder.release();
    }
  });

  test("who cuts off the end, or writes the whole trail anew, by a head that is known elsewhere", async () => {
    for (let at = 0; at < entries; at += 1) await write(`w.${at}`);
    await sealAudit(client.pool);
    const seen = await readHead(client.pool);
    await client.pool.query(
      `set session_replication_role = replica;
       delete from audit_seals where position > 8;
       delete from audit_entries where not exists (select from audit_seals where entry_id = id);
       set session_replication_role = origin`,
    );
    expect((await report()).breaks).toEqual([]);
    expect((await report(seen)).breaks).toEqual([{ code: "cut-off", head: seen }]);
    for (let at = 8; at < entries; at += 1) await write(`other.${at}`);
    await sealAudit(client.pool);
    expect((await report()).breaks).toEqual([]);
    expect((await report(seen)).breaks).toEqual([{ code: "other-history", head: seen }]);
  });
});
