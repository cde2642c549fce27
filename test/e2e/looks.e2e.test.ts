import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNoFaults, inBothThemes, seriousFaults } from "./support/axe.ts";
import { flows } from "./support/describe.ts";
import { sizes, Till } from "./support/till.ts";
import { leasedGroup } from "./support/town.ts";

const sections = [
  "Redeem",
  "History",
  "End of day",
  "Shift",
  "Payouts",
  "Disputes",
  "Reserved",
  "Connection",
  "Settings",
];

flows("every screen", (town) => {
  let till: Till;
  beforeAll(async () => {
    till = new Till(town(), "till-1");
    await till.start();
  });
  afterAll(() => till.stop());

  const inBothThemesWithoutFaults = (name: string) => expectNoFaults(till.page, name);

  test("of the first start, the lock and the sign-in has nothing that axe finds serious", async () => {
    await inBothThemesWithoutFaults("first start");
    await till.enrol(await town().shop("shop-1", "Corner shop"));
    await inBothThemesWithoutFaults("first cashier");
    await till.addFirstCashier("Amina");
    await till.page.getByRole("button", { name: "Lock", exact: true }).click();
    await till.page.getByRole("heading", { name: "Who is at the till?" }).waitFor();
    await inBothThemesWithoutFaults("sign-in");
    await till.signIn("Amina");
  });

  test("of the frame has nothing that axe finds serious, light and dark", async () => {
    const [voucher, other] = await town().vouchers(leasedGroup, [25, 60], { leaseTo: await till.nodeId() });
    await till.sync();
    await till.go("Redeem");
    await till.paste(voucher!);
    await till.page.getByRole("heading", { name: "Redeem this voucher?" }).waitFor();
    await inBothThemesWithoutFaults("confirm");
    await till.confirm();
    await till.answer("Yes");
    await inBothThemesWithoutFaults("yes");
    await till.next();
    await till.check({ ...other!, number: voucher!.number });
    await till.answer("No");
    await inBothThemesWithoutFaults("no");
    await till.next();
    await inBothThemes(till.page, async () => {
      for (const section of sections) {
        await till.go(section);
        await till.settled();
        expect(await seriousFaults(till.page), section).toEqual([]);
        const isDark = await till.page.evaluate<boolean>(
          "matchMedia('(prefers-color-scheme: dark)').matches",
        );
        if (isDark) await till.picture(`dark-${section}`);
      }
    });
  });

  test("fits a phone: nothing is wider than the screen, and what is pressed is large enough", async () => {
    const { page } = till;
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(sizes.phone);
    for (const section of ["Redeem", "History", "End of day", "Connection", "More"]) {
      await till.go(section);
      await till.settled();
      await till.picture(`phone-${section}`);
      expect(await page.evaluate("document.documentElement.scrollWidth"), section).toBeLessThanOrEqual(390);
      const small = await page.evaluate(
        "[...document.querySelectorAll('button, .button, select, .segments label')].filter((one) => one.offsetParent && one.offsetHeight < 44).map((one) => one.textContent)",
      );
      expect(small, section).toEqual([]);
    }
    await page.setViewportSize(sizes.desk);
  });

  test("speaks each language, in its direction", async () => {
    const { page } = till;
    const titles = {
      Français: "Réglages",
      Español: "Ajustes",
      Português: "Definições",
      Kiswahili: "Mipangilio",
      العربية: "الإعدادات",
    };
    await till.go("Settings");
    for (const [language, title] of Object.entries(titles)) {
      await page.locator("select").first().selectOption({ label: language });
      await page.getByRole("heading", { name: title, level: 1 }).waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth"), language).toBeLessThanOrEqual(1024);
      expect(await seriousFaults(page), language).toEqual([]);
      await page.setViewportSize(sizes.phone);
      const tooWide = await page.evaluate(
        "[...document.querySelectorAll('nav button')].filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth).map((one) => one.textContent)",
      );
      expect(tooWide, language).toEqual([]);
      await page.setViewportSize(sizes.desk);
    }
    expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
    for (const [section, name] of [
      ["صرف قسيمة", "redeem"],
      ["السجل", "history"],
      ["نهاية اليوم", "totals"],
      ["الاتصال", "sync"],
    ] as const) {
      await till.go(section);
      await till.settled();
      await till.picture(`ar-${name}`);
    }
    await page.setViewportSize(sizes.phone);
    await till.picture("ar-phone-sync");
    await page.setViewportSize(sizes.desk);
    expect(till.complaints).toEqual([]);
  });
});
