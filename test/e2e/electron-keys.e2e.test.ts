/**
 * The built desktop application enrolled at a real server, with its key in the machine's store. Electron and the store are
 * simulated (test/support/simulated-electron); the program, its thread, its files and the server are real.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { buildApp } from "../../desktop/packaging/build.ts";
import { startSimulated } from "../support/simulated-electron/start.ts";
import { passphrase } from "./support/till.ts";
import { Town } from "./support/town.ts";

const browser = inject("browser");

describe.skipIf(!browser.found)(`keys${browser.found ? "" : ` (skipped: ${browser.because})`}`, () => {
  let town: Town;
  let app: string;

  beforeAll(async () => {
    town = await Town.open();
    app = join(town.installation.folder, "app");
    await buildApp(app);
  });
  afterAll(() => town?.close());

  function begin(folder: string, keyring: boolean) {
    const main = join(app, "desktop", "main.js");
    const program = startSimulated(main, [], { folder: join(town.installation.folder, folder), keyring });
    onTestFinished(() => program.kill("SIGKILL"));
    return program;
  }

  const phase = (name: string) => ({ ok: true, result: { phase: name } });

  test("a machine that keeps keys needs no passphrase, and goes on after a power cut", async () => {
    const { code } = await town.shop("keys-1", "Key shop");
    const first = begin("keyring", true);
    await first.next("show");
    const order = { serverUrl: town.url, code, passphrase: null };
    expect(await first.ask("enrol", order)).toMatchObject({ ok: true, result: { ok: true } });
    first.kill("SIGKILL");
    await first.ended;
    const second = begin("keyring", true);
    await second.next("show");
    expect(await second.ask("state", {})).toMatchObject(phase("signed-out"));
    second.kill("SIGKILL");
    await second.ended;
    // The same files where the store is gone, as on another machine: nothing is signed.
    const third = begin("keyring", false);
    await third.next("show");
    expect(await third.ask("state", {})).toMatchObject(phase("locked"));
  });

  test("a machine that keeps no keys refuses to enrol without a passphrase, and asks for it after a start", async () => {
    const { code } = await town.shop("keys-2", "Phrase shop");
    const first = begin("passphrase", false);
    await first.next("show");
    const order = { serverUrl: town.url, code };
    expect(await first.ask("enrol", { ...order, passphrase: null })).toMatchObject({ result: { ok: false } });
    expect(await first.ask("enrol", { ...order, passphrase })).toMatchObject({ result: { ok: true } });
    first.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const second = begin("passphrase", false);
    await second.next("show");
    expect(await second.ask("state", {})).toMatchObject(phase("locked"));
    expect(await second.ask("unlock", { passphrase })).toMatchObject({ result: { ok: true } });
  });
});
