import { afterAll, beforeAll, expect, test } from "vitest";
import { createLink } from "../support/link.ts";
import type { Link } from "../support/link.ts";
import { expectNoFaults } from "./support/axe.ts";
import { flows } from "./support/describe.ts";
import { passphrase, pin, textOf, Till } from "./support/till.ts";
import { leasedGroup } from "./support/town.ts";
import type { Voucher } from "./support/town.ts";

flows("what a till asks its server", (town) => {
  let till: Till;
  let link: Link;
  let nodeId: string;
  let free: readonly Voucher[];

  beforeAll(async () => {
    link = await createLink(town().url);
    town().registry.people.set("NIN-4711", "blue door");
    till = new Till(town(), "till-1");
    await till.start();
    await till.enrol(await town().shop("shop-1", "Corner shop"), link.url);
    await till.addFirstCashier("Amina");
    await town().shop("shop-2", "Market stall");
    nodeId = await till.nodeId();
    free = await town().vouchers(leasedGroup, [30, 31]);
    await till.sync();
  });
  afterAll(async () => {
    await till.stop();
    await link.cut();
  });

  const askRegistry = async (identity: string, secret: string): Promise<void> => {
    const { page } = till;
    await page.getByLabel("Identity number").fill(identity);
    await page.getByLabel("Secret or one-time code").fill(secret);
    await page.getByRole("button", { name: "Ask the registry" }).click();
  };

  test("a registry is asked who brings the voucher: its answer is recorded, and on the receipt", async () => {
    const { page } = till;
    await till.go("Redeem");
    await till.paste(free[0]!);
    await page.getByText("Registry", { exact: true }).click();
    await page.getByText("What you type here is sent to the registry and kept nowhere.").waitFor();
    await expectNoFaults(page, "registry");
    await askRegistry("NIN-4711", "blue door");
    await page.getByText("This will be recorded with the redemption.").waitFor();
    await till.picture("registry-confirmed");
    await till.confirm();
    await till.answer("Yes");
    await page.getByText("Registry: It is the person").waitFor();
    await till.next();
  });

  test("guesses at the registry are told to wait, and one goes on with the photo", async () => {
    const { page } = till;
    await till.paste(free[1]!);
    await page.getByText("Registry", { exact: true }).click();
    for (const guess of ["red door", "green door", "grey door"]) {
      const answered = page.waitForResponse("**/ask/authenticate");
      await askRegistry("NIN-4711", guess);
      await answered;
      await page.getByText("It will be recorded that the person was not recognised.").waitFor();
    }
    await till.picture("registry-doubt");
    await expectNoFaults(page, "registry in doubt");
    await askRegistry("NIN-4711", "blue door");
    await page.getByRole("alert").filter({ hasText: "The registry did not confirm too often." }).waitFor();
    await till.picture("registry-wait");
    await page.getByText("Photo", { exact: true }).click();
    await page.getByText("It is the person").click();
    await page.getByText("This will be recorded with the redemption.").waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
  });

  test("an online voucher whose answer never came is not known yet, and a yes once the server is heard again", async () => {
    const { page } = till;
    await page.getByRole("button", { name: "Take another voucher" }).click();
    await till.paste(free[1]!);
    // Only what carries an operation is as long as this.
    link.breakAtAnswerTo(/^POST \/v1\/operations[^]*content-length: [1-9][0-9]{2,}\r/i);
    await till.confirm();
    await link.lost();
    const told = await till.answer("Not known yet");
    expect(told).toContain("Do not hand over goods yet.");
    await till.picture("not-known-yet");
    await expectNoFaults(page, "not known yet");
    await page.getByRole("button", { name: /^No connection/ }).waitFor();
    await link.join();
    await till.answer("Yes");
    await page.getByRole("button", { name: /^Connected/ }).waitFor();
    await till.next();
    await till.go("History");
    expect(await till.rows(free[1]!.serialNumber)).toHaveLength(1);
  });

  test("the head line says no connection within seconds after the server has ended, and is right again after", async () => {
    const { page } = till;
    await page.getByRole("button", { name: /^Connected/ }).waitFor();
    await town().stopServer();
    await page.getByRole("button", { name: /^No connection/ }).waitFor({ timeout: 5000 });
    await town().startServer();
    await page.getByRole("button", { name: /^Connected/ }).waitFor({ timeout: 60_000 });
  });

  test("a reserved voucher is given back, and can be redeemed elsewhere then", async () => {
    const { page } = till;
    const [voucher] = await town().vouchers(leasedGroup, [17], { leaseTo: nodeId });
    await till.sync();
    await till.go("Reserved");
    const row = page.getByRole("listitem").filter({ hasText: voucher!.serialNumber });
    await row.getByRole("button", { name: "Give back" }).click();
    await page.getByRole("dialog").getByText(`Give voucher ${voucher!.serialNumber} back?`).waitFor();
    await till.picture("give-back");
    await expectNoFaults(page, "give back");
    await page.getByRole("dialog").getByRole("button", { name: "Give back" }).click();
    await row.waitFor({ state: "detached" });
    await till.sync();
    const elsewhere = await town().ministry.redeem(voucher!.serialNumber, voucher!.number, "shop-2");
    expect(elsewhere.status).toBe(200);
    await till.go("Redeem");
    await till.paste(voucher!);
    await till.confirm();
    expect(await till.answer("No")).toContain("used before");
    await till.picture("no-rejected");
    await till.next();
  });

  test("more vouchers are reserved, with how many it got", async () => {
    const { page } = till;
    const made = await town().ministry.createVouchers(leasedGroup, [5, 5]);
    const dispensed = made.map(({ serialNumber }) => ({ serialNumber, dispensedBy: "shop-1" }));
    await town().ministry.command("activate", dispensed);
    await till.go("Reserved");
    await page.getByLabel("Voucher group").fill(leasedGroup);
    await page.getByLabel("How many").fill("2");
    await page.getByRole("button", { name: "Reserve more" }).click();
    await page.getByText(/^2 more were reserved; this till holds 2 of at most/).waitFor();
    await till.picture("reserved");
  });

  test("a forgotten PIN is set anew: by a supervisor, with the passphrase, with the operator's code", async () => {
    const { page } = till;
    await till.go("Settings");
    await page.getByLabel("Name").fill("Baraka");
    await page.getByLabel("PIN").fill("1357");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const baraka = page.getByRole("listitem").filter({ hasText: "Baraka" });
    await baraka.getByRole("button", { name: "New PIN" }).click();
    await expectNoFaults(page, "new PIN");
    await page.getByRole("dialog").getByLabel("New PIN").fill("8642");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Lock", exact: true }).click();
    await till.signIn("Baraka", "8642");
    await page.getByRole("button", { name: "Lock", exact: true }).click();

    const forgotten = async (by: string, field: string, value: string, newPin: string) => {
      await page.getByText("Amina", { exact: true }).click();
      await page.getByRole("button", { name: "PIN forgotten?" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText(by, { exact: true }).first().click();
      await dialog.getByLabel(field, { exact: true }).last().fill(value);
      await dialog.getByLabel("New PIN").fill(newPin);
      await till.picture(`forgotten-${field.split(" ")[0]}`);
      await expectNoFaults(page, `forgotten: ${field}`);
      await dialog.getByRole("button", { name: "Save" }).click();
      return dialog;
    };
    const dialog = await forgotten("Passphrase", "Passphrase", "not the passphrase", "2222");
    await dialog.getByText("This is not the passphrase of this till.").waitFor();
    await dialog.getByLabel("Passphrase", { exact: true }).last().fill(passphrase);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await till.signIn("Amina", "2222");
    await page.getByRole("button", { name: "Lock", exact: true }).click();

    const { code } = (await town().operate("node", "pin-code", nodeId)) as { readonly code: string };
    const withCode = await forgotten("Code from the operator", "Code from the operator", "AAAA-BBBB", pin);
    await withCode.getByText("There is no such code, or it has run out.").waitFor();
    await withCode.getByLabel("Code from the operator", { exact: true }).last().fill(code);
    await withCode.getByRole("button", { name: "Save" }).click();
    await withCode.waitFor({ state: "detached" });
    await till.signIn("Amina");
  });

  test("people are changed and removed in dialogs that can be read by everybody", async () => {
    const { page } = till;
    await till.go("Settings");
    await page.getByRole("button", { name: "Change my PIN" }).click();
    await expectNoFaults(page, "change my PIN");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page
      .getByRole("listitem")
      .filter({ hasText: "Baraka" })
      .getByRole("button", { name: "Remove" })
      .click();
    await expectNoFaults(page, "remove somebody");
    await till.picture("remove-person");
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByRole("listitem").filter({ hasText: "Baraka" }).waitFor({ state: "detached" });
  });

  test("a request whose answer was lost between page and till is asked again, and is done once", async () => {
    const { page } = till;
    await till.go("Shift");
    await page.getByLabel("At the beginning").fill("100.00");
    await page.getByLabel("Currency").fill("USD");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { name: "Drawer, USD" }).waitFor();
    let losing = true;
    await page.route("**/ask/move-cash", async (route) => {
      if (!losing) return route.continue();
      // The till does it; the page does not hear of it.
      await route.fetch();
      return route.abort();
    });
    await page.getByLabel("Amount").fill("50.00");
    await page.getByLabel("What for").fill("from the bank");
    const form = page.locator("form", { hasText: "Put cash in or take it out" });
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("The till gave no answer, so it is not known whether it was done.").waitFor();
    await till.picture("no-answer");
    losing = false;
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("The till gave no answer").waitFor({ state: "detached" });
    const drawer = page.locator(".card", { hasText: "Drawer, USD" });
    await expect.poll(() => textOf(drawer)).toMatch(/Should be there\s+USD 150\.00/);
    await expectNoFaults(page, "shift");
    expect(till.complaints.filter((text) => !text.includes("net::ERR"))).toEqual([]);
  });
});
