/**
 * The till behind the browser shell is killed in the middle of each flow: as a request goes to it, and when it has done
 * what was asked and the page does not know yet. Nothing is lost, and what is asked again is not done twice.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serialOf } from "#sync/documents/operation.ts";
import type { Answer, Once, RequestName, Results } from "../../desktop/protocol.ts";
import { testVoucher } from "../support/authority.ts";
import type { TestVoucher } from "../support/authority.ts";
import { orderOf } from "../support/desk.ts";
import { testPolicy } from "../support/policy.ts";
import { withRequestId } from "../support/once.ts";
import type { AskedPayload } from "../support/once.ts";
import { start } from "../support/processes.ts";
import type { Running } from "../support/processes.ts";
import { startStandIn } from "../support/stand-in-server.ts";
import type { StandInServer } from "../support/stand-in-server.ts";

const passphrase = "a passphrase for trials only";
const vouchers = Array.from({ length: 12 }, (_, index) => testVoucher(BigInt(41 + index)));
/** Each flow takes vouchers of its own. */
const fresh = (): TestVoucher => {
  const voucher = vouchers[used++];
  if (!voucher) throw new Error("there are no more vouchers");
  return voucher;
};
let used = 0;
const appeals: string[] = [];

let server: StandInServer;
let data: string;
/** Tells the living one when to die. */
let order: string;

beforeAll(async () => {
  server = await startStandIn();
  data = join(mkdtempSync(join(tmpdir(), "paypost-web-")), "till");
  const { certificate } = server.authority;
  server.authority.certificate = (nodeId, key) => certificate(nodeId, key, true);
  server.issuePolicy(testPolicy({ cashOut: [{ currency: "USD", fixedMinor: 10n, basisPoints: 100 }] }));
  for (const voucher of vouchers) server.grant(voucher);
  server.intercept = hearAppeals;
  order = join(dirname(data), "kill");
  const screen = { language: null, theme: "system", paper: "80", lockAfterMinutes: 10 } as const;
  await signedIn(({ ask }) => ask("settings", { ...screen, bytesPerDay: null, onRequest: true }));
});

afterAll(async () => {
  live?.running.child.kill("SIGKILL");
  await live?.running.finished;
  await server.close();
  rmSync(dirname(data), { recursive: true });
});

test("killed as it is asked to enrol: the same code finishes it, under the same key", async () => {
  const enrol = { serverUrl: server.url, code: "GOOD-CODE", passphrase };
  await killedAt("enrol", "asked", enrol);
  await signedIn(async ({ ask }) => {
    const { phase } = await ask("state", {});
    if (phase === "first-start") await ask("enrol", enrol);
    await ask("add-cashier", { name: "Ann", pin: "4711" });
    await ask("sign-in", { cashier: 1, pin: "4711" });
    expect(await ask("sync", {})).toEqual({ ok: true });
  });
});

