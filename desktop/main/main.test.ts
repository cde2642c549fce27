/**
 * The built program as a whole, with its real thread, till, files and signals. Electron is simulated
 * (test/support/simulated-electron): what is shown is what the program asks of it, and when.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { startSimulated } from "../../test/support/simulated-electron/start.ts";
import type { Setting } from "../../test/support/simulated-electron/messages.ts";
import { testVoucher } from "../../test/support/authority.ts";
import { createTill } from "../../test/support/till.ts";
import { connectTill } from "../connect.ts";
import { buildApp } from "../packaging/build.ts";

const root = mkdtempSync(join(tmpdir(), "paypost-program-"));
const built = join(root, "app");
// Processes start slowly on a machine that runs other tests as well.
vi.setConfig({ testTimeout: 120_000 });
beforeAll(() => buildApp(built), 120_000);
afterAll(() => rmSync(root, { recursive: true }));

const link = "paypost://enrol?server=https%3A%2F%2Fpayments.example&code=ABCD-EFGH";
let folders = 0;

function begin(args: readonly string[] = [], setting: Partial<Setting> = {}) {
  const folder = setting.folder ?? join(root, `data-${(folders += 1)}`);
  const program = startSimulated(join(built, "desktop", "main.js"), args, { ...setting, folder });
  onTestFinished(() => program.kill("SIGKILL"));
  return {
    program,
    directory: join(folder, "till"),
    whatWasDone: () => program.notes.map(({ what }) => what),
  };
}

/** Throws where another process still has the till. */
async function openHere(directory: string): Promise<void> {
  const till = await connectTill({ directory, version: "0" });
  await till.close();
}

describe("the start", () => {
  test("guards stand before the page is loaded, and the till is open before there is a window", async () => {
    const { program, directory, whatWasDone } = begin();
    await program.next("answered");
    const order = [
      "requestSingleInstanceLock",
      "registerSchemesAsPrivileged",
      "enableSandbox",
      "ready",
      "setPermissionRequestHandler",
      "setPermissionCheckHandler",
      "onBeforeRequest",
      "protocol.handle",
      "ipcMain.handle",
      "window",
      "setWindowOpenHandler",
      "loadURL",
      "answered",
    ];
    expect(whatWasDone().filter((what) => order.includes(what))).toEqual(order);
    expect(existsSync(join(directory, "node.db"))).toBe(true);
  });

  test("the window has its options, the guarded session and a preload that exists", async () => {
    const { program } = begin();
    const { detail } = await program.next("window");
    expect(detail).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      devTools: false,
      isOfGuardedSession: true,
    });
    expect(existsSync((detail as { readonly preload: string }).preload)).toBe(true);
  });

  test("the page is there, under its policy", async () => {
    const { program } = begin();
    expect((await program.next("loadURL")).detail).toBe("app://paypost/");
    expect((await program.next("answered")).detail).toEqual([
      200,
      expect.stringContaining("default-src 'none'"),
    ]);
    await program.next("show");
  });

  test("a request of the page is answered by the till, one from elsewhere by nobody", async () => {
    const { program } = begin();
    await program.next("answered");
    expect(await program.ask("state", {})).toMatchObject({
      ok: true,
      result: { phase: "first-start" },
    });
    program.tell({ type: "ask", from: "elsewhere", name: "state", payload: "{}" });
    expect((await program.next("answer")).detail).toMatchObject({ ok: false, code: "malformed" });
  });

  test.skipIf(process.platform !== "linux").each([true, false])(
    "the page knows whether this machine keeps keys: %s",
    async (keyring) => {
      const { program } = begin([], { keyring });
      await program.next("answered");
      expect(await program.ask("state", {})).toMatchObject({ result: { keyStore: keyring } });
    },
  );

  test("an enrolment link on the command line reaches the page", async () => {
    const { program } = begin([link]);
    await program.next("loadURL");
    expect((await program.next("loadURL")).detail).toBe(`app://paypost/#open=${encodeURIComponent(link)}`);
  });

  test("a till that another program has is told and left alone", async () => {
    const folder = join(root, "taken");
    const other = await connectTill({ directory: join(folder, "till"), version: "0" });
    const { program, whatWasDone } = begin([], { folder });
    expect((await program.next("error")).detail).toEqual([
      "This till cannot be opened",
      expect.stringContaining("Another program is using it"),
    ]);
    expect(await program.ended).toBe(1);
    expect(whatWasDone()).not.toContain("window");
    await other.close();
  });
});

