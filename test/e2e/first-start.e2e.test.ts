import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { enrolmentLink } from "#sync/enrolment-link.ts";
import { expectNoFaults } from "./support/axe.ts";
import { flows } from "./support/describe.ts";
import { pin, Till } from "./support/till.ts";

flows("a new till", (town) => {
  let till: Till;
  afterAll(() => till.stop());

  test("asks for the language first, and speaks it at once", async () => {
    till = new Till(town(), "till-1");
    const page = await till.start();
    await page.getByText("العربية").click();
    await page.getByRole("heading", { name: "إعداد هذا الصندوق" }).waitFor();
    expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
    await till.picture("first-start-ar");
    await page.getByText("English").click();
    await page.getByRole("heading", { name: "Set up this till" }).waitFor();
    await till.picture("first-start");
  });

  test("can be practised with before it is enrolled: make-believe vouchers, each with its answer, plainly marked", async () => {
    const { page } = till;
    await page.getByRole("button", { name: "Begin to practise" }).click();
    await page.getByRole("heading", { name: "Redeem a voucher" }).waitFor();
    await page.getByRole("note").filter({ hasText: "nothing here is real money" }).waitFor();
    expect(await page.title()).toContain("Practice");
    await till.picture("practice");
    const voucher = (says: string) => page.getByRole("listitem").filter({ hasText: says }).first();
    await voucher("The server will pay it.").getByRole("button").click();
    await page.getByText("Square code read").waitFor();
    await page.getByRole("button", { name: "Check the voucher" }).click();
    await till.confirm();
    await till.answer("Yes");
    await page.getByRole("article").getByText("nothing here is real money").waitFor();
    await till.next();
    await till.go("Bills");
    const bill = (says: string) => page.getByRole("listitem").filter({ hasText: says }).first();
    await bill("Somebody else has paid it before").waitFor();
    await till.picture("practice-bills");
    await expectNoFaults(page, "bills in practice");
    await bill("Somebody else has paid it before").getByRole("button", { name: "Use this one" }).click();
    await page.getByRole("button", { name: "Take cash" }).click();
    await page.getByRole("button", { name: /^Take USD 15.00 for bill/ }).click();
    await page.getByRole("heading", { name: "Not paid: give the money back" }).waitFor();
    await page.getByRole("article").getByText("nothing here is real money").waitFor();
    await till.picture("practice-bill-not-paid");
    await till.go("Settings");
    await page.getByRole("button", { name: "Leave practice" }).click();
    await page.getByRole("heading", { name: "Set up this till" }).waitFor();
    expect(await page.getByRole("note").count()).toBe(0);
  });

  test("says what is wrong with a code or a passphrase, and keeps what was typed", async () => {
    const { page } = till;
    await page.getByLabel("Address of the server").fill(town().url);
    await page.getByLabel("Enrolment code or link").fill("NOPE-NOPE");
    await page.getByLabel("Passphrase for this till").fill("something long");
    await page.getByLabel("The passphrase again").fill("something else");
    await page.getByText("The two passphrases are not the same.").waitFor();
    await till.choosePassphrase();
    await page.getByRole("button", { name: "Enrol this till" }).click();
    await page.getByRole("alert").filter({ hasText: "There is no such code" }).waitFor();
    expect(await page.getByLabel("Address of the server").inputValue()).toBe(town().url);
  });

  test("is enrolled with the operator's link from a file, and its first cashier signs in", async () => {
    const { page } = till;
    const shop = await town().shop("shop-1", "Corner shop");
    const file = join(town().installation.folder, "enrolment.ppe");
    await writeFile(file, `${enrolmentLink(town().url, shop.code)}\n`);
    await page.getByLabel("Open a file or picture").setInputFiles(file);
    await expect.poll(() => page.getByLabel("Enrolment code or link").inputValue()).toBe(shop.code);
    await page.getByRole("button", { name: "Enrol this till" }).click();
    await till.addFirstCashier("Amina");
    expect(await page.title()).toBe("Corner shop · Paypost");
  });

  test("is locked by its cashier, opened by the PIN alone, and wrong PINs slow down", async () => {
    const { page } = till;
    await page.getByRole("button", { name: "Lock", exact: true }).click();
    const wrong = page.getByRole("alert").filter({ hasText: /not the right PIN|Too many wrong PINs/ });
    for (let tries = 0; tries < 4; tries += 1) {
      await page.getByLabel("PIN", { exact: true }).fill("1111");
      await page.getByRole("button", { name: "Sign in" }).click();
      await wrong.waitFor();
    }
    await page.getByRole("alert").filter({ hasText: "Too many wrong PINs" }).waitFor();
    await till.picture("locked");
    const opened = page.getByRole("heading", { name: "Redeem a voucher" });
    await expect
      .poll(
        async () => {
          await page.getByLabel("PIN", { exact: true }).fill(pin);
          await page.getByRole("button", { name: "Sign in" }).click();
          return (await wrong.or(opened).waitFor(), opened.isVisible());
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toBe(true);
  });

  test("asks for the passphrase after a start, and refuses another", async () => {
    await till.stop();
    const page = await till.start();
    await page.getByLabel("Passphrase").fill("not the passphrase");
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await page.getByText("This is not the passphrase of this till.").waitFor();
    await till.open("Amina");
  });

  test("is used with the keyboard alone, from the skip link to a refusal and back", async () => {
    const { page } = till;
    await page.reload();
    await page.getByLabel("Voucher", { exact: true }).waitFor();
    await expect.poll(() => page.evaluate("document.activeElement?.getAttribute('name')")).toBe("voucher");
    await page.keyboard.type("0000000099");
    await page.keyboard.press("Enter");
    await page.keyboard.type("8881885218218296");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No", exact: true }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Redeem a voucher" }).waitFor();
    await page.keyboard.press("Shift+Tab");
    expect(await page.evaluate("document.activeElement?.textContent")).toContain("Lock");
    expect(till.complaints).toEqual([]);
  });
});
