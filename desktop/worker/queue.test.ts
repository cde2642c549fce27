import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, asyncProperty, array, constantFrom, integer, oneof, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeOperation } from "#sync/documents/operation.ts";
import { openSealedNumber } from "#sync/documents/voucher-number.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { nextBatch } from "#sync/queue/batch.ts";
import { hashOf, keyIdOf, openDocument, parseDocument } from "#sync/signing/cose.ts";
import { testVoucher } from "../../test/support/authority.ts";
import { createTill, temporaryFolder } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";
import { readHeadFile, writeHeadFile } from "./head-file.ts";
import { openStores } from "./open.ts";
import type { RecordStep } from "./record.ts";

const steps: readonly RecordStep[] = [
  "transaction-begun",
  "operation-signed",
  "queue-row-written",
  "business-row-written",
  "committed",
  "head-written",
  "head-flushed",
];

const anotherNode = "0192f000-0000-7000-8000-00000000ffff";

class Crash extends Error {}

function redeem(till: Till, serial: bigint, crashAt?: RecordStep) {
  const onStep = (step: RecordStep) => {
    if (step === crashAt) throw new Crash(step);
  };
  const { number } = testVoucher(serial);
  return till.node({ onStep }).redeem({ serial, number, actor: "Ann", offline: true });
}

function headPath(till: Till): string {
  return join(till.directory, "head", "head");
}

describe("4.3: two redemptions of one voucher at the same moment", () => {
  test("end in one accepted and one already-redeemed-here", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    const both = await Promise.all([redeem(till, 1n), redeem(till, 1n)]);
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(["accepted", "refused"]);
    expect(till.stores.queue.head().sequence).toBe(1);
  });

  test("are kept apart by the database too: a second live row for the voucher breaks its unique index", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    till.grant(testVoucher(2n));
    await redeem(till, 1n);
    await redeem(till, 2n);
    const change = till.stores.database.prepare("update redemptions set serial = 1 where sequence = 2");
    expect(() => change.run()).toThrow(expect.objectContaining({ code: "SQLITE_CONSTRAINT_UNIQUE" }));
  });

  test("of different vouchers follow each other in the chain", async () => {
    const till = createTill();
    const serials = [1n, 2n, 3n, 4n, 5n];
    for (const serial of serials) till.grant(testVoucher(serial));
    const outcomes = await Promise.all(serials.map((serial) => redeem(till, serial)));
    expect(outcomes.every(({ kind }) => kind === "accepted")).toBe(true);
    await expectWholeChain(till, 5);
  });
});

describe("what a redemption stores", () => {
  test("is an operation under the node's key, with the number sealed for the server and nowhere else", async () => {
    const till = createTill();
    const voucher = testVoucher(1n);
    till.grant(voucher);
    await redeem(till, 1n);
    const [operation] = till.stores.queue.after(0, 10);
    const opened = await openSealedNumber(till.authority.box, operation?.sealed ?? new Uint8Array());
    expect(opened?.number).toBe(voucher.number);
    till.close();
    for (const file of ["node.db", "head/head"]) {
      expect(readFileSync(join(till.directory, file)).includes(voucher.number)).toBe(false);
    }
  });

  test("3: cannot be changed, nor deleted however long ago it was settled, nor given a second final verdict", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    await redeem(till, 1n);
    const { database } = till.stores;
    const decide = database.prepare("update operations set state = ?, decided_ms = 1 where sequence = 1");
    decide.run("applied");
    for (const sql of [
      "update operations set signed = x'00'",
      "update operations set state = 'rejected'",
      "delete from operations",
      "insert into operations select 3, 'x', randomblob(32), hash, signed, sealed, type, 1, 'queued', null, null, null, null from operations",
    ]) {
      expect(() => database.exec(sql)).toThrow(
        expect.objectContaining({ code: "SQLITE_CONSTRAINT_TRIGGER" }),
      );
    }
  });
});

