import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import QRCode from "qrcode";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectNoFaults } from "./support/axe.ts";
import { launchBrowser } from "./support/browser.ts";
import { filmOf } from "./support/film.ts";
import { flows } from "./support/describe.ts";
import { paperSizeMm, textOf, Till } from "./support/till.ts";
import { atRiskGroup, leasedGroup } from "./support/town.ts";
import type { Voucher } from "./support/town.ts";

flows("redeeming", (town) => {
  let till: Till;
  let leased: readonly Voucher[];
  let free: readonly Voucher[];
  let atRisk: readonly Voucher[];
  const nth = (vouchers: readonly Voucher[], index: number): Voucher => {
    const voucher = vouchers[index];
    if (!voucher) throw new Error(`there is no voucher ${index}`);
    return voucher;
  };

  beforeAll(async () => {
    till = new Till(town(), "till-1");
    await till.start();
    await till.enrol(await town().shop("shop-1", "Corner shop"));
    await till.addFirstCashier("Amina");
    const leaseTo = await till.nodeId();
    leased = await town().vouchers(leasedGroup, [25, 40, 12, 7, 8], { leaseTo });
    free = await town().vouchers(leasedGroup, [30, 15]);
    atRisk = await town().vouchers(atRiskGroup, [20]);
    await till.sync();
  });
  afterAll(() => till.stop());

  test("what is typed is looked at while it is typed", async () => {
    const { page } = till;
    await till.go("Redeem");
    await page.getByLabel("Voucher", { exact: true }).fill("12x");
    await page.getByText("A serial number has digits only.").waitFor();
    const { number } = nth(free, 0);
    const field = page.getByLabel("Number under the scratch panel");
    await field.pressSequentially(number.slice(0, 7));
    await page.getByText("7 of 16 digits").waitFor();
    expect(await field.inputValue()).toBe(`${number.slice(0, 4)} ${number.slice(4, 7)}`);
    await field.fill(number.slice(0, 15) + String((Number(number.at(-1)) + 1) % 10));
    await page.getByText("one of them looks wrong").waitFor();
    await field.fill(number);
    await page.getByText("All 16 digits look right.").waitFor();
  });

  test("online: the server is asked, nothing looks accepted before, and the yes comes with its receipt", async () => {
    const { page } = till;
    await till.scan(nth(free, 0));
    await page.getByRole("heading", { name: "Redeem this voucher?" }).waitFor();
    await page.getByText("Printed data").click();
    await page.getByText("It is the person").click();
    await till.picture("confirm");
    const held = Promise.withResolvers<void>();
    await page.route("**/ask/redeem", async (route) => {
      await held.promise;
      await route.continue();
    });
    await till.confirm();
    await page.getByRole("button", { name: "Asking the server…" }).waitFor();
    expect(await page.locator(".outcome").count()).toBe(0);
    held.resolve();
    expect(await till.answer("Yes")).toContain("You may hand over the goods.");
    await page.unroute("**/ask/redeem");
    await page.getByRole("img", { name: "Square code of this receipt" }).waitFor();
    await page.getByText("Printed data: It is the person").waitFor();
    await till.picture("yes");
    await till.next();
  });

  test("a voucher that was used is refused, with when and by whom", async () => {
    await till.check(nth(free, 0));
    expect(await till.answer("No")).toContain("by Amina");
    await till.picture("no");
    await till.next();
  });

  test("a wrong number is refused, and only the number has to be typed again", async () => {
    const { page } = till;
    await till.paste({ ...nth(leased, 0), number: nth(leased, 1).number });
    expect(await till.answer("No")).toContain("does not fit this voucher");
    await page.getByRole("button", { name: "Back to this voucher" }).click();
    await page.getByText("Square code read").waitFor();
    await page.getByRole("button", { name: "Take another voucher" }).click();
  });

  test("offline, with the server's process ended: a reserved voucher is a yes", async () => {
    await town().stopServer();
    await till.check(nth(leased, 0));
    await till.confirm();
    expect(await till.answer("Yes")).toContain("25.00");
    await till.picture("yes-offline");
    await till.next();
  });

  test("offline, at risk: a yes for now, with what is guaranteed", async () => {
    await till.paste(nth(atRisk, 0));
    await till.confirm();
    expect(await till.answer("Yes, provisionally")).toContain("USD 5.00");
    await till.page.getByText("Provisional: not yet seen by the server").waitFor();
    await till.picture("provisional");
    await expectNoFaults(till.page, "provisional");
    await till.next();
  });

  test("offline, neither reserved nor at risk: a no, and nothing was recorded", async () => {
    await till.paste(nth(free, 1));
    await till.confirm();
    expect(await till.answer("No")).toContain("Nothing was recorded");
    await till.picture("no-offline");
    await till.next();
  });

  test("the program is killed just after it said yes: the voucher is in the history once, and refused again", async () => {
    await till.check(nth(leased, 1));
    await till.confirm();
    await till.answer("Yes");
    await till.kill();
    await till.start();
    await till.open("Amina");
    await till.check(nth(leased, 1));
    expect(await till.answer("No")).toContain("already redeemed at this till");
    await till.next();
    await till.go("History");
    expect(await till.rows(nth(leased, 1).serialNumber)).toHaveLength(1);
  });

  test("the program is killed while a voucher is confirmed: nothing was recorded, and it can be redeemed", async () => {
    const { page } = till;
    await till.go("Redeem");
    await till.check(nth(leased, 2));
    await page.getByRole("heading", { name: "Redeem this voucher?" }).waitFor();
    await till.kill();
    await till.start();
    await till.open("Amina");
    await till.go("History");
    expect(await till.rows(nth(leased, 2).serialNumber)).toHaveLength(0);
    await till.go("Redeem");
    await till.check(nth(leased, 2));
    await till.confirm();
    await till.answer("Yes");
    await till.next();
  });

  test("pending and settled are kept apart; after a sync everything is settled", async () => {
    const { page } = till;
    await till.go("End of day");
    await till.picture("totals-pending");
    const card = (name: string) => page.locator(".standing", { hasText: name });
    expect(await textOf(card("Pending"))).toContain("USD 97.00");
    expect(await textOf(card("Settled"))).toContain("USD 30.00");
    await town().startServer();
    await till.sync();
    await page.getByText("Everything was sent").first().waitFor();
    await till.go("End of day");
    await expect.poll(() => textOf(card("Settled"))).toContain("USD 127.00");
    expect(await textOf(card("Pending"))).toContain("none");
    const csv = (await till.saved("Save as CSV")).toString();
    expect(csv).toMatch(/,Amina,settled,5,127\.00,USD\r\n/);
  });

  test("history is searched and filtered, and a receipt is printed as large as its paper, and proved by its file", async () => {
    const { page } = till;
    await till.go("History");
    await page.getByText("Rejected", { exact: true }).click();
    await page.getByText("Nothing here yet.").waitFor();
    await page.getByText("Settled", { exact: true }).first().click();
    await page.getByLabel("Search").fill(nth(leased, 0).serialNumber);
    await expect.poll(async () => (await till.rows(nth(leased, 0).serialNumber)).length).toBe(1);
    await page.getByRole("button", { name: nth(leased, 0).serialNumber }).click();
    const receipt = page.getByRole("article", { name: "Receipt" });
    await receipt.getByText("Settled").waitFor();
    await till.picture("receipt");
    await expectNoFaults(page, "a receipt");
    const file = await till.saved("Save the signed receipt");
    expect(file.length).toBeGreaterThan(200);
    await page.getByRole("button", { name: "Close" }).click();
    for (const [paper, width] of [
      ["58 mm", 58],
      ["80 mm", 80],
      ["A4", 210],
    ] as const) {
      await till.go("Settings");
      await page.getByLabel("Receipt paper").selectOption(paper);
      await till.go("History");
      await page.getByRole("button", { name: nth(leased, 0).serialNumber }).click();
      const pdf = await till.printed("Print");
      expect(Math.round(paperSizeMm(pdf).width), paper).toBe(width);
      await page.getByRole("button", { name: "Close" }).click();
    }
  });

  test("a square code is read from a picture of it", async () => {
    const { page } = till;
    const { token, number } = nth(leased, 3);
    await till.go("Redeem");
    const picture = {
      name: "voucher.png",
      mimeType: "image/png",
      buffer: await QRCode.toBuffer(token, { scale: 6 }),
    };
    await page.getByLabel("Read from a picture").setInputFiles(picture);
    await page.getByText("Square code read").waitFor();
    await page.getByLabel("Number under the scratch panel").fill(number);
    await page.getByRole("button", { name: "Check the voucher" }).click();
    await page.getByRole("heading", { name: "Redeem this voucher?" }).waitFor();
    await page.getByText(nth(leased, 3).serialNumber).waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
  });

  test("the camera's window can be read by everybody, where there is a camera and where there is none", async () => {
    const { page } = till;
    const filming = page.getByRole("dialog", { name: "Hold the square code in front of the camera" });
    await page.context().grantPermissions(["camera"]);
    await page.getByRole("button", { name: "Take another voucher" }).click();
    await page.getByRole("button", { name: "Scan with the camera" }).click();
    await filming.locator("video").waitFor();
    await till.picture("camera");
    await expectNoFaults(page, "the camera");
    await filming.getByRole("button", { name: "Close" }).click();
    await filming.waitFor({ state: "detached" });
    await page.evaluate("navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no camera'))");
    await page.getByRole("button", { name: "Scan with the camera" }).click();
    await filming.getByRole("alert").waitFor();
    await till.picture("camera-none");
    await expectNoFaults(page, "no camera");
    await page.keyboard.press("Escape");
    await filming.waitFor({ state: "detached" });
  });

  test("nothing was complained of, in the page's own code or by its security policy", () => {
    const ours = till.complaints.filter((text) => !text.includes("net::ERR"));
    expect(ours).toEqual([]);
  });

  test("a square code is read by the camera", async () => {
    const found = inject("browser");
    if (!found.found) throw new Error(found.because);
    await till.stop();
    const { token, number, serialNumber } = nth(leased, 4);
    const film = join(town().installation.folder, "voucher.y4m");
    await writeFile(film, filmOf(token));
    const browser = await launchBrowser(found.path, film);
    const { url, installation } = town();
    till = new Till({ url, installation, browser }, "till-1");
    const page = await till.start({ permissions: ["camera"] });
    await till.open("Amina");
    await page.getByRole("button", { name: "Scan with the camera" }).click();
    await page.getByText("Square code read").waitFor();
    await page.getByLabel("Number under the scratch panel").fill(number);
    await page.getByRole("button", { name: "Check the voucher" }).click();
    await page.getByText(serialNumber).waitFor();
    await browser.close();
  });
});
