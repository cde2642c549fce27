import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { testVoucher } from "../../../test/support/authority.ts";
import { openDesk, openDeskWithAnn, orderOf, passphrase, startServer } from "../../../test/support/desk.ts";
import type { OpenDesk, TestDesk } from "../../../test/support/desk.ts";
import { testPolicy } from "../../../test/support/policy.ts";

const [first, second] = [testVoucher(31n), testVoucher(32n)];
const usd = (amount: string) => ({ amount, currency: "USD" });
/** Chance, which may give any four digits. */
const aRandomId = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const day = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };

/** As after a power cut: the files are opened again, and Ann signs in. */
async function restarted(desk: OpenDesk): Promise<TestDesk> {
  await desk.close();
  const again = await openDesk({ directory: desk.directory, clock: desk.clock });
  await again.ask("unlock", { passphrase });
  await again.ask("sign-in", { cashier: 1, pin: "4711" });
  return again;
}

describe("O1: asked again after the answer was lost, and after a restart,", () => {
  test("cash is put in once", async () => {
    const desk = await openDeskWithAnn(await startServer());
    await desk.ask("open-cash", { cash: [usd("100")] });
    const move = { ...usd("50"), direction: "in", note: "from the bank", request: randomUUID() } as const;
    expect(await desk.ask("move-cash", move)).toEqual({ ok: true });
    expect(await desk.ask("move-cash", move)).toEqual({ ok: true });
    const again = await restarted(desk);
    expect(await again.ask("move-cash", move)).toEqual({ ok: true });
    const { shift } = await again.ask("state", {});
    expect(shift?.cash).toMatchObject([{ putIn: "50.00", expected: "150.00" }]);
    expect(shift?.moves).toMatchObject([{ amount: "50.00", direction: "in", note: "from the bank" }]);
    // Whoever brings the same once more asks anew.
    await again.ask("move-cash", { ...move, request: randomUUID() });
    expect((await again.ask("state", {})).shift?.cash).toMatchObject([{ putIn: "100.00" }]);
  });

  test("the beginning is said once, also when it was corrected meanwhile", async () => {
    const desk = await openDeskWithAnn(await startServer());
    const open = { cash: [usd("100")], request: randomUUID() };
    await desk.ask("open-cash", open);
    await desk.ask("open-cash", { cash: [usd("120")] });
    const again = await restarted(desk);
    expect(await again.ask("open-cash", open)).toEqual({ ok: true });
    expect((await again.ask("state", {})).shift?.cash).toMatchObject([{ opening: "120.00" }]);
  });

  test("a shift ends once, with its count, and the next one stays open", async () => {
    const desk = await openDeskWithAnn(await startServer());
    await desk.ask("open-cash", { cash: [usd("10")] });
    const close = { counted: [usd("10")], request: randomUUID() };
    const closed = await desk.ask("close-shift", close);
    expect(closed).toMatchObject({ ok: true, shift: { cash: [{ counted: "10.00" }] } });
    // Nobody is signed in any more: the answer is told all the same.
    expect(await desk.ask("close-shift", close)).toEqual(closed);
    const again = await restarted(desk);
    expect(await again.ask("close-shift", close)).toEqual(closed);
    expect((await again.ask("state", {})).phase).toBe("open");
    const { shifts } = await again.ask("shifts", day);
    expect(shifts.map(({ closedMs }) => closedMs === null)).toEqual([true, false]);
  });

  test("a voucher is taken once, and the yes that was missed is told", async () => {
    const server = await startServer();
    const desk = await openDeskWithAnn(server, [first]);
    const order = { ...orderOf(first), request: randomUUID() };
    const told = await desk.ask("redeem", order);
    expect(told).toMatchObject({ kind: "accepted", operation: { sequence: 1, state: "queued" } });
    expect(await desk.ask("redeem", order)).toEqual(told);
    const again = await restarted(desk);
    expect(await again.ask("redeem", order)).toEqual(told);
    await again.ask("sync", {});
    expect(await again.ask("redeem", order)).toMatchObject({
      kind: "accepted",
      operation: { sequence: 1, state: "applied" },
    });
    expect(server.chain).toHaveLength(1);
    // Another request for the same voucher is another matter.
    expect(await again.ask("redeem", orderOf(first))).toMatchObject({
      refusal: { code: "already-redeemed-here" },
    });
  });

  test("a voucher is paid out in cash once, and the drawer knows of it once", async () => {
    const server = await startServer();
    const { certificate } = server.authority;
    server.authority.certificate = (nodeId, key) => certificate(nodeId, key, true);
    server.issuePolicy(testPolicy({ cashOut: [{ currency: "USD", fixedMinor: 10n, basisPoints: 100 }] }));
    const desk = await openDeskWithAnn(server, [first]);
    await desk.ask("sync", {});
    await desk.ask("open-cash", { cash: [usd("100")] });
    const order = { ...orderOf(first, { goods: "cash" }), request: randomUUID() };
    const told = await desk.ask("redeem", order);
    expect(told).toMatchObject({ kind: "accepted", operation: { cash: { paid: "12.28" } } });
    const again = await restarted(desk);
    expect(await again.ask("redeem", order)).toEqual(told);
    expect((await again.ask("state", {})).shift?.cash).toMatchObject([
      { paidOut: "12.28", expected: "87.72" },
    ]);
  });

  test("what the server has rejected meanwhile is a no, and no goods are given for it", async () => {
    const server = await startServer();
    server.judge = () => ({ status: "rejected", reason: "lease-closed", transactionId: null });
    const desk = await openDeskWithAnn(server, [first]);
    const order = { ...orderOf(first), request: randomUUID() };
    await desk.ask("redeem", order);
    await desk.ask("sync", {});
    expect(await desk.ask("redeem", order)).toMatchObject({ kind: "rejected", reason: "lease-closed" });
  });

  test("a lease is given back once", async () => {
    const server = await startServer();
    const desk = await openDeskWithAnn(server, [first]);
    const release = { serial: first.serial.toString(), request: randomUUID() };
    expect(await desk.ask("release", release)).toEqual({ ok: true });
    const again = await restarted(desk);
    expect(await again.ask("release", release)).toEqual({ ok: true });
    await again.ask("sync", {});
    expect(server.chain.map(({ operation }) => operation.body.type)).toEqual(["release-lease"]);
  });

  test("somebody is let in, given a new PIN and let out once, and nobody is told that it failed", async () => {
    const desk = await openDeskWithAnn(await startServer());
    const add = { name: "Ben", pin: "1357", request: randomUUID() };
    const change = { cashier: 1, oldPin: "4711", newPin: "2468", request: randomUUID() };
    const reset = { cashier: 2, newPin: "8642", passphrase: null, code: null, request: randomUUID() };
    const remove = { cashier: 2, request: randomUUID() };
    for (let times = 0; times < 2; times++) {
      expect(await desk.ask("add-cashier", add)).toEqual({ ok: true });
      expect(await desk.ask("change-pin", change)).toEqual({ ok: true });
      expect(await desk.ask("reset-pin", reset)).toEqual({ ok: true });
    }
    for (let times = 0; times < 2; times++)
      expect(await desk.ask("remove-cashier", remove)).toEqual({ ok: true });
    const stored = JSON.stringify(
      desk.stores.database.prepare("select id, name, answer from requests").all(),
    ).replaceAll(aRandomId, "");
    for (const pin of ["1357", "4711", "2468", "8642"]) expect(stored).not.toContain(pin);
  });
});

