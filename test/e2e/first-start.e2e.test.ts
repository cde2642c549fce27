import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Till } from "./support/till.ts";
import { Town } from "./support/town.ts";

const browser = inject("browser");

describe.skipIf(!browser.found)(`a new till${browser.found ? "" : ` (skipped: ${browser.because})`}`, () => {
  let town: Town;
  let till: Till;

  beforeAll(async () => {
    town = await Town.open();
    till = new Till(town, "till-1");
  });
  afterAll(async () => {
    await till.stop();
    await town.close();
  });

  test("is enrolled with a code, and its first cashier signs in", async () => {
    const shop = await town.shop("shop-1", "Corner shop");
    const page = await till.start();
    await till.picture("first-start");
    await till.enrol(shop);
    await till.addFirstCashier("Amina");
    await till.picture("redeem");
    expect(await page.title()).toBe("Corner shop · Paypost");
  });
});
