import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { decodeOperation } from "#sync/documents/operation.ts";
import { openAs } from "#sync/documents/open.ts";
import { hashOf, openDocument, parseDocument, signDocumentSync } from "#sync/signing/cose.ts";
import { encodeCbor } from "#sync/signing/cbor.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { passphrase, startServer } from "../test/support/desk.ts";
import { withRequestId } from "../test/support/once.ts";
import type { AskedPayload } from "../test/support/once.ts";
import { temporaryFolder } from "../test/support/till.ts";
import { connectTill, TillNotOpenedError } from "./connect.ts";
import type { ConnectedTill, ConnectOptions } from "./connect.ts";
import type { Answer, BillVoucher, RequestName } from "./protocol.ts";
import { startThread } from "./thread-line.ts";

async function connect(options: Partial<ConnectOptions> = {}): Promise<ConnectedTill> {
  const till = await connectTill({ directory: temporaryFolder(), version: "1.2.3", ...options });
  onTestFinished(() => till.close());
  return till;
}

async function ask<Name extends RequestName>(till: ConnectedTill, name: Name, payload: AskedPayload<Name>) {
  const answer = (await till.ask(name, withRequestId(name, payload))) as Answer<Name>;
  if (!answer.ok) throw new Error(`${name}: ${answer.code}: ${answer.message}`);
  return answer.result;
}