describe("the head file", () => {
  test.each(steps.slice(4))("that a crash at %s left behind is repaired at the next start", async (step) => {
    const till = createTill();
    till.grant(testVoucher(1n));
    await redeem(till, 1n, step).catch(() => {});
    const again = till.reopen();
    expect(again.stores.stopped()).toBeUndefined();
    expect(readFileSync(headPath(again), "utf8")).toContain(hexOf(again.stores.queue.head().hash));
    await expectWholeChain(again, 1);
  });

  test.each(steps.slice(0, 4))("is untouched by a crash at %s, and so is the queue", async (step) => {
    const till = createTill();
    till.grant(testVoucher(1n));
    await expect(redeem(till, 1n, step)).rejects.toThrow(Crash);
    const again = till.reopen();
    expect(again.stores.stopped()).toBeUndefined();
    expect(again.stores.queue.head().sequence).toBe(0);
    expect((await redeem(again, 1n)).kind).toBe("accepted");
  });

  test("that cannot be written accepts nothing, stops the node, and lets nothing leave it", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    till.grant(testVoucher(2n));
    rmSync(join(till.directory, "head"), { recursive: true });
    writeFileSync(join(till.directory, "head"), "a file where the folder was");
    const stopped = { kind: "refused", refusal: { code: "node-stopped", because: "head-not-written" } };
    expect(await redeem(till, 1n)).toMatchObject(stopped);
    expect(await redeem(till, 2n)).toMatchObject(stopped);
    // Q3
    const isDisks = expect.toSatisfy((error) => till.stores.queue.isStorageFailure(error));
    expect(() => nextBatch(till.stores.queue, 0, 10)).toThrow(isDisks);
  });

  test("Q3: is brought up to date before anything leaves the node, which goes on then", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    till.grant(testVoucher(2n));
    const kept = readFileSync(headPath(till));
    const folder = join(till.directory, "head");
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "a file where the folder was");
    await redeem(till, 1n);
    rmSync(folder);
    mkdirSync(folder);
    writeFileSync(headPath(till), kept);
    expect(nextBatch(till.stores.queue, 0, 10)).toHaveLength(1);
    expect(readFileSync(headPath(till), "utf8")).toContain(hexOf(till.stores.queue.head().hash));
    expect((await redeem(till, 2n)).kind).toBe("accepted");
    await expectWholeChain(till, 2);
  });

  test("that is ahead of the database stops the node: the database has lost operations", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    till.grant(testVoucher(2n));
    await redeem(till, 1n);
    const copy = databaseCopy(till);
    await redeem(till.reopen(), 2n);
    restore(till, copy);
    expect(stopAfterStart(till)).toBe("database-behind-head-file");
  });

  test("that names another hash stops the node", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    await redeem(till, 1n);
    writeHeadFile(headPath(till), till.nodeId, { sequence: 1, hash: new Uint8Array(32) });
    expect(stopAfterStart(till)).toBe("head-hashes-differ");
  });

  test("that is two behind stops the node: it was copied back", async () => {
    const till = createTill();
    const empty = readFileSync(headPath(till));
    for (const serial of [1n, 2n]) {
      till.grant(testVoucher(serial));
      await redeem(till, serial);
    }
    writeFileSync(headPath(till), empty);
    expect(stopAfterStart(till)).toBe("head-file-behind-database");
  });

  test("that is missing after the first operation stops the node", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    await redeem(till, 1n);
    rmSync(headPath(till));
    expect(stopAfterStart(till)).toBe("head-file-missing");
  });

  test("that is damaged, or another node's, stops the node", () => {
    const till = createTill();
    const text = readFileSync(headPath(till), "utf8");
    for (const damaged of ["", text.slice(0, -5), text.replace(till.nodeId, anotherNode)]) {
      writeFileSync(headPath(till), damaged);
      expect(stopAfterStart(till)).toBe("head-file-damaged");
    }
    writeHeadFile(headPath(till), anotherNode, { sequence: 0, hash: new Uint8Array(32) });
    expect(stopAfterStart(till)).toBe("head-file-of-another-node");
  });

  test("whose last line was cut off is the trace of a crash, and of a lost operation where the database has none more", async () => {
    const till = createTill();
    till.grant(testVoucher(1n));
    const before = databaseCopy(till);
    await redeem(till.reopen(), 1n);
    const text = readFileSync(headPath(till), "utf8");
    const cut = text.slice(0, 4096) + text.slice(4096, 4140).padEnd(4095) + "\n";
    writeFileSync(headPath(till), cut);
    expect(stopAfterStart(till)).toBeUndefined();
    expect(readFileSync(headPath(till), "utf8")).toBe(text);

    writeFileSync(headPath(till), cut);
    restore(till, before);
    expect(stopAfterStart(till)).toBe("head-file-damaged");
  });

  test("may lie elsewhere, as the enrolment said", async () => {
    const elsewhere = join(temporaryFolder(), "usb", "till-head");
    const till = createTill();
    till.stores.database.prepare("update node set head_file = ?").run(elsewhere);
    till.grant(testVoucher(1n));
    await redeem(till, 1n);
    expect(readHeadFile(elsewhere)).toMatchObject({ kind: "present", head: { sequence: 1 } });
  });
});