describe.each(["asked", "answered"] as const)("killed as it is %s", (when) => {
  test("to redeem: the voucher is taken once, and the answer that was missed is told", async () => {
    const voucher = fresh();
    const order = { ...orderOf(voucher), request: randomUUID() };
    await killedAt("redeem", when, order);
    await signedIn(async ({ ask }) => {
      expect(await ask("redeem", order)).toMatchObject({ kind: "accepted", operation: { state: "queued" } });
      expect(await ask("redeem", orderOf(voucher))).toMatchObject({
        refusal: { code: "already-redeemed-here" },
      });
      expect(await ask("sync", {})).toEqual({ ok: true });
      expect(await operationsOn(ask, voucher)).toMatchObject([{ state: "applied" }]);
    });
    expect(timesAtServer(voucher)).toBe(1);
  });

  test("to pay out in cash: it is paid out once, and the drawer knows of it once", async () => {
    const voucher = fresh();
    const order = { ...orderOf(voucher, { goods: "cash" }), request: randomUUID() };
    await signedIn(async ({ ask }) => {
      await ask("open-cash", { cash: [{ amount: "100.00", currency: "USD" }] });
    });
    await killedAt("redeem", when, order);
    await signedIn(async ({ ask }) => {
      expect(await ask("redeem", order)).toMatchObject({ kind: "accepted", operation: { goods: "cash" } });
      expect((await ask("state", {})).shift?.cash).toMatchObject([{ paidOut: "12.28", expected: "87.72" }]);
      await ask("close-shift", { counted: [] });
    });
  });

  test("to put cash in or take it out: each counts once", async () => {
    const money = { amount: "50.00", currency: "USD" };
    const putIn = { ...money, direction: "in", note: "from the bank", request: randomUUID() } as const;
    const takeOut = { ...money, amount: "20.00", direction: "out", note: "", request: randomUUID() } as const;
    await killedAt("move-cash", when, putIn);
    await killedAt("move-cash", when, takeOut);
    await signedIn(async ({ ask }) => {
      for (const move of [putIn, takeOut, putIn]) expect(await ask("move-cash", move)).toEqual({ ok: true });
      const { shift } = await ask("state", {});
      expect(shift?.cash).toMatchObject([{ putIn: "50.00", takenOut: "20.00", expected: "30.00" }]);
      expect(shift?.moves).toHaveLength(2);
      await ask("close-shift", { counted: [] });
    });
  });

  test("to begin a shift and to close it: each is so once, or as it was", async () => {
    const cash = [{ amount: "10.00", currency: "USD" }];
    const open = { cash, request: randomUUID() };
    const close = { counted: cash, request: randomUUID() };
    await killedAt("open-cash", when, open);
    await signedIn(async ({ ask }) => {
      expect(await ask("open-cash", open)).toEqual({ ok: true });
      expect((await ask("state", {})).shift?.cash).toMatchObject([{ opening: "10.00" }]);
    });
    const shiftsNow = async (ask: Page["ask"]) =>
      (await ask("shifts", { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER })).shifts;
    let before = 0;
    await signedIn(async ({ ask }) => void (before = (await shiftsNow(ask)).length));
    await killedAt("close-shift", when, close);
    await signedIn(async ({ ask }) => {
      const closed = await ask("close-shift", close);
      expect(closed).toMatchObject({ shift: { cash: [{ counted: "10.00", difference: "0.00" }] } });
      expect(await ask("close-shift", close)).toEqual(closed);
      if ((await ask("state", {})).phase === "signed-out") await ask("sign-in", { cashier: 1, pin: "4711" });
      const shifts = await shiftsNow(ask);
      expect(shifts).toHaveLength(before + 1);
      const open = shifts.filter(({ cashier, closedMs }) => cashier === "Ann" && closedMs === null);
      expect(open).toHaveLength(1);
    });
  });

  test("to sync: what was sent and not answered is sent again, and counts once", async () => {
    const voucher = fresh();
    await signedIn(async ({ ask }) =>
      expect(await ask("redeem", orderOf(voucher))).toMatchObject({ kind: "accepted" }),
    );
    await killedAt("sync", when, {});
    await signedIn(async ({ ask }) => {
      expect(await ask("sync", {})).toEqual({ ok: true });
      expect(await ask("quit-check", {})).toMatchObject({ queued: 0 });
    });
    expect(timesAtServer(voucher)).toBe(1);
  });

  test("to save what waits, and to take the answer in: the same is in the file again, and counts once", async () => {
    const voucher = fresh();
    await signedIn(async ({ ask }) => void (await ask("redeem", orderOf(voucher))));
    await killedAt("export", when, {});
    let answer = "";
    await signedIn(async ({ ask }) => {
      expect(await ask("export", {})).toMatchObject({ ok: true, count: 1, left: 0 });
      const [operation] = await operationsOn(ask, voucher);
      const detail = await ask("operation", { sequence: operation?.sequence ?? 0 });
      if (!detail.ok) throw new Error("no such operation");
      answer = answerFor(detail.sequence, detail.hash);
    });
    await killedAt("import", when, { file: answer });
    await signedIn(async ({ ask }) => {
      expect(await ask("import", { file: answer })).toMatchObject({ ok: true, verdicts: 1 });
      expect(await operationsOn(ask, voucher)).toMatchObject([{ state: "applied" }]);
      expect(await ask("sync", {})).toEqual({ ok: true });
      expect(await operationsOn(ask, voucher)).toMatchObject([{ state: "applied" }]);
    });
    expect(timesAtServer(voucher)).toBe(1);
  });

  test("to appeal: the appeal is heard once", async () => {
    const appeal = { sequence: 1, because: `I scratched it myself, ${when}` };
    await killedAt("appeal", when, appeal);
    await signedIn(async ({ ask }) => expect(await ask("appeal", appeal)).toEqual({ ok: true }));
    expect(new Set(appeals.filter((text) => text === appeal.because)).size).toBe(1);
  });

  test("to give a lease back: it is given back once, and not relied on any more", async () => {
    const voucher = fresh();
    const release = { serial: voucher.serial.toString(), request: randomUUID() };
    await killedAt("release", when, release);
    await signedIn(async ({ ask }) => {
      expect(await ask("release", release)).toEqual({ ok: true });
      expect(await ask("release", { serial: release.serial })).toMatchObject({ code: "given-back-before" });
      await ask("sync", {});
      expect(await ask("check", orderOf(voucher))).toMatchObject({ ok: true, mode: "online" });
    });
    expect(timesAtServer(voucher)).toBe(1);
  });

  test("to let somebody in: they are let in once, with their PIN", async () => {
    const add = { name: `Ben, ${when}`, pin: "1357", request: randomUUID() };
    await killedAt("add-cashier", when, add);
    await signedIn(async ({ ask }) => {
      expect(await ask("add-cashier", add)).toEqual({ ok: true });
      const { cashiers } = await ask("state", {});
      const found = cashiers.filter(({ name }) => name === add.name);
      expect(found).toHaveLength(1);
      expect(await ask("sign-in", { cashier: found[0]?.id ?? 0, pin: "1357" })).toEqual({ ok: true });
    });
  });

  test("to practise, and in the middle of it: practice goes on as it was, and nothing of it is in the real till", async () => {
    await killedAt("practice", when, { on: true, fresh: true });
    const practise = { on: true, fresh: false };
    let order: AskedPayload<"redeem"> & Once = { serial: "", token: null, number: "", request: "" };
    await signedIn(async ({ ask }) => {
      await ask("practice", practise);
      await ask("sync", {});
      const unused = (await ask("practice-vouchers", {})).vouchers.find((voucher) => !voucher.used);
      if (!unused) throw new Error("no voucher is left");
      order = { serial: unused.serial, token: null, number: unused.number, request: randomUUID() };
    });
    await killedAt("redeem", when, order, (ask) => ask("practice", practise));
    await signedIn(async ({ ask }) => {
      expect(await ask("state", {})).toMatchObject({ practice: false });
      await ask("practice", practise);
      expect(await ask("redeem", order)).toMatchObject({ kind: "accepted" });
      const { operations } = await ask("history", { search: order.serial ?? "", state: "all", before: null });
      expect(operations).toHaveLength(1);
      await ask("practice", { on: false, fresh: false });
      const real = await ask("history", { search: order.serial ?? "", state: "all", before: null });
      expect(real.operations).toEqual([]);
    });
  });
});

