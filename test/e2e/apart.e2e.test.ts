import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLink } from "../support/link.ts";
import type { Link } from "../support/link.ts";
import { expectNoFaults } from "./support/axe.ts";
import { flows } from "./support/describe.ts";
import { textOf, Till } from "./support/till.ts";
import { atRiskGroup, leasedGroup } from "./support/town.ts";

flows("an agent's till behind a link that is cut", (town) => {
  let till: Till;
  let link: Link;
  let nodeId: string;

  beforeAll(async () => {
    link = await createLink(town().url);
    const shop = await town().shop("shop-1", "Market stall");
    const code = await town().codeFor("shop-1", "Market stall, till 2", "--agent");
    await town().shop("shop-2", "Corner shop");
    await town().operate("guarantee", "fund", atRiskGroup, "100.00", "USD", "--reference", "floor-1");
    till = new Till(town(), "till-1");
    await till.start();
    await till.enrol({ ...shop, code }, link.url);
    await till.addFirstCashier("Baraka");
    nodeId = await till.nodeId();
    await till.sync();
  });
  afterAll(async () => {
    await till.stop();
    await link.cut();
  });

  test("a voucher is paid out in cash: the fee is shown before, the drawer knows after", async () => {
    const { page } = till;
    const [voucher] = await town().vouchers(leasedGroup, [40], { leaseTo: nodeId });
    await till.sync();
    await till.go("Shift");
    await page.getByLabel("At the beginning").fill("100.00");
    await page.getByLabel("Currency").fill("USD");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { name: "Drawer, USD" }).waitFor();
    await till.go("Redeem");
    await page.getByText("Cash", { exact: true }).click();
    await till.check(voucher!);
    await page.getByRole("heading", { name: "Pay this voucher out in cash?" }).waitFor();
    await till.picture("cash-confirm");
    await expectNoFaults(page, "a payout in cash");
    await till.confirm();
    expect(await till.answer("Yes")).toContain("Pay out USD 39.30 in cash.");
    await page.getByText("Receipt for cash").waitFor();
    await till.next();
    await till.go("Shift");
    const drawer = page.locator(".card", { hasText: "Drawer, USD" });
    await expect.poll(() => textOf(drawer)).toMatch(/Should be there\s+USD 60\.70/);
    await till.picture("shift");
  });

  test("an operation is carried out and its answer in, by hand, and counts once", async () => {
    const { page } = till;
    const [voucher] = await town().vouchers(leasedGroup, [22], { leaseTo: nodeId });
    await till.sync();
    await link.cut();
    await till.go("Redeem");
    await page.getByText("Goods", { exact: true }).click();
    await till.check(voucher!);
    await till.confirm();
    await till.answer("Yes");
    await till.next();
    await till.go("Connection");
    const file = join(town().installation.folder, "queue.ppq");
    await writeFile(file, await till.saved("Save what waits"));
    await page.getByText(/operations? (is|are) in the file/).waitFor();
    await till.picture("carry");
    await expectNoFaults(page, "what is carried by hand");
    await till.kill();
    await till.start();
    await till.open("Baraka");
    const answer = join(town().installation.folder, "answer.ppa");
    await town().operate("hand-in", file, "--answer", answer);
    await till.go("Connection");
    await till.page.getByLabel("Take in an answer").setInputFiles(answer);
    await till.page.getByText(/Taken in: .* settled, 0 rejected, 0 held\./).waitFor();
    await till.page.getByText("Everything was sent").first().waitFor();
    await till.page.getByLabel("Take in an answer").setInputFiles(answer);
    await till.page.getByText(/Taken in: /).waitFor();
    await till.go("History");
    expect(await till.rows(voucher!.serialNumber)).toHaveLength(1);
    await link.join();
    await till.sync();
  });

  test("what was taken at risk and used elsewhere before becomes a dispute, refused, appealed and seen with its evidence", async () => {
    const { page } = till;
    const [voucher] = await town().vouchers(atRiskGroup, [18]);
    await till.sync();
    await link.cut();
    const elsewhere = await town().ministry.redeem(voucher!.serialNumber, voucher!.number, "shop-2");
    expect(elsewhere.status).toBe(200);
    await till.go("Redeem");
    await till.paste(voucher!);
    await till.confirm();
    await till.answer("Yes, provisionally");
    await till.next();
    await link.join();
    await till.sync();
    await till.go("End of day");
    const card = page.locator(".standing", { hasText: "Disputed" });
    await expect.poll(() => textOf(card)).toContain("USD 18.00");
    const [dispute] = (await town().operate("disputes")) as readonly { readonly hash: string }[];
    const because = ["--because", "Its number was told to two shops"];
    await town().operate("dispute", "propose", dispute!.hash, "refuse", ...because, "--by", "Asha");
    await town().operate("dispute", "decide", dispute!.hash, "--by", "Juma");
    await till.sync();
    await till.go("Disputes");
    const shown = page.getByRole("region", { name: voucher!.serialNumber });
    await shown.getByText("Refused", { exact: true }).waitFor();
    await shown.getByText("Its number was told to two shops").waitFor();
    await till.picture("dispute");
    expect((await till.saved("Save the signed evidence")).length).toBeGreaterThan(200);
    await page.getByRole("button", { name: "Appeal" }).click();
    await till.picture("appeal");
    await expectNoFaults(page, "an appeal");
    await page.getByLabel("Why should it be paid?").fill("I scratched the panel myself.");
    await page.getByRole("button", { name: "Send the appeal" }).click();
    await shown.getByText("Appealed").waitFor();
    await shown.getByText("I scratched the panel myself.").waitFor();
    await expectNoFaults(page, "a dispute that was appealed");
  });

  test("the payout statement says what was paid, when, where to and under which reference", async () => {
    const { page } = till;
    await till.go("Payouts");
    const row = page.getByRole("row").filter({ hasText: "USD" }).first();
    await row.waitFor();
    await till.picture("payouts");
    await expectNoFaults(page, "payouts");
    expect((await till.saved("Save as CSV")).toString()).toMatch(
      /^paid,reference,account,serial,amount,fee,currency\r\n/,
    );
  });

  test("the shift ends with what was counted, and the day's report shows the difference", async () => {
    const { page } = till;
    await till.go("Shift");
    await page.getByLabel("Counted, USD").fill("60.00");
    await page.getByRole("button", { name: "End the shift" }).click();
    await till.signIn("Baraka");
    await till.go("End of day");
    await expect.poll(() => textOf(page.locator("main"))).toMatch(/Difference\s+-USD 0\.70/);
    expect(till.complaints.filter((text) => !text.includes("net::ERR"))).toEqual([]);
  });
});