describe("a second start", () => {
  test("hands over its link and opens neither till nor window", async () => {
    const { program, directory, whatWasDone } = begin([link], { isFirst: false });
    expect(await program.ended).toBe(0);
    expect(program.notes.find(({ what }) => what === "requestSingleInstanceLock")?.detail).toEqual({ link });
    expect(whatWasDone()).not.toContain("ready");
    expect(existsSync(directory)).toBe(false);
  });

  test("brings the first one to the front, with the link where it is one", async () => {
    const { program } = begin();
    await program.next("show");
    program.tell({ type: "second-instance", data: { link: "https://example.org/" } });
    await program.next("focus");
    program.tell({ type: "second-instance", data: { link } });
    await program.next("focus");
    const loaded = program.notes.filter(({ what }) => what === "loadURL").map(({ detail }) => detail);
    expect(loaded).toEqual(["app://paypost/", `app://paypost/#open=${encodeURIComponent(link)}`]);
  });
});

describe("the end", () => {
  test("closing the window closes the till, then the program", async () => {
    const { program, directory, whatWasDone } = begin();
    await program.next("show");
    program.tell({ type: "close-window" });
    expect(await program.ended).toBe(0);
    expect(whatWasDone()).not.toContain("question");
    await openHere(directory);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s closes the till and asks nobody",
    async (signal) => {
      const { program, directory, whatWasDone } = begin([], { folder: await unsentTill() });
      await program.next("show");
      program.kill(signal);
      expect(await program.ended).toBe(0);
      expect(whatWasDone()).not.toContain("question");
      await openHere(directory);
    },
  );

  test("with something unsent the question names count and value, and staying keeps the till", async () => {
    const { program } = begin([], { folder: await unsentTill(), answer: 0 });
    await program.next("show");
    program.tell({ type: "quit" });
    const { detail } = await program.next("question");
    expect(detail).toMatchObject({ buttons: ["Stay", "Quit anyway"], defaultId: 0, cancelId: 0 });
    expect((detail as { readonly detail: string }).detail.replaceAll("\u00a0", " ")).toMatch(
      /^Not sent yet: 1 \(USD 12\.50\)\n\nNothing is lost/,
    );
    expect(await program.ask("state", {})).toMatchObject({
      ok: true,
      result: { sync: { queued: 1 } },
    });
  });

  test("quitting anyway loses nothing: the operation is there after the next start", async () => {
    const folder = await unsentTill();
    const first = begin([], { folder, answer: 1 });
    await first.program.next("show");
    first.program.tell({ type: "close-window" });
    expect(await first.program.ended).toBe(0);
    const second = begin([], { folder });
    await second.program.next("show");
    expect(await second.program.ask("state", {})).toMatchObject({ result: { sync: { queued: 1 } } });
  });

  test("a page that dies at once is not started over and over", async () => {
    const { program, directory } = begin();
    await program.next("show");
    program.tell({ type: "page-dies" });
    expect((await program.next("error")).detail).toEqual([
      expect.stringContaining("is kept"),
      "page: crashed",
    ]);
    expect(await program.ended).toBe(1);
    await openHere(directory);
  });
});

/** The folder of a till that has accepted one voucher without a network. */
async function unsentTill(): Promise<string> {
  const folder = join(root, `unsent-${(folders += 1)}`);
  const voucher = testVoucher(12n);
  const till = createTill({ directory: join(folder, "till") });
  till.anchor();
  till.grant(voucher);
  const { serial, number } = voucher;
  const outcome = await till.node().redeem({ serial, number, actor: "Ann", offline: true });
  expect(outcome).toMatchObject({ kind: "accepted" });
  till.close();
  return folder;
}
