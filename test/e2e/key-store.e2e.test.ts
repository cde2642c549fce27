/**
 * A till whose machine keeps its key: no passphrase anywhere, and what to do without one. The page, the shell, the till and
 * the server are real; the machine's store stands in the test, since a browser's machine offers none.
 */
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTill } from "../../desktop/connect.ts";
import type { ConnectedTill } from "../../desktop/connect.ts";
import { createWebShell } from "../../desktop/web/app.ts";
import { projectRoot } from "../support/processes.ts";
import { expectNoFaults } from "./support/axe.ts";
import { flows } from "./support/describe.ts";
import { passphrase, Till } from "./support/till.ts";

const turn = async (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a);

flows("a till whose machine keeps its key", (town) => {
  let connected: ConnectedTill;
  let till: Till;
  let isGone = false;
  const closers: (() => void)[] = [];

  /** A shell with a machine's store behind it, as the desktop application has one. */
  const open = async (): Promise<string> => {
    const unwrap = (bytes: Uint8Array) =>
      isGone ? Promise.reject(new Error("the store is gone")) : turn(bytes);
    const keyStore = { wrap: turn, unwrap, renew: async (bytes: Uint8Array) => bytes };
    const directory = join(town().installation.folder, "kept");
    connected = await connectTill({ directory, version: "0.0.0-test", keyStore });
    let origin = "";
    const page = join(projectRoot, "desktop", "dist", "page");
    const shell = createWebShell({ till: connected, page, origin: () => origin });
    return new Promise((resolve) => {
      const server = serve(
        { fetch: shell.app.fetch, hostname: "127.0.0.1", port: 0 },
        ({ port }: AddressInfo) => {
          origin = `http://127.0.0.1:${port}`;
          resolve(shell.invite());
        },
      );
      closers.push(() => {
        server.close();
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
    });
  };

  beforeAll(async () => {
    till = new Till(town(), "kept");
    await till.show(await open());
  });
  afterAll(async () => {
    await till.stop();
    for (const close of closers) close();
    await connected.close();
  });

  test("is enrolled without a passphrase", async () => {
    const { page } = till;
    const { code } = await town().shop("shop-1", "Corner shop");
    await page.getByText("This computer keeps the till's key for you; no passphrase is needed.").waitFor();
    expect(await page.getByLabel("Passphrase for this till").count()).toBe(0);
    await expectNoFaults(page, "first start with a key store");
    await till.picture("first-start-key-store");
    await page.getByLabel("Address of the server").fill(town().url);
    await page.getByLabel("Enrolment code or link").fill(code);
    await page.getByRole("button", { name: "Enrol this till" }).click();
    await till.addFirstCashier("Amina");
  });

  test("opens by itself after a start, and asks for the PIN alone", async () => {
    await connected.close();
    await till.page.context().close();
    await till.show(await open());
    await till.signIn("Amina");
  });

  test("whose only supervisor has forgotten the PIN is opened with a code from the operator", async () => {
    const { page } = till;
    const nodeId = await till.nodeId();
    await page.getByRole("button", { name: "Lock", exact: true }).click();
    await page.getByRole("button", { name: "PIN forgotten?" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Call your operator, name this till by its id").waitFor();
    await dialog.getByText(nodeId).waitFor();
    expect(await dialog.getByLabel("Passphrase").count()).toBe(0);
    await expectNoFaults(page, "a forgotten PIN without a passphrase");
    await till.picture("forgotten-key-store");
    const { code } = (await town().operate("node", "pin-code", nodeId)) as { readonly code: string };
    await dialog.getByLabel("Code from the operator").fill(code);
    await dialog.getByLabel("New PIN").fill("9753");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await till.signIn("Amina", "9753");
  });

  test("whose store is gone stays locked, and says so", async () => {
    isGone = true;
    await connected.close();
    await till.page.context().close();
    const page = await till.show(await open());
    await page.getByText("This computer keeps the key of this till, and did not give it.").waitFor();
    expect(await page.getByLabel("Passphrase").count()).toBe(0);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "key store does not work" }).waitFor();
    await expectNoFaults(page, "unlock with a key store");
    await till.picture("unlock-key-store");
    isGone = false;
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await till.signIn("Amina", "9753");
  });

  test("is given a passphrase besides, under Settings and with the own PIN, which opens it without the store", async () => {
    const { page } = till;
    await till.go("Settings");
    await page.getByText("Only this computer's key store opens this till.").waitFor();
    await page.getByRole("button", { name: "Choose a passphrase" }).click();
    const dialog = page.getByRole("dialog", { name: "A passphrase besides" });
    await dialog.getByLabel("Your own PIN").fill("1111");
    await dialog.getByLabel("Passphrase for this till").fill(passphrase);
    await dialog.getByLabel("The passphrase again").fill("something else");
    await dialog.getByText("The two passphrases are not the same.").waitFor();
    await till.picture("passphrase-besides");
    await expectNoFaults(page, "a passphrase besides");
    await dialog.getByLabel("The passphrase again").fill(passphrase);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("alert").filter({ hasText: "not the right PIN" }).waitFor();
    await dialog.getByLabel("Your own PIN").fill("9753");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("A passphrase opens this till too").waitFor();
    await till.picture("passphrase-besides-there");
    isGone = true;
    await connected.close();
    await page.context().close();
    await till.show(await open());
    await till.open("Amina", "9753");
  });
});
