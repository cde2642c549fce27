import { describe, expect, test } from "vitest";
import { testVoucher } from "../../../test/support/authority.ts";
import { openDesk, openDeskWithAnn, orderOf, passphrase, startServer } from "../../../test/support/desk.ts";

const voucher = testVoucher(21n);

describe("a PIN", () => {
  test("is slowed down by wrong ones, longer each time, and a restart forgets nothing", async () => {
    const desk = await openDeskWithAnn(await startServer());
    await desk.ask("sign-out", { endShift: false });
    const wrong = () => desk.ask("sign-in", { cashier: 1, pin: "0000" });
    for (let n = 0; n < 3; n++) expect(await wrong()).toMatchObject({ code: "wrong-pin" });
    const waits: number[] = [];
    for (let n = 0; n < 10; n++) {
      const waiting = await wrong();
      expect(waiting).toMatchObject({ code: "wait" });
      const until = waiting.ok ? 0 : Number(waiting.details["untilMs"]);
      waits.push((until - desk.clock.wallMs()) / 1000);
      // The right one is not even looked at.
      expect(await desk.ask("sign-in", { cashier: 1, pin: "4711" })).toMatchObject({ code: "wait" });
      desk.clock.pass(until - desk.clock.wallMs());
      expect(await wrong()).toMatchObject({ code: "wrong-pin" });
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    await desk.close();
    const again = await openDesk({ directory: desk.directory, clock: desk.clock });
    await again.ask("unlock", { passphrase });
    expect(await again.ask("sign-in", { cashier: 1, pin: "4711" })).toMatchObject({ code: "wait" });
    desk.clock.pass(900_000);
    expect(await again.ask("sign-in", { cashier: 1, pin: "4711" })).toEqual({ ok: true });
  });

  test("is changed by whoever has the old one, in a form that says nothing of it", async () => {
    const desk = await openDeskWithAnn(await startServer());
    const change = { cashier: 1, newPin: "2468" };
    expect(await desk.ask("change-pin", { ...change, oldPin: "1111" })).toMatchObject({ code: "wrong-pin" });
    expect(await desk.ask("change-pin", { ...change, oldPin: "4711" })).toEqual({ ok: true });
    await desk.ask("sign-out", { endShift: false });
    expect(await desk.ask("sign-in", { cashier: 1, pin: "4711" })).toMatchObject({ code: "wrong-pin" });
    expect(await desk.ask("sign-in", { cashier: 1, pin: "2468" })).toEqual({ ok: true });
    expect(JSON.stringify(desk.stores.people.list())).not.toContain("2468");
  });

  test("that was forgotten is set anew by a supervisor, or with the passphrase, and by nobody else", async () => {
    const desk = await openDeskWithAnn(await startServer());
    await desk.ask("add-cashier", { name: "Ben", pin: "1357" });
    expect(await desk.ask("reset-pin", { cashier: 2, newPin: "9753", passphrase: null, code: null })).toEqual(
      {
        ok: true,
      },
    );
    await desk.ask("sign-out", { endShift: true });
    await desk.ask("sign-in", { cashier: 2, pin: "9753" });
    const reset = { cashier: 1, newPin: "8642", code: null };
    expect(await desk.ask("reset-pin", { ...reset, passphrase: null })).toMatchObject({
      code: "supervisor-needed",
    });
    expect(await desk.ask("reset-pin", { ...reset, passphrase: "not this one" })).toMatchObject({
      code: "wrong-passphrase",
    });
    expect(await desk.ask("reset-pin", { ...reset, passphrase })).toEqual({ ok: true });
    await desk.ask("sign-out", { endShift: false });
    expect(await desk.ask("sign-in", { cashier: 1, pin: "8642" })).toEqual({ ok: true });
  });
});

describe("a cashier", () => {
  test("is let in by a supervisor only, but for the first, who is one", async () => {
    const desk = await openDeskWithAnn(await startServer());
    expect((await desk.ask("state", {})).cashier).toMatchObject({ name: "Ann", role: "supervisor" });
    expect(await desk.ask("add-cashier", { name: "Ben", pin: "1357" })).toEqual({ ok: true });
    expect(await desk.ask("add-cashier", { name: "Ben", pin: "1357" })).toMatchObject({ code: "name-taken" });
    await desk.ask("sign-out", { endShift: false });
    expect(await desk.ask("add-cashier", { name: "Eve", pin: "1357" })).toMatchObject({
      code: "sign-in-first",
    });
    await desk.ask("sign-in", { cashier: 2, pin: "1357" });
    expect(await desk.ask("add-cashier", { name: "Eve", pin: "1357" })).toMatchObject({
      code: "supervisor-needed",
    });
  });

  test("who is removed cannot sign in, keeps the name in the history, and leaves it to nobody else", async () => {
    const server = await startServer();
    const desk = await openDeskWithAnn(server, [voucher]);
    await desk.ask("add-cashier", { name: "Ben", pin: "1357" });
    await desk.ask("sign-in", { cashier: 2, pin: "1357" });
    await desk.ask("redeem", orderOf(voucher));
    expect(await desk.ask("remove-cashier", { cashier: 1 })).toMatchObject({ code: "supervisor-needed" });
    await desk.ask("sign-in", { cashier: 1, pin: "4711" });
    expect(await desk.ask("remove-cashier", { cashier: 1 })).toMatchObject({ code: "not-oneself" });
    expect(await desk.ask("remove-cashier", { cashier: 2 })).toEqual({ ok: true });
    expect(await desk.ask("remove-cashier", { cashier: 2 })).toMatchObject({ code: "no-such-cashier" });
    expect((await desk.ask("state", {})).cashiers.map(({ name }) => name)).toEqual(["Ann"]);
    expect(await desk.ask("sign-in", { cashier: 2, pin: "1357" })).toMatchObject({ code: "no-such-cashier" });
    expect(await desk.ask("add-cashier", { name: "Ben", pin: "1357" })).toMatchObject({ code: "name-taken" });
    const { operations } = await desk.ask("history", { search: "Ben", state: "all", before: null });
    expect(operations).toMatchObject([{ actor: "Ben" }]);
    const { shifts } = await desk.ask("shifts", { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
    expect(shifts.find(({ cashier }) => cashier === "Ben")?.closedMs).not.toBeNull();
  });

  test("whose screen was locked goes on with the same shift, and begins a new one after ending it", async () => {
    const desk = await openDeskWithAnn(await startServer());
    const shift = async () => (await desk.ask("state", {})).shift?.id;
    const before = await shift();
    await desk.ask("sign-out", { endShift: false });
    expect(await shift()).toBeUndefined();
    await desk.ask("sign-in", { cashier: 1, pin: "4711" });
    expect(await shift()).toBe(before);
    await desk.ask("sign-out", { endShift: true });
    await desk.ask("sign-in", { cashier: 1, pin: "4711" });
    expect(await shift()).not.toBe(before);
  });
});

describe("a key store of the machine", () => {
  test("lets the till in without a passphrase, and opens it again by itself", async () => {
    const server = await startServer();
    const keyStore = xorStore(0x5a);
    const desk = await openDesk({ keyStore });
    expect((await desk.ask("state", {})).keyStore).toBe(true);
    await desk.ask("enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase: null });
    expect((await desk.ask("state", {})).phase).toBe("signed-out");
    await desk.close();
    const again = await openDesk({ directory: desk.directory, keyStore });
    expect((await again.ask("state", {})).phase).toBe("signed-out");
    await again.ask("lock", {});
    expect(await again.ask("unlock", { passphrase: null })).toEqual({ ok: true });
  });

  test("that asks for it wraps anew, once, and the passphrase stays beside it", async () => {
    const server = await startServer();
    const [old, next] = [xorStore(0x5a), xorStore(0x33)];
    const desk = await openDesk({ keyStore: old });
    await desk.ask("enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase });
    const before = desk.stores.node.identity()?.wrappedKey;
    await desk.close();
    const renewed: Uint8Array[] = [];
    const isNew = (bytes: Uint8Array) => renewed.some((one) => Buffer.from(one).equals(bytes));
    const keyStore = {
      wrap: next.wrap,
      unwrap: (bytes: Uint8Array) => (isNew(bytes) ? next : old).unwrap(bytes),
      async renew(bytes: Uint8Array) {
        if (!isNew(bytes)) renewed.push(await next.wrap(await old.unwrap(bytes)));
        return isNew(bytes) ? bytes : (renewed.at(-1) ?? bytes);
      },
    };
    for (let starts = 0; starts < 2; starts++) {
      const again = await openDesk({ directory: desk.directory, keyStore });
      expect((await again.ask("state", {})).phase).toBe("signed-out");
      expect(again.stores.node.identity()?.wrappedKey).not.toBe(before);
      await again.ask("lock", {});
      expect(await again.ask("unlock", { passphrase })).toEqual({ ok: true });
      await again.close();
    }
    expect(renewed).toHaveLength(1);
  });

  test("that cannot wrap anew lets the till in all the same", async () => {
    const server = await startServer();
    const desk = await openDesk({ keyStore: xorStore(0x5a) });
    await desk.ask("enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase: null });
    await desk.close();
    const failing = { ...xorStore(0x5a), renew: failure };
    const again = await openDesk({ directory: desk.directory, keyStore: failing });
    expect((await again.ask("state", {})).phase).toBe("signed-out");
  });

  test("that is lost leaves the till locked; a passphrase that was given as well opens it", async () => {
    const server = await startServer();
    const desk = await openDesk({ keyStore: xorStore(0x5a) });
    await desk.ask("enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase });
    await desk.close();
    const failing = { wrap: failure, unwrap: failure, renew: failure };
    const again = await openDesk({ directory: desk.directory, keyStore: failing });
    expect((await again.ask("state", {})).phase).toBe("locked");
    expect(await again.ask("unlock", { passphrase: null })).toMatchObject({ code: "key-store-failed" });
    expect(await again.ask("unlock", { passphrase })).toEqual({ ok: true });
  });

  test("is given a passphrase besides by a supervisor with the own PIN, and is not needed any more", async () => {
    const server = await startServer();
    const keyStore = xorStore(0x5a);
    const desk = await openDesk({ keyStore });
    await desk.ask("enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase: null });
    await desk.ask("add-cashier", { name: "Ann", pin: "4711" });
    await desk.ask("sign-in", { cashier: 1, pin: "4711" });
    await desk.ask("add-cashier", { name: "Ben", pin: "1357" });
    const add = (chosen: string, pin: string) => desk.ask("add-passphrase", { passphrase: chosen, pin });
    expect((await desk.ask("state", {})).till).toMatchObject({ keyStore: true, passphrase: false });
    expect(await add(passphrase, "0815")).toMatchObject({ code: "wrong-pin" });
    expect(await add("short", "4711")).toMatchObject({ code: "passphrase-too-short" });
    await desk.ask("sign-in", { cashier: 2, pin: "1357" });
    expect(await add(passphrase, "1357")).toMatchObject({ code: "supervisor-needed" });
    await desk.ask("sign-in", { cashier: 1, pin: "4711" });
    expect((await desk.ask("state", {})).till?.passphrase).toBe(false);
    expect(await add("the first passphrase", "4711")).toEqual({ ok: true });
    expect(await add(passphrase, "4711")).toEqual({ ok: true });
    expect((await desk.ask("state", {})).till).toMatchObject({ keyStore: true, passphrase: true });
    await desk.ask("lock", {});
    expect(await desk.ask("unlock", { passphrase: null })).toEqual({ ok: true });
    await desk.close();
    const failing = { wrap: failure, unwrap: failure, renew: failure };
    const again = await openDesk({ directory: desk.directory, keyStore: failing });
    expect((await again.ask("state", {})).phase).toBe("locked");
    expect(await again.ask("unlock", { passphrase: "the first passphrase" })).toMatchObject({
      code: "wrong-passphrase",
    });
    expect(await again.ask("unlock", { passphrase })).toEqual({ ok: true });
  });

  test("that a till never had is given no passphrase besides", async () => {
    const desk = await openDeskWithAnn(await startServer());
    const add = { passphrase: "another passphrase", pin: "4711" };
    expect(await desk.ask("add-passphrase", add)).toMatchObject({ code: "no-key-store" });
    await desk.ask("lock", {});
    expect(await desk.ask("unlock", { passphrase })).toEqual({ ok: true });
  });

  test("that fails at the enrolment sends nothing", async () => {
    const server = await startServer();
    const desk = await openDesk({ keyStore: { wrap: failure, unwrap: failure, renew: failure } });
    const enrol = { serverUrl: server.url, code: "GOOD-CODE", passphrase: null };
    expect(await desk.ask("enrol", enrol)).toMatchObject({ code: "key-store-failed" });
    expect(server.requests).toEqual([]);
  });
});

/** Stands for an operating system's store; what it does to the bytes is no secret. */
function xorStore(mask: number) {
  const turn = async (bytes: Uint8Array) => bytes.map((byte) => byte ^ mask);
  return { wrap: turn, unwrap: turn, renew: async (bytes: Uint8Array) => bytes };
}

async function failure(): Promise<Uint8Array> {
  throw new Error("the store is gone");
}