/** The server's word on one operation, as it is carried back by hand. */
function answerFor(sequence: number, hash: string): string {
  const operationHash = Uint8Array.from(Buffer.from(hash, "hex"));
  const document = server.authority.verdictList({
    nodeId: server.nodeId,
    generation: 1,
    serverTimeMs: Date.now(),
    lastSequence: sequence,
    lastHash: operationHash,
    policyVersion: server.policyVersion,
    auditHead: null,
    verdicts: [
      {
        sequence,
        operationHash,
        status: "applied",
        reason: null,
        transactionId: "t-carried",
        decidedAtMs: Date.now(),
        duplicate: false,
        evidence: null,
        guaranteedMinor: null,
      },
    ],
  });
  return Buffer.from(document).toString("base64");
}

function hearAppeals(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== "/v1/disputes/appeals") return false;
  void (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { because } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly because: string };
    appeals.push(because);
    response.writeHead(200).end(JSON.stringify({ state: "appealed" }));
  })();
  return true;
}

async function operationsOn(ask: Page["ask"], voucher: TestVoucher) {
  const search = voucher.serial.toString().padStart(10, "0");
  return (await ask("history", { search, state: "all", before: null })).operations;
}

interface Page {
  ask<Name extends RequestName>(name: Name, payload: AskedPayload<Name>): Promise<Results[Name]>;
  readonly running: Running;
}

/** The one that lives: each flow goes on in the process that came after the last kill. */
let live: Page | undefined;

/** Nothing is ever shut down in order. */
async function begin(): Promise<Page> {
  rmSync(order, { force: true });
  const running = start("test/faults/web-till.ts", [data, order]);
  const address = (await running.line(/^open (\S+)$/m))[1] ?? "";
  const { origin } = new URL(address);
  const opened = await fetch(address);
  const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
  return {
    running,
    async ask<Name extends RequestName>(name: Name, payload: AskedPayload<Name>) {
      const headers = { cookie, origin, "content-type": "application/json" };
      const body = JSON.stringify(withRequestId(name, payload));
      const response = await fetch(`${origin}/ask/${name}`, { method: "POST", headers, body });
      const answer = (await response.json()) as Answer<Name>;
      if (!answer.ok) throw new Error(`${name}: ${answer.code} ${answer.message}`);
      return answer.result;
    },
  };
}

/** Ann is signed in, once there is one. */
async function signedIn<T>(work: (page: Page) => Promise<T>): Promise<T> {
  live ??= await begin();
  if ((await live.ask("state", {})).phase === "locked") await live.ask("unlock", { passphrase });
  const { practice, cashiers, cashier } = await live.ask("state", {});
  const isAnn = cashier?.name === "Ann" || cashiers.length === 0;
  if (!practice && !isAnn) await live.ask("sign-in", { cashier: 1, pin: "4711" });
  return work(live);
}

async function killedAt<Name extends RequestName>(
  name: Name,
  when: string,
  payload: AskedPayload<Name>,
  before: (ask: Page["ask"]) => Promise<unknown> = async () => {},
): Promise<void> {
  await signedIn(async ({ ask, running }) => {
    await before(ask);
    writeFileSync(order, `${name} ${when}`);
    await expect(ask(name, payload)).rejects.toBeInstanceOf(TypeError);
    expect((await running.finished).signal).toBe("SIGKILL");
  });
  live = undefined;
}

function timesAtServer({ serial }: TestVoucher): number {
  return server.chain.filter(({ operation }) => serialOf(operation.body) === serial).length;
}
