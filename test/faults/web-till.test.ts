/**
 * The till behind the browser shell is killed in the middle of each flow: as a request goes to it, and when it has done
 * what was asked and the page does not know yet. Nothing is lost, and what is asked again is not done twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serialOf } from "#sync/documents/operation.ts";
import type { Answer, RequestName, Results } from "../../desktop/protocol.ts";
import { testVoucher } from "../support/authority.ts";
import { withRequestId } from "../support/once.ts";
import type { AskedPayload } from "../support/once.ts";
import { start } from "../support/processes.ts";
import type { Running } from "../support/processes.ts";
import { startStandIn } from "../support/stand-in-server.ts";
import type { StandInServer } from "../support/stand-in-server.ts";

const passphrase = "a passphrase for trials only";
const [asked, answered, given, counted, later] = [41n, 42n, 43n, 44n, 45n].map((serial) =>
  testVoucher(serial),
);
if (!asked || !answered || !given || !counted || !later) throw new Error("unreachable");

let server: StandInServer;
let data: string;

beforeAll(async () => {
  server = await startStandIn();
  data = join(mkdtempSync(join(tmpdir(), "paypost-web-")), "till");
  for (const voucher of [asked, answered, given, counted, later]) server.grant(voucher);
  await during("none", "", async ({ ask }) => {
    const screen = { language: null, theme: "system", paper: "80", lockAfterMinutes: 10 } as const;
    await ask("settings", { ...screen, bytesPerDay: null, onRequest: true });
  });
});

afterAll(async () => {
  await server.close();
  rmSync(data, { recursive: true });
});

test("killed as it is asked to enrol: the same code finishes it, under the same key", async () => {
  const enrol = { serverUrl: server.url, code: "GOOD-CODE", passphrase };
  await killedAt("enrol", "asked", enrol);
  await during("none", "", async ({ ask }) => {
    if ((await ask("state", {})).phase === "first-start") await ask("enrol", enrol);
    else await ask("unlock", { passphrase });
    await ask("add-cashier", { name: "Ann", pin: "4711" });
    await ask("sign-in", { cashier: 1, pin: "4711" });
    expect(await ask("sync", {})).toEqual({ ok: true });
  });
});

describe.each(["asked", "answered"] as const)("killed as it is %s", (when) => {
  test("to redeem: the voucher is taken once or not at all, and the server hears of it once", async () => {
    const voucher = when === "asked" ? asked : answered;
    const order = { serial: voucher.serial.toString(), token: null, number: voucher.number };
    await killedAt("redeem", when, order);
    await signedIn(async ({ ask }) => {
      const again = await ask("redeem", order);
      const isDone = again.kind === "refused";
      if (when === "answered") expect(isDone).toBe(true);
      expect(again).toMatchObject(
        isDone ? { refusal: { code: "already-redeemed-here" } } : { kind: "accepted" },
      );
      expect(await ask("sync", {})).toEqual({ ok: true });
      const search = voucher.serial.toString().padStart(10, "0");
      const { operations } = await ask("history", { search, state: "all", before: null });
      expect(operations).toMatchObject([{ state: "applied" }]);
    });
    expect(serialsAtServer().filter((serial) => serial === voucher.serial)).toHaveLength(1);
  });

  test("to sync: what was sent and not answered is sent again, and counts once", async () => {
    const voucher = when === "asked" ? counted : later;
    const order = { serial: voucher.serial.toString(), token: null, number: voucher.number };
    await signedIn(async ({ ask }) => expect(await ask("redeem", order)).toMatchObject({ kind: "accepted" }));
    await killedAt("sync", when, {});
    await signedIn(async ({ ask }) => {
      expect(await ask("sync", {})).toEqual({ ok: true });
      expect(await ask("quit-check", {})).toMatchObject({ queued: 0 });
    });
    expect(serialsAtServer().filter((serial) => serial === voucher.serial)).toHaveLength(1);
  });

  test("to close a shift: it is counted and closed, or as it was", async () => {
    const cash = [{ amount: "10.00", currency: "USD" }];
    await signedIn(async ({ ask }) => expect(await ask("open-cash", { cash })).toEqual({ ok: true }));
    await killedAt("close-shift", when, { counted: cash });
    await signedIn(async ({ ask }) => {
      const { shifts } = await ask("shifts", { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
      const open = shifts.filter(({ closedMs }) => closedMs === null);
      const closed = shifts.filter(({ closedMs }) => closedMs !== null);
      expect(open).toHaveLength(1);
      for (const shift of closed)
        expect(shift.cash).toMatchObject([{ counted: "10.00", difference: "0.00" }]);
      if (when === "answered") expect(closed.length).toBeGreaterThan(0);
    });
  });
});

test("killed as it has given a lease back: it is given back once, and not relied on any more", async () => {
  const { serial, number } = given;
  await killedAt("release", "answered", { serial: serial.toString() });
  await signedIn(async ({ ask }) => {
    expect(await ask("release", { serial: serial.toString() })).toMatchObject({ code: "given-back-before" });
    await ask("sync", {});
    const order = { serial: serial.toString(), token: null, number };
    expect(await ask("check", order)).toMatchObject({ ok: true, mode: "online" });
  });
  expect(serialsAtServer().filter((other) => other === serial)).toHaveLength(1);
});

interface Page {
  ask<Name extends RequestName>(name: Name, payload: AskedPayload<Name>): Promise<Results[Name]>;
  readonly running: Running;
}

/** Starts the shell, opens its page, does the work, and kills it where it still lives: nothing is ever shut down in order. */
async function during(killAt: string, when: string, work: (page: Page) => Promise<void>): Promise<void> {
  const running = start("test/faults/web-till.ts", [data, killAt, when]);
  try {
    const address = (await running.line(/^open (\S+)$/m))[1] ?? "";
    const { origin } = new URL(address);
    const opened = await fetch(address);
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    await work({
      running,
      async ask<Name extends RequestName>(name: Name, payload: AskedPayload<Name>) {
        const headers = { cookie, origin, "content-type": "application/json" };
        const body = JSON.stringify(withRequestId(name, payload));
        const response = await fetch(`${origin}/ask/${name}`, { method: "POST", headers, body });
        const answer = (await response.json()) as Answer<Name>;
        if (!answer.ok) throw new Error(`${name}: ${answer.code} ${answer.message}`);
        return answer.result;
      },
    });
  } finally {
    running.child.kill("SIGKILL");
    await running.finished;
  }
}

function signedIn(work: (page: Page) => Promise<void>, killAt = "none", when = ""): Promise<void> {
  return during(killAt, when, async (page) => {
    const { phase } = await page.ask("state", {});
    if (phase !== "first-start") {
      await page.ask("unlock", { passphrase });
      await page.ask("sign-in", { cashier: 1, pin: "4711" });
    }
    await work(page);
  });
}

async function killedAt<Name extends RequestName>(
  name: Name,
  when: string,
  payload: AskedPayload<Name>,
): Promise<void> {
  await signedIn(
    async ({ ask, running }) => {
      await expect(ask(name, payload)).rejects.toBeInstanceOf(TypeError);
      expect((await running.finished).signal).toBe("SIGKILL");
    },
    name,
    when,
  );
}

function serialsAtServer(): bigint[] {
  return server.chain.flatMap(({ operation }) => serialOf(operation.body) ?? []);
}
