/** Nothing that was accepted is lost with a till's folder: not by wiping it, and not by a newer version. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { encodeAcknowledgement } from "#sync/documents/acknowledgement.ts";
import { decodeAcknowledgement } from "#sync/documents/acknowledgement.ts";
import { parseDocument, signDocumentSync } from "#sync/signing/cose.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { testVoucher } from "../../test/support/authority.ts";
import { createTill } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";
import { MigrationError } from "./database.ts";
import { unsynced } from "./unsynced.ts";
import { wipe } from "./wipe.ts";
import { writeOff } from "./write-off.ts";

const migrations = fileURLToPath(new URL("../../migrations/node/", import.meta.url));

const wiped = (till: Till) => wipe(till.directory, till.stores, till.clock.wallMs());
const files = (till: Till) => readdirSync(till.directory).filter((name) => name.startsWith("node.db"));

describe("3: a till whose server lacks operations", () => {
  test("3: is not wiped, and says how many they are and what they are worth", async () => {
    const till = await tillWith(3);
    till.stores.queue.setServerSequence(1);
    const rest = { operations: 2, lastSequence: 3, amount: "25.00 USD" };
    expect(wiped(till)).toEqual({ ok: false, refusal: { code: "unsynced", unsynced: rest } });
    expect(till.stores.queue.head().sequence).toBe(3);
  });

  test("3: is wiped once the server has them, and nothing but a record is left", async () => {
    const till = await tillWith(2);
    till.stores.queue.setServerSequence(2);
    const headFile = till.stores.headFile();
    const outcome = wiped(till);
    expect(outcome).toMatchObject({ ok: true });
    expect(files(till)).toEqual([]);
    expect(existsSync(headFile)).toBe(false);
    const record = outcome.ok ? JSON.parse(readFileSync(outcome.record, "utf8")) : undefined;
    expect(record).toMatchObject({ nodeId: till.nodeId, lastSequence: 2, writtenOff: [] });
  });

  test("3: is wiped with the server's signed acknowledgement of an export in hand, but not of one before it was restored", async () => {
    const till = await tillWith(2);
    acknowledge(till, 1, 2);
    till.stores.node.setGeneration(2);
    expect(wiped(till)).toMatchObject({ ok: false });
    acknowledge(till, 2, 1);
    expect(unsynced(till.stores.database)).toMatchObject({ operations: 1, lastSequence: 2 });
    acknowledge(till, 2, 2);
    expect(wiped(till)).toMatchObject({ ok: true });
  });

  test("3: is wiped when two people have written off the amount that it shows, and no other", async () => {
    const till = await tillWith(2);
    const say = (by: string, amount = "25.00 USD") =>
      writeOff(till.stores.database, { amount, because: "the bridge is gone", by }, till.clock.wallMs());
    expect(say("Amina", "12.50 USD")).toMatchObject({ ok: false, code: "another-amount" });
    expect(say("Amina")).toMatchObject({ ok: true, step: "proposed" });
    expect(say("Amina")).toMatchObject({ ok: false, code: "same-person" });
    expect(wiped(till)).toMatchObject({ ok: false });
    await redeem(till, 9n);
    expect(say("Ben")).toMatchObject({ ok: false, code: "another-amount" });
    expect(say("Ben", "37.50 USD")).toMatchObject({ step: "proposed" });
    expect(say("Carl", "37.50 USD")).toMatchObject({ step: "decided" });
    expect(say("Carl", "37.50 USD")).toMatchObject({ code: "nothing-unsynced" });
    const outcome = wiped(till);
    const record = outcome.ok ? JSON.parse(readFileSync(outcome.record, "utf8")) : undefined;
    expect(record).toMatchObject({
      writtenOff: [{ proposedBy: "Ben", decidedBy: "Carl", amount: "37.50 USD" }],
    });
  });

  test("3: the database too holds that they are two, and that it is decided once", async () => {
    const { stores } = await tillWith(1);
    writeOff(stores.database, { amount: "12.50 USD", because: "lost", by: "Amina" }, 1);
    const decide = (by: string) =>
      stores.database.prepare("update write_offs set decided_by = ?, decided_ms = 2").run(by);
    expect(() => decide("Amina")).toThrow("CHECK constraint");
    decide("Ben");
    expect(() => decide("Carl")).toThrow("decided once");
  });

  test("3: is not taken over by a version that would change its files, until the server has them", async () => {
    const till = await tillWith(2);
    till.close();
    asOfEarlierVersion(till);
    expect(() => till.reopen()).toThrow(MigrationError);
    const database = new Database(join(till.directory, "node.db"));
    expect(database.prepare("select name from sqlite_schema where name = 'write_offs'").all()).toEqual([]);
    database.prepare("update node set server_sequence = 2").run();
    database.close();
    expect(till.reopen().stores.queue.head().sequence).toBe(2);
  });
});

/** As it was left by the version before the tables for writing off: its migrations, and the rows that fit them. */
function asOfEarlierVersion({ directory }: Till): void {
  const path = join(directory, "node.db");
  const later = `${path}-later`;
  renameSync(path, later);
  const database = new Database(path);
  database.exec("create table migrations (name text primary key, checksum text not null) strict");
  for (const name of readdirSync(migrations).filter((one) => one.endsWith(".sql") && one < "0310-"))
    database.exec(readFileSync(join(migrations, name), "utf8"));
  database.prepare("attach ? as later").run(later);
  const tables = database
    .prepare<[], { name: string }>("select name from main.sqlite_schema where type = 'table'")
    .all();
  for (const { name } of tables) {
    const columns = database
      .prepare<[], { name: string }>(`select name from pragma_table_info('${name}', 'main')`)
      .all()
      .map((column) => column.name)
      .join(", ");
    database.exec(
      `delete from main.${name}; insert into main.${name} (${columns}) select ${columns} from later.${name}`,
    );
  }
  database.exec("delete from migrations where name > '0310-'");
  database.close();
  rmSync(later);
}

function acknowledge({ stores, nodeId }: Till, generation: number, lastSequence: number): void {
  const hash = new Uint8Array(32).fill(generation * 10 + lastSequence);
  const payload = encodeAcknowledgement({
    nodeId,
    generation,
    fileHash: hash,
    firstSequence: 1,
    lastSequence,
    lastHash: stores.queue.hashAt(lastSequence) ?? hash,
    serverTimeMs: 1,
  });
  const { bytes } = signDocumentSync(
    createSyncSigner("acknowledgement", new Uint8Array(32).fill(5)),
    payload,
  );
  const parsed = parseDocument(bytes);
  const read = parsed.ok ? decodeAcknowledgement(parsed.payload) : undefined;
  if (!read?.ok) throw new Error("it was just written");
  stores.acknowledgements.keep(read.value, bytes);
}

async function tillWith(count: number): Promise<Till> {
  const till = createTill();
  for (let serial = 1n; serial <= count; serial++) await redeem(till, serial);
  return till;
}

async function redeem(till: Till, serial: bigint): Promise<void> {
  const voucher = testVoucher(serial);
  till.grant(voucher);
  const { number } = voucher;
  const outcome = await till.node().redeem({ serial, number, actor: "Ann", offline: true });
  expect(outcome.kind).toBe("accepted");
}