describe("the line to a till", () => {
  test("carries requests, answers and events, and says what is malformed", async () => {
    const till = await connect();
    const events: string[] = [];
    const stop = till.listen((event) => events.push(event));
    expect(await ask(till, "state", {})).toMatchObject({
      version: "1.2.3",
      phase: "first-start",
      practice: false,
    });
    expect(await till.ask("fly", {})).toMatchObject({ ok: false, code: "malformed" });
    const settings = { language: "fr", theme: "dark", paper: "58", lockAfterMinutes: 5 } as const;
    await ask(till, "settings", { ...settings, bytesPerDay: null, onRequest: true });
    expect(events).toEqual(["changed"]);
    stop();
    await ask(till, "settings", { ...settings, bytesPerDay: null, onRequest: false });
    expect(events).toEqual(["changed"]);
  });

  test("is not opened to a folder that another has open, and is once that one is closed", async () => {
    const directory = temporaryFolder();
    const first = await connect({ directory });
    const refusal = await connectTill({ directory, version: "1" }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TillNotOpenedError);
    expect(refusal).toMatchObject({ code: "in-use" });
    await first.close();
    expect(await first.ask("state", {})).toMatchObject({ ok: false, code: "unexpected" });
    await connect({ directory });
  });

  test("whose thread has died answers what waited, and what is asked later, with that", async () => {
    const options = { directory: temporaryFolder(), version: "1", practice: false };
    const entry = new URL("../test/support/dying-thread.ts", import.meta.url);
    const line = await startThread(options, () => {}, undefined, entry);
    const waiting = [line.ask("state", {}), line.ask("redeem", {})];
    const gone = { ok: false, code: "unexpected", message: "the till has ended" };
    expect(await Promise.all(waiting)).toEqual([gone, gone]);
    expect(await line.failed).toBe("the till has ended");
    expect(await line.ask("state", {})).toEqual(gone);
    await line.close();
  });

  test("brings the shell's key store to the till, and its failures", async () => {
    const server = await startServer();
    const wrapped: Uint8Array[] = [];
    let isGone = false;
    const keyStore = {
      async wrap(bytes: Uint8Array) {
        wrapped.push(bytes);
        return bytes.toReversed();
      },
      async unwrap(bytes: Uint8Array) {
        if (isGone) throw new Error("the store is gone");
        return bytes.toReversed();
      },
      renew: async (bytes: Uint8Array) => bytes,
    };
    const directory = temporaryFolder();
    const till = await connect({ directory, keyStore });
    await ask(till, "enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase: null });
    expect((await ask(till, "state", {})).phase).toBe("signed-out");
    expect(wrapped).toHaveLength(1);
    await till.close();
    isGone = true;
    const again = await connect({ directory, keyStore });
    expect((await ask(again, "state", {})).phase).toBe("locked");
    isGone = false;
    expect(await ask(again, "unlock", { passphrase: null })).toEqual({ ok: true });
  });
});

describe("practice", () => {
  test("works without any server: vouchers are taken, and the make-believe server applies, rejects and holds", async () => {
    const till = await connect();
    expect(await ask(till, "practice", { on: true, fresh: false })).toEqual({ ok: true });
    expect(await ask(till, "state", {})).toMatchObject({
      practice: true,
      phase: "open",
      till: { agent: true },
    });
    await ask(till, "sync", {});
    const { vouchers } = await ask(till, "practice-vouchers", {});
    expect(vouchers).toHaveLength(20);
    const usual = vouchers[0];
    const rejected = vouchers.find(({ outcome }) => outcome === "rejected");
    const held = vouchers.find(({ outcome }) => outcome === "held");
    const atRisk = vouchers.at(-1);
    if (!usual || !rejected || !held || !atRisk) throw new Error("a kind of voucher is missing");
    const take = ({ serial, number }: typeof usual, goods: "goods" | "cash" = "goods") =>
      ask(till, "redeem", { serial, token: null, number, goods });
    expect(await take({ ...usual, number: rejected.number })).toMatchObject({
      refusal: { code: "wrong-number" },
    });
    for (const voucher of [rejected, held]) expect(await take(voucher)).toMatchObject({ kind: "accepted" });
    const inCash = await take(usual, "cash");
    expect(inCash).toMatchObject({ kind: "accepted", operation: { cash: { fee: "0.15", paid: "4.85" } } });
    const scanned = { serial: null, token: atRisk.token, number: atRisk.number };
    expect(await ask(till, "redeem", scanned)).toMatchObject({
      kind: "accepted",
      operation: { mode: "online" },
    });
    await ask(till, "sync", {});
    const { operations } = await ask(till, "history", { search: "", state: "all", before: null });
    expect(operations.map(({ state }) => state)).toEqual(["applied", "applied", "held", "rejected"]);
    expect((await ask(till, "disputes", {})).disputes).toMatchObject([
      { serial: rejected.serial, state: "refused", mayAppeal: true },
    ]);
    const because = "I scratched it myself";
    expect(await ask(till, "appeal", { sequence: 1, because })).toEqual({ ok: true });
    expect(await ask(till, "appeal", { sequence: 1, because: "and again" })).toMatchObject({
      details: { reason: "not-possible" },
    });
    expect((await ask(till, "disputes", {})).disputes).toMatchObject([
      { state: "appealed", appeal: because, mayAppeal: false },
    ]);
    expect((await ask(till, "payouts", { before: null })).payouts).toHaveLength(2);
    const used = (await ask(till, "practice-vouchers", {})).vouchers.filter((voucher) => voucher.used);
    expect(used).toHaveLength(4);
  });

  test("has bills and a float: each is credited, refused, rejected or unanswered as it was made to be", async () => {
    const till = await connect();
    await ask(till, "practice", { on: true, fresh: false });
    await ask(till, "sync", {});
    const { bills } = await ask(till, "practice-bills", {});
    const desk = await ask(till, "bill-desk", {});
    expect(desk.floats).toMatchObject([{ left: "100.00", most: "100.00" }]);
    expect(desk.billers).toMatchObject([{ name: "Practice power company" }]);
    const of = async (outcome: (typeof bills)[number]["outcome"]) => {
      const found = bills.find((bill) => bill.outcome === outcome && !bill.used);
      const bill = found && (await ask(till, "bill", { billId: found.billId }));
      if (!bill?.ok) throw new Error(`no bill that is ${outcome}`);
      return bill;
    };
    const pay = async (outcome: (typeof bills)[number]["outcome"], voucher: BillVoucher | null = null) => {
      const { billId, amount, currency } = await of(outcome);
      return ask(till, "pay-bill", { billId, voucher, amount, currency });
    };
    expect(await of("overdue")).toMatchObject({ state: "overdue", amount: "22.00", onDue: "20.00" });
    expect(await pay("beyond")).toMatchObject({ code: "float-too-small" });
    for (const outcome of ["credited", "overdue", "first", "declined", "silent"] as const)
      expect(await pay(outcome), outcome).toMatchObject({ ok: true, payment: { standing: "pending" } });
    await ask(till, "sync", {});
    const history = await ask(till, "bill-history", { search: "", state: "all", before: null });
    expect(history.payments.map(({ standing, isHeld }) => [standing, isHeld])).toEqual([
      ["pending", true],
      ["refund", false],
      ["refund", false],
      ["settled", false],
      ["settled", false],
    ]);
    await expect
      .poll(async () => (await ask(till, "bill-refunds", {})).payments)
      .toMatchObject([
        { reason: "bill-paid", first: { takenBy: "Practice agent", amount: "15.00" } },
        { reason: "rejected-by-biller", first: null },
      ]);
    // What paid nothing has come back; credited and not yet credited stay taken.
    expect((await ask(till, "bill-desk", {})).floats).toMatchObject([{ left: "48.00" }]);
    const [refund] = (await ask(till, "bill-refunds", {})).payments;
    await ask(till, "refund-bill", { sequence: refund?.sequence ?? 0 });
    expect((await ask(till, "state", {})).bills).toEqual({ toGiveBack: 1 });
  });

  test("pays a bill with a make-believe voucher, which is used then", async () => {
    const till = await connect();
    await ask(till, "practice", { on: true, fresh: false });
    await ask(till, "sync", {});
    const { bills } = await ask(till, "practice-bills", {});
    const billId = bills.find(({ outcome }) => outcome === "credited")?.billId ?? "";
    const { vouchers } = await ask(till, "practice-vouchers", {});
    const voucher = vouchers.find(({ amount }) => amount === "5.00");
    if (!voucher) throw new Error("no voucher");
    const { token, number } = voucher;
    const paid = await ask(till, "pay-bill", {
      billId,
      voucher: { serial: null, token, number },
      amount: "5.00",
      currency: "USD",
    });
    expect(paid).toMatchObject({ ok: true, payment: { serial: voucher.serial } });
    await ask(till, "sync", {});
    const [payment] = (await ask(till, "bill-history", { search: "", state: "all", before: null })).payments;
    expect(payment).toMatchObject({ standing: "settled" });
    const used = (await ask(till, "practice-vouchers", {})).vouchers.filter((one) => one.used);
    expect(used.map(({ serial }) => serial)).toEqual([voucher.serial]);
    expect((await ask(till, "practice-bills", {})).bills.filter((bill) => bill.used)).toHaveLength(1);
  });

  test("that an earlier version began without bills has them after its next sync", async () => {
    const directory = temporaryFolder();
    const till = await connect({ directory });
    await ask(till, "practice", { on: true, fresh: false });
    await ask(till, "sync", {});
    await till.close();
    const database = new Database(join(directory, "practice", "node.db"));
    database.exec(`update shape_heads set handle = 'practice-' || name;
      delete from bills; delete from billers; delete from floats;
      delete from shape_versions where shape in ('bills', 'billers', 'floats');
      delete from signals where shape in ('bills', 'billers', 'floats')`);
    database.close();
    const again = await connect({ directory });
    await ask(again, "practice", { on: true, fresh: false });
    await ask(again, "sync", {});
    expect((await ask(again, "bill-desk", {})).floats).toMatchObject([{ left: "100.00" }]);
    expect((await ask(again, "find-bills", { search: "Asha" })).bills).toHaveLength(1);
  });

  test("is left and entered again as it was, or begun anew, and never shows in the real till", async () => {
    const till = await connect();
    await ask(till, "practice", { on: true, fresh: false });
    await ask(till, "sync", {});
    const [voucher] = (await ask(till, "practice-vouchers", {})).vouchers;
    if (!voucher) throw new Error("no voucher");
    const { serial, number } = voucher;
    await ask(till, "redeem", { serial, token: null, number });
    expect(await ask(till, "quit-check", {})).toMatchObject({ queued: 0 });
    await ask(till, "practice", { on: false, fresh: false });
    expect(await ask(till, "state", {})).toMatchObject({ practice: false, phase: "first-start" });
    const isUsed = async () => (await ask(till, "practice-vouchers", {})).vouchers[0]?.used;
    await ask(till, "practice", { on: true, fresh: false });
    expect(await isUsed()).toBe(true);
    await ask(till, "practice", { on: true, fresh: true });
    expect(await isUsed()).toBe(false);
  });

  test("signs nothing that a real server could take, though it had the very key", async () => {
    const directory = temporaryFolder();
    const till = await connect({ directory });
    await ask(till, "practice", { on: true, fresh: false });
    await ask(till, "sync", {});
    const [voucher] = (await ask(till, "practice-vouchers", {})).vouchers;
    if (!voucher) throw new Error("no voucher");
    await ask(till, "redeem", { serial: voucher.serial, token: null, number: voucher.number });
    await till.close();
    const database = new Database(join(directory, "practice", "node.db"), { readonly: true });
    const operation = database
      .prepare<[], { signed: Buffer; hash: Buffer }>("select signed, hash from operations")
      .get();
    const node = database
      .prepare<[], { public_key: Buffer; certificate: Buffer; certificate_hash: Buffer }>(
        "select * from node",
      )
      .get();
    database.close();
    if (!operation || !node) throw new Error("practice has left nothing");
    const opened = await openAs("operation", decodeOperation, Uint8Array.from(operation.signed), () =>
      Uint8Array.from(node.public_key),
    );
    expect(opened).toMatchObject({ ok: false, refusal: { code: "wrong-kind" } });
    for (const [kind, document, hash] of [
      ["operation", operation.signed, operation.hash],
      ["enrolment-certificate", node.certificate, node.certificate_hash],
    ] as const) {
      const parsed = parseDocument(Uint8Array.from(document));
      if (!parsed.ok) throw new Error("cannot be read");
      // What was signed is another byte string than a real one of the same content.
      expect(Buffer.from(hashOf(kind, parsed))).not.toEqual(hash);
    }
    expect(readFileSync(join(directory, "node.db")).includes("PRACTICE")).toBe(false);
  });

  test("takes nothing that is real, though it were signed by a key that it trusts", async () => {
    const signer = createSyncSigner("lease", new Uint8Array(32).fill(1));
    const real = signDocumentSync(signer, encodeCbor(1));
    expect(await openDocument("lease", real.bytes, () => signer.publicKey)).toMatchObject({ ok: true });
    vi.resetModules();
    const practice = await import("#sync/signing/cose.ts");
    (await import("#sync/signing/realm.ts")).enterPractice();
    const refused = { ok: false, refusal: { code: "wrong-kind" } };
    expect(await practice.openDocument("lease", real.bytes, () => signer.publicKey)).toMatchObject(refused);
    const parsed = parseDocument(real.bytes);
    if (!parsed.ok) throw new Error("cannot be read");
    expect(practice.hashOf("lease", parsed)).not.toEqual(real.hash);
    const own = practice.createSyncSigner("lease", new Uint8Array(32).fill(1));
    const made = practice.signDocumentSync(own, encodeCbor(1));
    expect(await practice.openDocument("lease", made.bytes, () => own.publicKey)).toMatchObject({ ok: true });
    expect(await openDocument("lease", made.bytes, () => own.publicKey)).toMatchObject(refused);
  });
});

test("the passphrase of a real till opens nothing of practice, which has keys of its own", async () => {
  const server = await startServer();
  const directory = temporaryFolder();
  const till = await connect({ directory });
  await ask(till, "enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase });
  const real = (await ask(till, "state", {})).till?.nodeId;
  await ask(till, "practice", { on: true, fresh: false });
  expect((await ask(till, "state", {})).till?.nodeId).not.toBe(real);
  await till.close();
  const keyIn = (folder: string) => {
    const database = new Database(join(folder, "node.db"), { readonly: true });
    const row = database.prepare<[], { public_key: Buffer }>("select public_key from node").get();
    database.close();
    return row?.public_key.toString("hex");
  };
  expect(keyIn(directory)).not.toBe(keyIn(join(directory, "practice")));
});
