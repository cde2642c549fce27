import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../node-server/config.ts";
import { connectToDatabase } from "../../node-server/database.ts";
import { putMerchant } from "../../node-server/postgres/registry-admin.ts";
import { expectNoFaults, seriousFaults } from "./support/axe.ts";
import { ConsolePage } from "./support/console-page.ts";
import { flows } from "./support/describe.ts";
import { sizes, Till } from "./support/till.ts";
import { leasedGroup } from "./support/town.ts";
import type { Town } from "./support/town.ts";

/** By the command line's own function; thirty processes would take a minute. */
async function addMerchants({ installation }: Town, count: number): Promise<void> {
  const read = readConfig(installation.environment);
  if (!read.ok) throw new Error(`the settings are wrong: ${JSON.stringify(read.mistakes)}`);
  const database = await connectToDatabase(read.config);
  for (let place = 10; place < 10 + count; place += 1)
    await putMerchant(database.pool, { id: `m-${place}`, name: `Shop ${place}` });
  await database.close();
}

flows("the console", (town) => {
  let till: Till;
  let amina: ConsolePage;

  beforeAll(async () => {
    till = new Till(town(), "till-1");
    await till.start();
    await till.enrol(await town().shop("shop-1", "Corner shop"));
    await till.addFirstCashier("Cashier");
    const [voucher] = await town().vouchers(leasedGroup, [25, 60, 40], { leaseTo: await till.nodeId() });
    await till.sync();
    await till.go("Redeem");
    await till.paste(voucher!);
    await till.confirm();
    await till.answer("Yes");
    await till.sync();
    amina = new ConsolePage(town(), "Amina");
  });
  afterAll(async () => {
    await amina.close();
    await till.stop();
  });

  test("an invitation becomes an account, with an authenticator app and a password of one's own", async () => {
    const oneTimePassword = await amina.invited("administrator");
    const page = await amina.open();
    await expectNoFaults(page, "sign-in");
    await amina.picture("sign-in");
    await amina.fillIn(oneTimePassword, "");
    await page.getByRole("heading", { name: "Welcome" }).waitFor();
    await expectNoFaults(page, "welcome");
    await amina.picture("welcome");
    await amina.choose();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await amina.fillIn(amina.password, "000000");
    await page.getByRole("alert").getByText("Name, password or code is not right").waitFor();
    await amina.signIn();
  });

  test("the overview shows what was redeemed, and follows by itself", async () => {
    const { page } = amina;
    await page.getByText("Redeemed, last 14 days").waitFor();
    await page
      .getByText(/USD\s25\.00/)
      .first()
      .waitFor();
    await amina.settled();
    await amina.picture("overview");
  });

  test("each page has nothing that axe finds serious, light and dark", async () => {
    const { page } = amina;
    for (const section of await page
      .getByRole("navigation", { name: "Sections" })
      .getByRole("link")
      .allInnerTexts()) {
      if (section.trim() === "More") continue;
      await amina.go(section.trim());
      for (const colorScheme of ["dark", "light"] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await seriousFaults(page), `${section}, ${colorScheme}`).toEqual([]);
        await amina.picture(`${colorScheme}-${section.trim().toLowerCase().replaceAll(" ", "-")}`);
      }
    }
  });

  test("a node is revoked, after it was said what that means", async () => {
    const { page } = amina;
    await amina.go("Nodes");
    await page.getByRole("button", { name: "Revoke Corner shop, till 1" }).click();
    const dialog = page.getByRole("dialog", { name: "Revoke Corner shop, till 1?" });
    await dialog.getByText("This cannot be taken back.").waitFor();
    await expectNoFaults(page, "revoke");
    await amina.picture("revoke");
    await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByRole("status").getByText("is stopped after its operation").waitFor();
    await page
      .getByRole("row", { name: /Corner shop, till 1/ })
      .getByText("revoked")
      .waitFor();
    const audit = (await town().operate("audit", "list", "--action", "node.revoke")) as readonly {
      readonly actor: string;
    }[];
    expect(audit.map(({ actor }) => actor)).toEqual(["operator:Amina"]);
  });

  test("what takes two people is proposed by one and approved by the other", async () => {
    await town().operate("permission", "propose", "welfare", "override", "--by", "Amina");
    const { page } = amina;
    await amina.go("Approvals");
    const row = page.getByRole("row", { name: /permission of a caller/ });
    await row.waitFor();
    expect(await row.getByRole("button", { name: "Approve" }).count(), "whoever proposed it").toBe(0);
    const ben = new ConsolePage(town(), "Ben");
    await ben.begin("approver");
    await ben.go("Approvals");
    await ben.page.getByRole("button", { name: "Approve welfare" }).click();
    const dialog = ben.page.getByRole("dialog", { name: "Approve what Amina proposed?" });
    await dialog.waitFor();
    await expectNoFaults(ben.page, "approve");
    await ben.picture("approve");
    await dialog.getByRole("button", { name: "Approve", exact: true }).click();
    await ben.page.getByRole("status").getByText("Approved and carried out.").waitFor();
    await ben.page.getByText("Nothing here.").waitFor();
    expect(ben.complaints).toEqual([]);
    await ben.close();
  });

  test("a voucher is found, suspended with a reason, and tells its life", async () => {
    const officer = new ConsolePage(town(), "Officer");
    const [voucher] = await town().vouchers(leasedGroup, [15]);
    await officer.begin("voucher-officer");
    const { page } = officer;
    await officer.go("Vouchers");
    await page.getByLabel("Serial").fill(voucher!.serialNumber);
    await page.getByLabel("Serial").press("Enter");
    await page.getByRole("link", { name: voucher!.serialNumber }).click();
    await page.getByRole("heading", { name: `Voucher ${voucher!.serialNumber}` }).waitFor();
    await page.getByRole("button", { name: "Suspend" }).click();
    const dialog = page.getByRole("dialog", { name: "Suspend" });
    await dialog.getByLabel("Why").fill("reported lost");
    await dialog.getByRole("button", { name: "Suspend" }).click();
    await page.getByRole("status").getByText("The voucher is now: suspended.").waitFor();
    await page.getByRole("cell", { name: "operator:Officer" }).first().waitFor();
    await expectNoFaults(page, "voucher");
    await officer.picture("voucher");
    expect(officer.complaints).toEqual([]);
    await officer.close();
  });

  test("a table goes through its pages, sorts, filters, and is saved as a file", async () => {
    const { page } = amina;
    await addMerchants(town(), 30);
    await amina.go("Merchants");
    const rows = page.getByRole("table").locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(25);
    await page.getByRole("button", { name: "Next page" }).click();
    await expect.poll(() => rows.count()).toBe(6);
    await page.getByText("Page 2").waitFor();
    await page.getByRole("button", { name: "Previous page" }).click();
    await expect.poll(() => rows.count()).toBe(25);
    await page.getByRole("button", { name: "Name" }).click();
    await page.getByRole("button", { name: "Name" }).click();
    await expect.poll(() => rows.first().innerText()).toContain("Shop 39");
    await page.getByLabel("Search").fill("Shop 1");
    await page.getByLabel("Search").press("Enter");
    await expect.poll(() => rows.count()).toBe(10);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Save all as CSV" }).click();
    const saved = await readFile(await (await download).path(), "utf8");
    expect(saved.split("\r\n").filter((line) => line !== "")).toHaveLength(11);
    expect(saved).toContain("m-10,Shop 10,active");
  });

  test("is worked by the keyboard alone", async () => {
    const { page } = amina;
    await page.goto(`${town().url}/console`);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("To the content");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Overview");
    while ((await page.evaluate("document.activeElement.textContent")) !== "Nodes")
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("content");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.type")).toBe("search");
  });

  test("fits a small window, and speaks French", async () => {
    const { page } = amina;
    await amina.small();
    await page.getByLabel("Language").selectOption({ label: "Français" });
    await page.getByRole("heading", { name: "Nœuds", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Plus" }).click();
    await page.getByRole("heading", { name: "Plus", level: 1 }).waitFor();
    await amina.picture("fr-phone-more");
    const links = await page.getByRole("navigation", { name: "Plus" }).getByRole("link").all();
    const places = await Promise.all(links.map((link) => link.getAttribute("href")));
    for (const place of places) {
      await page.goto(`${town().url}/console${place}`);
      await amina.settled();
      expect(await page.evaluate("document.documentElement.scrollWidth"), place ?? "").toBeLessThanOrEqual(
        sizes.phone.width,
      );
      expect(await seriousFaults(page), place ?? "").toEqual([]);
      await amina.picture(`fr-phone-${place?.replace("#/", "")}`);
    }
    await page.getByLabel("Langue").selectOption({ label: "English" });
    await page.setViewportSize(sizes.desk);
  });

  test("a merchant sees what is theirs", async () => {
    const shop = new ConsolePage(town(), "Shopkeeper");
    await shop.begin("merchant:shop-1");
    await shop.go("Merchants");
    expect(await shop.page.getByRole("table").locator("tbody tr").count()).toBe(1);
    await shop.picture("merchant");
    expect(shop.complaints).toEqual([]);
    await shop.close();
  });

  test("the page's own code complained of nothing, and its policy kept nothing out", () => {
    expect(amina.complaints).toEqual([]);
  });
});
