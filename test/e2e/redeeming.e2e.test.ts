import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { sizes, Till } from "./support/till.ts";
import { atRiskGroup, leasedGroup, Town } from "./support/town.ts";
import type { Voucher } from "./support/town.ts";

const browser = inject("browser");

describe.skipIf(!browser.found)(`redeeming${browser.found ? "" : ` (skipped: ${browser.because})`}`, () => {
  let town: Town;
  let till: Till;
  let leased: Voucher[];
  let free: Voucher[];
  let atRisk: Voucher[];

  beforeAll(async () => {
    town = await Town.open();
    till = new Till(town, "till-1");
    await till.start();
    await till.enrol(await town.shop("shop-1", "Corner shop"));
    await till.addFirstCashier("Amina");
    const leaseTo = await till.nodeId();
    leased = await town.vouchers(leasedGroup, [25, 40, 12], { leaseTo });
    free = await town.vouchers(leasedGroup, [30, 15]);
    atRisk = await town.vouchers(atRiskGroup, [20, 18]);
    await till.sync();
  });
  afterAll(async () => {
    await till.stop();
    await town.close();
  });

  test("online, the server is asked, and the answer is a yes with its receipt", async () => {
    await till.go("Redeem");
    await till.scan(free[0]!);
    await till.page.getByRole("heading", { name: "Redeem this voucher?" }).waitFor();
    await till.picture("confirm");
    await till.confirm();
    expect(await till.answer("Yes")).toContain("You may hand over the goods.");
    await till.page.getByRole("img", { name: "Square code of this receipt" }).waitFor();
    await till.picture("yes");
    await till.next();
  });

  test("a voucher that was used is refused, with when and by whom", async () => {
    await till.check(free[0]!);
    expect(await till.answer("No")).toContain("by Amina");
    await till.picture("no");
    await till.next();
  });

  test("offline: the server's process has ended", async () => {
    await town.stopServer();
    await till.check(leased[0]!);
    await till.confirm();
    expect(await till.answer("Yes")).toContain("25.00");
    await till.picture("yes-offline");
    await till.next();
    await till.scan(atRisk[0]!);
    await till.confirm();
    expect(await till.answer("Yes, provisionally")).toContain("5.00");
    await till.picture("provisional");
    await till.next();
    await till.scan(free[1]!);
    await till.confirm();
    expect(await till.answer("No")).toContain("Nothing was recorded");
    await till.picture("no-offline");
    await till.next();
  });

  test("pictures", async () => {
    const { page } = till;
    for (const name of [
      "Redeem",
      "History",
      "End of day",
      "Shift",
      "Payouts",
      "Disputes",
      "Reserved",
      "Connection",
      "Settings",
    ]) {
      await till.go(name);
      await page.waitForTimeout(300);
      await till.picture(`desk-${name}`);
    }
    await page.emulateMedia({ colorScheme: "dark" });
    for (const name of ["Redeem", "End of day", "Connection"]) {
      await till.go(name);
      await page.waitForTimeout(300);
      await till.picture(`dark-${name}`);
    }
    await page.setViewportSize(sizes.phone);
    for (const name of ["Redeem", "History", "End of day", "Connection", "More"]) {
      await till.go(name);
      await page.waitForTimeout(300);
      await till.picture(`phone-${name}`);
    }
    await page.emulateMedia({ colorScheme: "light" });
  });
});
