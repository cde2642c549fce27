/** The till behind the page, in the test's own process: a real folder, and a real server where one is given. */
import { expect, onTestFinished } from "vitest";
import type { MachineClock } from "#sync/ports/clock.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import type { Answer, Payloads, RequestName, Results } from "../../desktop/protocol.ts";
import type { KeyStore } from "../../desktop/thread-line.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import { payloads } from "../../desktop/worker/till/payloads.ts";
import { createTill } from "../../desktop/worker/till/till.ts";
import type { Till } from "../../desktop/worker/till/till.ts";
import { withRequestId } from "./once.ts";
import type { AskedPayload } from "./once.ts";
import { createTestClock, shortSleep, temporaryFolder } from "./till.ts";
import type { TestClock } from "./till.ts";
import type { TestVoucher } from "./authority.ts";
import { startStandIn } from "./stand-in-server.ts";
import type { StandInServer } from "./stand-in-server.ts";

export interface TestDesk {
  readonly till: Till;
  readonly stores: NodeStores;
  readonly directory: string;
  readonly clock: TestClock;
  /** Fails the test where the till did not do what it was asked. */
  ask<Name extends RequestName>(name: Name, payload: AskedPayload<Name>): Promise<Results[Name]>;
  /** The code of a request that the till did not take. */
  problem(name: string, payload: unknown): Promise<string>;
  /** Closes the files, as the end of the program does. */
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly directory?: string;
  readonly clock?: TestClock;
  readonly keyStore?: KeyStore;
}

export const passphrase = "a passphrase for trials only";

export async function openDesk(options: DeskOptions = {}): Promise<TestDesk> {
  const directory = options.directory ?? temporaryFolder();
  const clock = options.clock ?? createTestClock();
  const opened = openStores({ directory, wallMs: () => clock.wallMs() });
  if (!opened.ok) throw new Error("the directory is in use");
  const { stores } = opened;
  const machine = { clock: clock as MachineClock, sleep: shortSleep, randomBytes: webRandomBytes, fetch };
  const onFailure = () => {};
  const till = createTill({ stores, version: "0.0.0", keyStore: options.keyStore, onFailure, ...machine });
  const close = async () => {
    if (stores.database.open) await till.close();
  };
  onTestFinished(close);
  await till.begin();
  return {
    till,
    stores,
    directory,
    clock,
    async ask<Name extends RequestName>(name: Name, payload: AskedPayload<Name>) {
      const answer = (await till.handle(name, withRequestId(name, payload))) as Answer<Name>;
      if (!answer.ok) expect.fail(`${name}: ${answer.code}: ${answer.message}`);
      return answer.result;
    },
    async problem(name, payload) {
      const isNamed = Object.hasOwn(payloads, name) && typeof payload === "object" && payload !== null;
      const asked = isNamed ? withRequestId(name as "redeem", payload as AskedPayload<"redeem">) : payload;
      const answer = await till.handle(name, asked);
      return answer.ok ? `done: ${JSON.stringify(answer.result)}` : answer.code;
    },
    close,
  };
}

export async function startServer(): Promise<StandInServer> {
  const server = await startStandIn();
  onTestFinished(() => server.close());
  return server;
}

export interface OpenDesk extends TestDesk {
  readonly server: StandInServer;
}

/** Enrolled, with Ann signed in, and contacting its server on request only. */
export async function openDeskWithAnn(
  server: StandInServer,
  vouchers: readonly TestVoucher[] = [],
  options: DeskOptions = {},
): Promise<OpenDesk> {
  for (const voucher of vouchers) server.grant(voucher);
  const desk = await openDesk(options);
  const screen = { language: null, theme: "system", paper: "80", lockAfterMinutes: 10 } as const;
  await desk.ask("settings", { ...screen, bytesPerDay: null, onRequest: true });
  await desk.ask("enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase });
  await desk.ask("add-cashier", { name: "Ann", pin: "4711" });
  await desk.ask("sign-in", { cashier: 1, pin: "4711" });
  await desk.ask("sync", {});
  return { ...desk, server };
}

export function orderOf(voucher: TestVoucher, more: Partial<Payloads["check"]> = {}): Payloads["check"] {
  return { serial: voucher.serial.toString(), token: null, number: voucher.number, ...more };
}
