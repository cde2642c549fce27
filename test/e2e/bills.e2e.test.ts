import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import QRCode from "qrcode";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { luhnDigit } from "#core/voucher-number.ts";
import { BillParty, isAdvice } from "../support/bill-party.ts";
import { createLink } from "../support/link.ts";
import type { Link } from "../support/link.ts";
import { seriousFaults } from "./support/axe.ts";
import { launchBrowser } from "./support/browser.ts";
import { filmOf } from "./support/film.ts";
import { flows } from "./support/describe.ts";
import { sizes, textOf, Till } from "./support/till.ts";
import { leasedGroup } from "./support/town.ts";

const bills = {
  asha: billId(1),
  late: billId(2),
  voucher: billId(3),
  twice: billId(4),
  killed: billId(5),
  rejected: billId(6),
  film: billId(7),
} as const;

/** For a machine that has other things to do. */
const patience = { timeout: 20_000 };
const severalTillsMs = 240_000;

function billId(n: number): string {
  const own = String(1_000_000 + n);
  return `EL${own}${luhnDigit(own)}`;
}

flows("an agent's bills", (town) => {
  let till: Till;
  let other: Till;
  let link: Link;
  let power: BillParty;
  const answering = (message: Parameters<BillParty["react"]>[0]) =>
    isAdvice(message) &&
    power.settle(message, message.body["billId"] === bills.rejected ? "RJC" : "ACK", "Und");

  beforeAll(async () => {
    link = await createLink(town().url);
    power = await BillParty.start("power", { url: town().url, issuer: town().installation.issuer });
    power.react = answering;
    await town().operate("institution", "add", "power", "Power company");
    const terms = ["--digits", "8", "--check-digit", "luhn", "--zone", "Africa/Nairobi"];
    const biller = ["power", "Power company", "EL", ...terms, "--endpoint", power.endpoint];
    const proposed = (await town().operate(
      "biller",
      "propose",
      ...biller,
      "--accepts",
      leasedGroup,
      "--by",
      "Amina",
    )) as { readonly id: string | number };
    await town().operate("onboarding", "approve", String(proposed.id), "--by", "Ben");
    till = new Till(town(), "till-1");
    await till.start();
    await till.enrol(await town().shop("shop-1", "Market stall"), link.url);
    await till.addFirstCashier("Baraka");
  });
  afterAll(async () => {
    power.react = answering;
    await till.stop();
    await other?.stop();
    await link.cut();
    await power.close();
  });

  const upload = async (id: string, name: string, more: object = {}): Promise<void> => {
    const billDetails = {
      amountOnDueDate: 20,
      amountAfterDueDate: 25,
      currency: "USD",
      payerName: name,
      ...more,
    };
    expect((await power.call("POST", `/bills/${id}`, { billDetails })).status).toBe(202);
  };
  const toFind = async (of: Till): Promise<void> => {
    await of.go("Bills");
    await of.page.getByText("Find a bill", { exact: true }).click();
  };
  const open = async (of: Till, id: string): Promise<void> => {
    await toFind(of);
    const search = of.page.getByLabel("Bill or payer");
    await search.fill(id);
    await search.press("Enter");
    await of.page.getByRole("heading", { name: id }).waitFor();
  };
  /** The last look, for cash. */
  const toConfirm = async (of: Till, id: string): Promise<void> => {
    const { page } = of;
    await open(of, id);
    await page.getByRole("button", { name: "Take cash" }).click();
    await page.getByRole("heading", { name: "Take this cash?" }).waitFor();
  };
  const take = async (of: Till, id: string): Promise<void> => {
    await toConfirm(of, id);
    await of.page.getByRole("button", { name: /^Take USD .* for bill/ }).click();
    await of.page.getByRole("heading", { name: "Received, not yet credited" }).waitFor();
  };
  const next = (of: Till) => of.page.getByRole("button", { name: "Next bill" }).click();
  const receiptNumber = (of: Till) =>
    of.page
      .getByRole("article", { name: "Receipt for a bill payment" })
      .locator("dt", { hasText: "Receipt number" })
      .locator("xpath=following-sibling::dd")
      .innerText();
  const inHistory = async (of: Till): Promise<void> => {
    await of.go("History");
    await of.page.getByRole("main").getByText("Bills", { exact: true }).click();
    await of.settled();
  };
  const inBothThemesWithoutFaults = async (name: string): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await till.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect(await seriousFaults(till.page), `${name}, ${colorScheme}`).toEqual([]);
      await till.picture(`bills-${name}-${colorScheme}`);
    }
    await till.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  };

  test(
    "a shop without billers sees nothing of bills; linked with one it sees them after a sync, and the float that was paid in",
    async () => {
      const { page } = till;
      await till.sync();
      const navigation = page.getByRole("navigation");
      expect(await navigation.getByRole("button", { name: "Bills" }).count()).toBe(0);
      await till.go("History");
      expect(await page.getByText("Bills", { exact: true }).count()).toBe(0);
      for (const shop of ["shop-1", "shop-2"] as const) {
        if (shop === "shop-2") await town().shop(shop, "River kiosk");
        await town().operate("agent", "link", shop, "power");
        await town().operate("float", "fund", shop, "100.00", "USD", "--reference", `first-${shop}`);
      }
      await upload(bills.asha, "Asha Mwangi", { dueDate: "2999-01-31" });
      await upload(bills.late, "Otieno Ouma", { dueDate: "2020-01-31" });
      for (const id of [bills.voucher, bills.twice, bills.killed, bills.rejected, bills.film])
        await upload(id, `Payer of ${id.slice(-2)}`);
      await till.sync();
      await navigation.getByRole("button", { name: "Bills" }).waitFor();
      await till.go("Bills");
      await page.getByText("Float", { exact: true }).click();
      await page.getByText("USD 100.00 of USD 100.00 left").waitFor();
      await page.getByRole("row").filter({ hasText: "USD 100.00" }).waitFor();
      await inBothThemesWithoutFaults("float");
    },
    severalTillsMs,
  );

  test("what is typed is looked at: how much is missing, a wrong check digit, whose bill it is; names are found too", async () => {
    const { page } = till;
    await till.go("Redeem");
    await till.go("Bills");
    const search = page.getByLabel("Bill or payer");
    await expect.poll(() => page.evaluate("document.activeElement.tagName"), patience).toBe("INPUT");
    await search.pressSequentially(bills.asha.slice(0, 6));
    await page.getByText("4 of 8 digits").waitFor();
    const last = Number(bills.asha.at(-1));
    await search.fill(bills.asha.slice(0, -1) + String((last + 1) % 10));
    await page.getByText("its check digit does not fit").waitFor();
    await search.fill("WA12345");
    await page.getByText("No biller of this till has numbers that begin like this.").waitFor();
    await search.fill(bills.asha);
    await page.getByText("This looks like a bill of Power company.").waitFor();
    await search.fill("mwangi");
    await page.getByRole("row").filter({ hasText: bills.asha }).waitFor();
    await page.getByText(/Bills as of /).waitFor();
    await inBothThemesWithoutFaults("find");
    await page.getByRole("button", { name: bills.asha }).click();
    await page.getByRole("heading", { name: bills.asha }).waitFor();
    await page.getByText("Until Jan 31, 2999").waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await search.fill("Otieno");
    await page.getByRole("button", { name: bills.late }).click();
    await page.getByText(/Overdue · [\d,]+ days overdue/).waitFor();
    expect(await textOf(page.locator(".amount.huge"))).toContain("USD 25.00");
    await inBothThemesWithoutFaults("details");
  });

  test("a bill's square code is typed by a scanner, pasted, and read from a picture", async () => {
    const { page } = till;
    const code = `https://power.example/pay?bill=${bills.asha}`;
    const isThere = async (): Promise<void> => {
      await page.getByRole("heading", { name: bills.asha }).waitFor();
      await page.getByRole("button", { name: "Back", exact: true }).click();
    };
    await till.go("History");
    await till.go("Bills");
    await page.getByRole("heading", { name: "Bills", level: 1 }).click();
    await page.keyboard.type(code);
    await page.keyboard.press("Enter");
    await isThere();
    // The page has no clipboard that a test may fill: the event is what a paste is.
    await page.evaluate(
      `(() => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text", ${JSON.stringify(code)});
        const options = { clipboardData, bubbles: true, cancelable: true };
        document.querySelector("form input").dispatchEvent(new ClipboardEvent("paste", options));
      })()`,
    );
    await isThere();
    const picture = {
      name: "bill.png",
      mimeType: "image/png",
      buffer: await QRCode.toBuffer(code, { scale: 6 }),
    };
    await page.getByLabel("Read from a picture").setInputFiles(picture);
    await isThere();
    const nothing = { ...picture, buffer: await QRCode.toBuffer("somebody else's", { scale: 6 }) };
    await page.getByLabel("Read from a picture").setInputFiles(nothing);
    await page.getByText("No bill of this till's billers was found in it.").waitFor();
  });

  test("by the keyboard alone, cut off: nothing looks received before the till has said so; then a receipt says not yet credited", async () => {
    const { page } = till;
    await link.cut();
    await toFind(till);
    const search = page.getByLabel("Bill or payer");
    await search.fill(bills.asha);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: bills.asha }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Take cash");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Take this cash?" }).waitFor();
    const shown = await textOf(page.locator(".confirm"));
    for (const part of ["USD 20.00", bills.asha, "Asha Mwangi", "Power company", "USD 80.00"])
      expect(shown).toContain(part);
    await inBothThemesWithoutFaults("confirm");
    // The Enter of a scanner confirms nothing.
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Take this cash?" }).waitFor();
    const held = Promise.withResolvers<void>();
    await page.route("**/ask/pay-bill", async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Writing it down…" }).waitFor();
    expect(await page.locator(".outcome, .receipt").count()).toBe(0);
    held.resolve();
    await page.getByRole("heading", { name: "Received, not yet credited" }).waitFor();
    await page.unroute("**/ask/pay-bill");
    const receipt = page.getByRole("article", { name: "Receipt for a bill payment" });
    await receipt.getByRole("img", { name: "Square code of this receipt" }).waitFor();
    expect(await textOf(receipt)).toContain("Received, not yet credited");
    expect(await textOf(receipt)).toContain("Asha Mwangi");
    await inBothThemesWithoutFaults("received");
    expect((await till.printed("Print")).length).toBeGreaterThan(1000);
    await next(till);
  });

  test("an answer that was lost on its way is asked for again: the money is taken once", async () => {
    const { page } = till;
    await toConfirm(till, bills.late);
    let lost = 0;
    await page.route("**/ask/pay-bill", async (route) => {
      lost += 1;
      await route.fetch();
      await route.abort();
    });
    await page.getByRole("button", { name: /^Take USD 25.00 for bill/ }).click();
    await page
      .getByText("The till gave no answer, so it is not known whether it was done. Press again")
      .waitFor();
    expect(lost).toBe(1);
    await page.unroute("**/ask/pay-bill");
    await page.getByRole("button", { name: /^Take USD 25.00 for bill/ }).click();
    await page.getByRole("heading", { name: "Received, not yet credited" }).waitFor();
    await next(till);
    await inHistory(till);
    expect(await till.rows(bills.late)).toHaveLength(1);
    await till.go("Bills");
    await page.getByText("Float", { exact: true }).click();
    await page.getByText("USD 55.00 of USD 100.00 left").waitFor();
  });

  test("killed right after it had said received: the payment is there once, under the same number, and is refused again", async () => {
    await take(till, bills.killed);
    const number = await receiptNumber(till);
    await till.kill();
    await till.start();
    await till.open("Baraka");
    const { page } = till;
    await open(till, bills.killed);
    await page.getByText("Received here, not yet credited").waitFor();
    await page.getByText("Take no money for this bill.").waitFor();
    expect(await page.getByRole("button", { name: "Take cash" }).count()).toBe(0);
    await inBothThemesWithoutFaults("received-here");
    await page.getByRole("button", { name: "Show the receipt" }).click();
    expect(await receiptNumber(till)).toBe(number);
    await inBothThemesWithoutFaults("receipt");
    await page.getByRole("button", { name: "Close" }).click();
    await inHistory(till);
    expect(await till.rows(bills.killed)).toHaveLength(1);
  });

  test("what is beyond the float is refused before any money is counted", async () => {
    const { page } = till;
    await open(till, bills.twice);
    await page.getByRole("button", { name: "Take cash" }).click();
    await page.getByRole("heading", { name: "Take this cash?" }).waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await link.join();
    await upload(billId(8), "A large one", { amountOnDueDate: 90, amountAfterDueDate: 90 });
    await till.sync();
    await open(till, billId(8));
    await page.getByRole("button", { name: "Take cash" }).click();
    expect(await till.answer("No")).toContain("The float covers");
    await inBothThemesWithoutFaults("refused");
    await next(till);
  });

  test("connected again the verdicts come under the same receipt numbers: credited, with a file that proves it", async () => {
    const { page } = till;
    await till.sync();
    await inHistory(till);
    for (const id of [bills.asha, bills.late, bills.killed])
      await expect.poll(async () => (await till.rows(id)).join(), { timeout: 60_000 }).toContain("Credited");
    await page.getByRole("button", { name: bills.killed }).click();
    const receipt = page.getByRole("article", { name: "Receipt for a bill payment" });
    expect(await textOf(receipt)).toContain("Credited: the bill is paid");
    await inBothThemesWithoutFaults("credited");
    expect((await till.saved("Save the signed receipt")).length).toBeGreaterThan(200);
    await page.getByRole("button", { name: "Close" }).click();
  });

  test("a topped-up float is seen with the next sync", async () => {
    const { page } = till;
    await town().operate("float", "fund", "shop-1", "50.00", "USD", "--reference", "second");
    await till.go("Bills");
    await page.getByText("Float", { exact: true }).click();
    await page.getByRole("button", { name: "Sync now" }).click();
    await page.getByText("USD 85.00 of USD 85.00 left").waitFor();
    await page.getByRole("row").filter({ hasText: "USD 50.00" }).waitFor();
    await till.picture("bills-topped-up");
  });

  test("a reserved voucher pays a bill: not confirmed until the biller has answered, over a restart of the server", async () => {
    const { page } = till;
    const [voucher] = await town().vouchers(leasedGroup, [20], { leaseTo: await till.nodeId() });
    await till.sync();
    power.react = () => {};
    await open(till, bills.voucher);
    await page.getByRole("button", { name: "Pay with a voucher" }).click();
    await page.keyboard.type(voucher!.token);
    await page.keyboard.press("Enter");
    await page.getByText("Square code read").waitFor();
    await page.getByLabel("Number under the scratch panel").fill(voucher!.number);
    await inBothThemesWithoutFaults("voucher-entry");
    await page.getByRole("button", { name: "Check the voucher" }).click();
    await page.getByRole("heading", { name: "Pay this bill with this voucher?" }).waitFor();
    await inBothThemesWithoutFaults("voucher-confirm");
    await page.getByRole("button", { name: `Pay bill ${bills.voucher}` }).click();
    await page.getByRole("heading", { name: "Voucher reserved, bill payment not confirmed" }).waitFor();
    await page.getByText("its biller is being told").waitFor();
    await inBothThemesWithoutFaults("voucher");
    const number = await receiptNumber(till);
    await town().stopServer();
    await town().startServer();
    power.react = answering;
    const advice = power.receiver.received.findLast(
      (message) => isAdvice(message) && message.body["billId"] === bills.voucher,
    );
    if (advice) await power.settle(advice, "ACK");
    // The page follows: nobody presses anything.
    await page.getByRole("heading", { name: "Credited: the bill is paid" }).waitFor();
    expect(await receiptNumber(till)).toBe(number);
    await next(till);
    expect(await town().ministry.status(voucher!.serialNumber)).toBe("Consumed");
  });

  test(
    "two agents take money for one bill: the one who lost is told who, when and how much, and gives it back once",
    async () => {
      const { page } = till;
      await till.sync();
      other = new Till(town(), "till-2");
      await other.start();
      const code = await town().codeFor("shop-2", "River kiosk, till 1");
      await other.enrol({ id: "shop-2", name: "River kiosk", code });
      await other.addFirstCashier("Neema");
      await other.sync();
      await link.cut();
      await take(till, bills.twice);
      const number = await receiptNumber(till);
      await next(till);
      await take(other, bills.twice);
      await other.page.getByRole("heading", { name: "Credited: the bill is paid" }).waitFor();
      await link.join();
      await till.go("Redeem");
      await till.sync();
      await page.getByText("1 bill payment is to be given back.").waitFor();
      await till.picture("bills-told");
      await page.getByRole("button", { name: "Show", exact: true }).click();
      await page.getByText("To give back (1)").click();
      const card = page.getByRole("region", { name: bills.twice });
      await expect.poll(() => textOf(card), patience).toMatch(/River kiosk, .*: USD 20\.00 \(cash\)/);
      expect(await textOf(card)).toContain("Somebody else had paid it before.");
      await inBothThemesWithoutFaults("to-give-back");
      await card.getByRole("button", { name: "Give back USD 20.00" }).click();
      await page.getByText(`USD 20.00 for bill ${bills.twice}`).waitFor();
      await inBothThemesWithoutFaults("give-back");
      let asked = 0;
      await page.route("**/ask/refund-bill", async (route) => {
        asked += 1;
        await route.fetch();
        await route.abort();
      });
      const record = page.getByRole("button", { name: "Yes, USD 20.00 was given back" });
      await record.click();
      await page
        .getByText("The till gave no answer, so it is not known whether it was done. Press again")
        .waitFor();
      expect(asked).toBe(1);
      await page.unroute("**/ask/refund-bill");
      await record.click();
      await page.getByText("Recorded: it was given back.").waitFor();
      expect(await receiptNumber(till)).toBe(number);
      await inBothThemesWithoutFaults("given-back");
      await page.getByRole("button", { name: "Close" }).click();
      await page.getByText("Nothing is to be given back.").waitFor();
      await till.sync();
      const refunds = (await town().operate("refunds", "--all")) as readonly Record<string, unknown>[];
      const ours = refunds.filter((refund) => refund["billId"] === bills.twice);
      expect(ours).toHaveLength(1);
      expect(String(ours[0]?.["refundedBy"])).toContain("Baraka");
    },
    severalTillsMs,
  );

  test("a biller that rejects: the money is listed to be given back while the page is looked at", async () => {
    const { page } = till;
    await take(till, bills.rejected);
    await page.getByRole("heading", { name: "Not paid: give the money back" }).waitFor();
    await page.getByText("its biller has rejected the payment.").first().waitFor();
    await inBothThemesWithoutFaults("not-paid");
    await next(till);
  });

  test("history is filtered by what became of it; the day is reported by biller and by cashier and shift, as CSV and on paper", async () => {
    const { page } = till;
    await inHistory(till);
    await page.getByRole("group", { name: "Show" }).getByText("To give back").click();
    await expect.poll(async () => (await till.rows(bills.rejected)).length, patience).toBe(1);
    expect(await till.rows(bills.asha)).toHaveLength(0);
    await page.getByRole("group", { name: "Show" }).getByText("Not paid, over").click();
    await expect.poll(async () => (await till.rows(bills.twice)).length, patience).toBe(1);
    await inBothThemesWithoutFaults("history");
    await till.go("End of day");
    await page.getByRole("main").getByText("Bills", { exact: true }).click();
    await till.settled();
    const card = (name: string) =>
      page.locator(".standing", { has: page.getByRole("heading", { name, exact: true }) });
    // 20 and 25 and 20 in cash, and 20 with a voucher.
    await expect.poll(() => textOf(card("Credited")), patience).toContain("USD 85.00");
    expect(await textOf(card("To give back"))).toContain("USD 20.00");
    expect(await textOf(card("Not paid, over"))).toContain("USD 20.00");
    expect(await textOf(card("Not yet credited"))).toContain("none");
    await inBothThemesWithoutFaults("end-of-day");
    const csv = (await till.saved("Save as CSV")).toString();
    expect(csv).toMatch(/^day,biller,cashier,shift,means,state,bills,amount,currency\r\n/);
    expect(csv).toMatch(/,Power company,Baraka,[^,]+Z,cash,settled,3,65\.00,USD\r\n/);
    expect(csv).toMatch(/,Power company,Baraka,[^,]+Z,voucher,settled,1,20\.00,USD\r\n/);
    expect((await till.printed("Print")).length).toBeGreaterThan(1000);
    await till.go("Shift");
    const drawer = page.locator(".card", { hasText: "Drawer, USD" });
    // 65 for bills, 20 given back, 20 taken and not given back yet.
    expect(await textOf(drawer)).toMatch(/Taken for bills\s+USD 105\.00/);
    expect(await textOf(drawer)).toMatch(/Given back of bills\s+USD 20\.00/);
    expect(await textOf(drawer)).toMatch(/Should be there\s+USD 85\.00/);
  });

  test("fits a phone and a small desk, in every language and in its direction", async () => {
    const { page } = till;
    const fits = async (name: string, width: number): Promise<void> => {
      expect(await page.evaluate("document.documentElement.scrollWidth"), name).toBeLessThanOrEqual(width);
    };
    await page.setViewportSize(sizes.phone);
    await till.go("Bills");
    await till.settled();
    await till.picture("bills-phone");
    await fits("find", 390);
    const small = await page.evaluate(
      "[...document.querySelectorAll('button, .button, select, .segments label')].filter((one) => one.offsetParent && one.offsetHeight < 44).map((one) => one.textContent)",
    );
    expect(small).toEqual([]);
    await page.getByText("To give back (1)").click();
    await till.settled();
    await till.picture("bills-phone-refunds");
    await fits("refunds", 390);
    await till.go("More");
    await page.getByRole("main").getByRole("button", { name: "End of day" }).click();
    await page.getByRole("main").getByText("Bills", { exact: true }).click();
    await till.settled();
    await till.picture("bills-phone-report");
    await fits("report", 390);
    await page.setViewportSize(sizes.desk);
    const titles = {
      Français: ["Factures", "Réglages"],
      Español: ["Facturas", "Ajustes"],
      Português: ["Faturas", "Definições"],
      Kiswahili: ["Bili", "Mipangilio"],
      العربية: ["الفواتير", "الإعدادات"],
    } as const;
    let settings = "Settings";
    for (const [language, [title, itsSettings]] of Object.entries(titles)) {
      await till.go(settings);
      await page.locator("select").first().selectOption({ label: language });
      settings = itsSettings;
      await page.getByRole("navigation").getByRole("button", { name: title }).click();
      await page.getByRole("heading", { name: title, level: 1 }).waitFor();
      await page.locator("table").waitFor();
      await fits(language, 1024);
      expect(await seriousFaults(page), language).toEqual([]);
      await till.picture(`bills-${title}`);
      await page.setViewportSize(sizes.phone);
      await fits(`${language}, phone`, 390);
      await page.setViewportSize(sizes.desk);
    }
    await till.go(settings);
    await page.locator("select").first().selectOption({ label: "English" });
  });

  test("nothing was complained of, in the page's own code or by its security policy", () => {
    const ours = till.complaints.filter((text) => !text.includes("net::ERR"));
    expect(ours).toEqual([]);
  });

  test("a bill's square code is read by the camera", async () => {
    const found = inject("browser");
    if (!found.found) throw new Error(found.because);
    await till.stop();
    const film = join(town().installation.folder, "bill.y4m");
    await writeFile(film, filmOf(bills.film));
    const browser = await launchBrowser(found.path, film);
    const { url, installation } = town();
    till = new Till({ url, installation, browser }, "till-1");
    const page = await till.start({ permissions: ["camera"] });
    await till.open("Baraka");
    await till.go("Bills");
    await page.getByRole("button", { name: "Scan with the camera" }).click();
    await page.getByRole("heading", { name: bills.film }).waitFor();
    await browser.close();
  });
});