describe("a data directory", () => {
  test("that is open refuses a second opening with in-use, and opens again once it is closed", () => {
    const till = createTill();
    const { directory } = till;
    const wallMs = () => till.clock.wallMs();
    expect(openStores({ directory, wallMs })).toEqual({ ok: false, refusal: { code: "in-use" } });
    expect(till.reopen().stores.stopped()).toBeUndefined();
  });
});

test("whatever is redeemed and wherever it crashes, chain and head file agree and nothing accepted is lost", async () => {
  const command = oneof(
    record({ serial: integer({ min: 1, max: 6 }), crashAt: constantFrom(undefined, ...steps) }),
    record({ reopen: constantFrom(true) }),
  );
  await assert(
    asyncProperty(array(command, { minLength: 1, maxLength: 12 }), async (commands) => {
      let till = createTill();
      for (let serial = 1n; serial <= 6n; serial++) till.grant(testVoucher(serial));
      const accepted = new Set<number>();
      for (const each of commands) {
        const crashAt = "crashAt" in each ? each.crashAt : undefined;
        if ("serial" in each) {
          const outcome = await redeem(till, BigInt(each.serial), crashAt).catch(() => undefined);
          if (outcome?.kind === "accepted") accepted.add(each.serial);
        }
        if ("reopen" in each || crashAt !== undefined) till = till.reopen();
        expect(till.stores.stopped()).toBeUndefined();
      }
      const again = till.reopen();
      expect(again.stores.stopped()).toBeUndefined();
      const live = again.stores.redemptions.list(0, 100).map(({ serial }) => Number(serial));
      expect(new Set(live).size).toBe(live.length);
      expect([...accepted].every((serial) => live.includes(serial))).toBe(true);
      await expectWholeChain(again, live.length);
      again.close();
    }),
    { numRuns: 12 },
  );
});

async function expectWholeChain({ stores, key, nodeId, directory }: Till, length: number): Promise<void> {
  const operations = stores.queue.after(0, 1000);
  expect(operations.map(({ sequence }) => sequence)).toEqual(Array.from({ length }, (_, index) => index + 1));
  let previous = stores.queue.hashAt(0);
  const keyId = keyIdOf("operation", key.publicKey);
  for (const { signed, hash, sequence, operationId } of operations) {
    const opened = await openDocument("operation", signed, (id) =>
      equalBytes(id, keyId) ? key.publicKey : undefined,
    );
    const read = opened.ok ? decodeOperation(opened.payload) : opened;
    const parsed = parseDocument(signed);
    if (!read.ok || !parsed.ok) throw new Error(`operation ${sequence} cannot be read`);
    expect(read.value).toMatchObject({ nodeId, sequence, operationId, previousHash: previous });
    expect(hashOf("operation", parsed)).toEqual(hash);
    previous = hash;
  }
  const head = { sequence: length, hash: previous };
  expect(readHeadFile(join(directory, "head", "head"))).toEqual({
    kind: "present",
    nodeId,
    head,
    isWhole: true,
  });
}

/** A copy of the database as a backup would take it, with nothing of its log left out. */
function databaseCopy(till: Till): string {
  till.close();
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(till.directory, "node.db"), join(folder, "node.db"));
  return join(folder, "node.db");
}

function restore(till: Till, copy: string): void {
  till.close();
  copyFileSync(copy, join(till.directory, "node.db"));
  for (const rest of ["-wal", "-shm"]) rmSync(join(till.directory, `node.db${rest}`), { force: true });
}

function stopAfterStart(till: Till): string | undefined {
  return till.reopen().stores.stopped();
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
