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

  test("keeps its head line in one row, however much it has to say", async () => {
    const { page } = till;
    const waiting = {
      online: false,
      queued: 1284,
      queuedSums: ["USD", "KES", "XOF"].map((currency) => ({ count: 428, amount: "123456.00", currency })),
      held: 17,
    };
    await page.route("**/ask/state", async (route) => {
      const answer = await route.fetch();
      const told = (await answer.json()) as {
        readonly result: { readonly sync: object; readonly cashier: object };
      };
      const { result } = told;
      const cashier = { ...result.cashier, name: "Wanjiru Nyambura Kamau-Ochieng" };
      const sync = { ...result.sync, ...waiting };
      await route.fulfill({ response: answer, json: { ...told, result: { ...result, sync, cashier } } });
    });
    await page.reload();
    await page.getByText("KES 123,456.00").waitFor();
    const words = {
      English: { settings: "Settings", lock: "Lock" },
      Français: { settings: "Réglages", lock: "Verrouiller" },
      العربية: { settings: "الإعدادات", lock: "قفل" },
    } as const;
    let settings = "Settings";
    for (const [language, { settings: itsSettings, lock }] of Object.entries(words)) {
      await till.go(settings);
      await page.locator("select").first().selectOption({ label: language });
      await page.getByRole("heading", { name: itsSettings, level: 1 }).waitFor();
      settings = itsSettings;
      for (const [name, size] of Object.entries(sizes)) {
        await page.setViewportSize(size);
        await till.picture(`head-line-${name}-${lock}`);
        const [contact, button] = await Promise.all(
          [page.locator(".strip .contact"), page.locator(".strip > button").last()].map((one) =>
            one.boundingBox(),
          ),
        );
        const middle = button!.y + button!.height / 2;
        expect(middle, `${language}, ${name}`).toBeGreaterThan(contact!.y);
        expect(middle, `${language}, ${name}`).toBeLessThan(contact!.y + contact!.height);
        const wide = await page.evaluate(
          "[document.documentElement, ...document.querySelectorAll('.strip, .strip *')].filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.outerHTML.slice(0, 80))",
        );
        expect(wide, `${language}, ${name}`).toEqual([]);
      }
      await page.setViewportSize(sizes.desk);
    }
    await till.go(settings);
    await page.locator("select").first().selectOption({ label: "English" });
    await page.unroute("**/ask/state");
    await page.reload();
    await till.settled();
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