test("O2: asked twice at once it is done once, and both get the answer", async () => {
  const server = await startServer();
  const desk = await openDeskWithAnn(server, [first]);
  const order = { ...orderOf(first), request: randomUUID() };
  const [one, other] = await Promise.all([desk.ask("redeem", order), desk.ask("redeem", order)]);
  expect(one).toMatchObject({ kind: "accepted" });
  expect(other).toEqual(one);
  await desk.ask("sync", {});
  expect(server.chain).toHaveLength(1);
});

test("O3: an id that was used for something else is malformed, and nothing is done", async () => {
  const desk = await openDeskWithAnn(await startServer(), [first, second]);
  const request = randomUUID();
  await desk.ask("open-cash", { cash: [usd("1")] });
  await desk.ask("move-cash", { ...usd("50"), direction: "in", note: "", request });
  const out = { ...usd("50"), direction: "out", note: "", request };
  expect(await desk.problem("move-cash", out)).toBe("malformed");
  expect(await desk.problem("redeem", { ...orderOf(second), request })).toBe("malformed");
  expect(await desk.problem("redeem", { ...orderOf(second), request: "7" })).toBe("malformed");
  expect((await desk.ask("state", {})).shift?.cash).toMatchObject([{ putIn: "50.00", takenOut: "0.00" }]);
});

test("O4: a refusal is not kept: once its reason is gone the same request is done", async () => {
  const desk = await openDeskWithAnn(await startServer());
  const add = { name: "Ben", pin: "1357", request: randomUUID() };
  await desk.ask("sign-out", { endShift: false });
  expect(await desk.ask("add-cashier", add)).toMatchObject({ code: "sign-in-first" });
  await desk.ask("sign-in", { cashier: 1, pin: "4711" });
  expect(await desk.ask("add-cashier", add)).toEqual({ ok: true });
});

test("what could not be confirmed on the disk is not accepted when it is asked again", async () => {
  const desk = await openDeskWithAnn(await startServer(), [first]);
  const order = { ...orderOf(first), request: randomUUID() };
  const { writeHead } = desk.stores;
  Object.assign(desk.stores, {
    writeHead: () => {
      desk.stores.node.stop("head-not-written");
      throw new Error("the disk is gone");
    },
  });
  expect(await desk.ask("redeem", order)).toMatchObject({ refusal: { code: "node-stopped" } });
  Object.assign(desk.stores, { writeHead });
  expect(await desk.ask("redeem", order)).toMatchObject({ refusal: { code: "node-stopped" } });
});
