import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../node-server/config.ts";
import { connectToDatabase } from "../../node-server/database.ts";
import { fundAgency, fundGuarantee } from "../../node-server/ledger/entries.ts";
import { putReceivingInstitution } from "../../node-server/postgres/disbursement-admin.ts";
import { putGroupFee } from "../../node-server/postgres/payment-admin.ts";
import { Agency, payment } from "../support/agency.ts";
import { BareNode } from "../support/bare-node.ts";
import { fundForTest } from "../support/funding.ts";
import { expectNoFaults, seriousFaults } from "./support/axe.ts";
import { ConsolePage } from "./support/console-page.ts";
import { flows } from "./support/describe.ts";
import { sizes } from "./support/till.ts";
import { atRiskGroup, leasedGroup } from "./support/town.ts";
import type { Town, Voucher } from "./support/town.ts";

const usd = (amountMinor: bigint) => ({ amountMinor, currency: "USD" });

/** By the command line's own functions; a process for each would take a minute. */
async function prepareMoney({ installation }: Town, agency: Agency): Promise<void> {
  const read = readConfig(installation.environment);
  if (!read.ok) throw new Error(`the settings are wrong: ${JSON.stringify(read.mistakes)}`);
  const { pool, close } = await connectToDatabase(read.config);
  await agency.setUp(pool);
  await fundForTest(pool, fundAgency("a-1", agency.institution.id, usd(1_000_000n)));
  await fundForTest(pool, fundGuarantee("g-1", atRiskGroup, usd(10_000n)));
  await putGroupFee(pool, { groupCode: leasedGroup, currency: "USD", fixedMinor: 25n, basisPoints: 0 });
  await putReceivingInstitution(pool, {
    id: "LEDGER",
    name: "Our own ledger",
    rail: "non-bank",
    gateway: "ledger",
    url: null,
    // So slow that a batch is still under way when somebody comes to steer it.
    perSecond: 1,
    defaultFor: ["msisdn"],
  });
  await close();
}

/** A node takes a voucher that it has on a lease, which is paid, and one at risk that was used elsewhere meanwhile. */
async function takeVouchers(town: Town): Promise<Voucher> {
  const { code } = await town.shop("shop-1", "Corner shop");
  const node = await BareNode.enrol(town.url, code);
  const [leased] = await town.vouchers(leasedGroup, [25, 60], { leaseTo: node.identity.nodeId });
  const [disputed] = await town.vouchers(atRiskGroup, [18]);
  const { verdicts } = await node.upload([]);
  if (!leased || !disputed || !verdicts) throw new Error("there is nothing to take");
  const { serverTimeMs: lastServerTimeMs } = verdicts;
  const elsewhere = await town.ministry.redeem(disputed.serialNumber, disputed.number, "shop-1");
  expect(elsewhere.status).toBe(200);
  const taken = [
    node.redeem(leased, { amountMinor: 2500n, lastServerTimeMs }),
    node.redeem(disputed, {
      mode: "at-risk",
      epoch: null,
      amountMinor: 1800n,
      lastServerTimeMs,
      change: { policyVersion: 1 },
    }),
  ];
  const answer = await node.upload(taken);
  expect(answer.verdicts?.verdicts.map(({ status }) => status)).toEqual(["applied", "rejected"]);
  return disputed;
}

flows("people's work in the console", (town) => {
  let manager: ConsolePage;
  let ada: ConsolePage;
  let auditor: ConsolePage;
  let agency: Agency;
  let disputed: Voucher;

  beforeAll(async () => {
    agency = new Agency(town().ministry);
    await prepareMoney(town(), agency);
    disputed = await takeVouchers(town());
  });
  beforeAll(async () => {
    manager = new ConsolePage(town(), "Manager");
    await manager.begin("programme-manager,support");
    // The name of the agency's signatory.
    ada = new ConsolePage(town(), agency.signatory);
    await ada.begin("approver");
  });
  beforeAll(async () => {
    auditor = new ConsolePage(town(), "Auditor");
    await auditor.begin("auditor");
  });
  afterAll(async () => {
    for (const person of [manager, ada, auditor]) await person?.close();
  });

  test("a case is opened, assigned, worked on and closed, and its history tells each step", async () => {
    const { page } = manager;
    await manager.go("Cases");
    await page.getByRole("button", { name: "Open a case" }).click();
    let dialog = page.getByRole("dialog", { name: "Open a case" });
    await dialog.getByLabel("Kind").selectOption({ label: "complaint" });
    await dialog.getByLabel("Its number or id, where known").fill(disputed.serialNumber);
    await dialog.getByLabel("What is asked").fill("The shop says that the voucher was used before.");
    await expectNoFaults(page, "a case that is opened");
    await dialog.getByRole("button", { name: "Open a case" }).click();
    await page.getByRole("status").getByText("Case 1 is open.").waitFor();
    await page.getByRole("link", { name: "Case 1" }).click();
    await page.getByRole("heading", { name: "Case 1", level: 1 }).waitFor();
    const act = async (name: string, field?: string, text = "") => {
      await page.getByRole("button", { name, exact: true }).click();
      dialog = page.getByRole("dialog", { name, exact: true });
      if (field !== undefined) await dialog.getByLabel(field).fill(text);
      await dialog.getByRole("button", { name, exact: true }).click();
      await dialog.waitFor({ state: "detached" });
    };
    await act("Assign", "Owner", "Manager");
    await act("Start");
    await act("Note", "Text", "The shop was called.");
    await act("Resolve", "Text", "It was explained to the beneficiary.");
    await page.getByRole("status").getByText("Case 1 is resolved.").waitFor();
    const history = page.getByRole("main").locator("ol > li");
    await expect.poll(() => history.count()).toBe(5);
    expect((await history.allInnerTexts()).join("\n")).toMatch(
      /Open a case[^]*Assign[^]*Start[^]*The shop was called\.[^]*It was explained/,
    );
    await manager.picture("work-case");
    await expectNoFaults(page, "a case");
  });

  test("an alert leads to what it is about, and is ended", async () => {
    const { page } = manager;
    const [voucher] = await town().vouchers(atRiskGroup, [9]);
    const { serialNumber, number } = voucher!;
    const wrong = `${number.startsWith("1") ? "2" : "1"}${number.slice(1)}`;
    await manager.go("Alerts");
    const link = page.getByRole("link", { name: `voucher:${BigInt(serialNumber)}` });
    await expect
      .poll(
        async () => {
          await town().ministry.redeem(serialNumber, wrong, "shop-1");
          await manager.go("Vouchers");
          await manager.go("Alerts");
          return link.count();
        },
        { timeout: 60_000 },
      )
      .toBe(1);
    await manager.picture("work-alerts");
    await link.click();
    await page.getByRole("heading", { name: `Voucher ${serialNumber}` }).waitFor();
    await page.getByText("suspended").first().waitFor();
    await manager.go("Alerts");
    const row = page.getByRole("row", { name: /wrong-numbers-for-voucher/ });
    await row.getByRole("button", { name: "End" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
    await page.getByRole("status").getByText("is ended.").waitFor();
    await expect.poll(() => row.getByRole("button", { name: "End" }).count()).toBe(0);
  });

  test("a dispute is proposed about by one person and decided by another", async () => {
    const { page } = manager;
    await manager.go("Disputes");
    const row = page.getByRole("row", { name: new RegExp(disputed.serialNumber) });
    await row.getByRole("button", { name: "Propose" }).click();
    const dialog = page.getByRole("dialog");
    await expectNoFaults(page, "a verdict that is proposed");
    await manager.picture("work-propose");
    await dialog.getByLabel("Why").fill("The goods were given in good faith.");
    await dialog.getByRole("button", { name: "Propose" }).click();
    await row.getByText("proposed", { exact: true }).waitFor();
    expect(await row.getByRole("button", { name: "Decide" }).count(), "whoever proposed it").toBe(0);
    await ada.go("Disputes");
    const there = ada.page.getByRole("row", { name: new RegExp(disputed.serialNumber) });
    await there.getByRole("button", { name: "Decide" }).click();
    await ada.page.getByRole("dialog").getByText("The goods were given in good faith.").waitFor();
    await ada.picture("work-decide");
    await ada.page.getByRole("dialog").getByRole("button", { name: "Decide" }).click();
    await ada.page.getByRole("status").waitFor();
    await there.getByText("refused", { exact: true }).waitFor();
  });

  test("a batch is approved with its signatory's key, paused, let go on and called off", async () => {
    const batch = await agency.batch(Array.from({ length: 90 }, (_, n) => payment(n + 1)));
    await ada.go("Batches");
    await ada.page.getByRole("row", { name: batch }).getByRole("button", { name: "Approve" }).click();
    const dialog = ada.page.getByRole("dialog");
    const text = dialog.locator(".code.boxed");
    await expect.poll(() => text.innerText()).not.toContain("Working");
    await dialog.getByLabel("Signature (base64)").fill(agency.sign(await text.innerText()));
    await ada.picture("work-approve-batch");
    await dialog.getByRole("button", { name: "Approve" }).click();
    await ada.page.getByRole("status").getByText("Approved.").waitFor();
    await agency.waitForState(batch, "running");
    const { page } = manager;
    await manager.go("Batches");
    const row = page.getByRole("row", { name: batch });
    const steer = async (name: string, become: string) => {
      await row.getByRole("button", { name, exact: true }).click();
      const asked = page.getByRole("dialog");
      await asked.getByLabel("Why").fill("the agency asked for it");
      await asked.getByRole("button", { name, exact: true }).click();
      await page.getByRole("status").getByText(`The batch is now: ${become}.`).waitFor();
    };
    await steer("Pause", "paused");
    await manager.picture("work-batch");
    await steer("Go on", "being paid");
    await steer("Pause", "paused");
    await steer("Call off", "ending");
    expect(["ending", "settled"]).toContain(await agency.waitForState(batch, "ending", "settled"));
  });

  test("a callback is sent again, and arrives again", async () => {
    const { receiver } = town().installation;
    const { page } = manager;
    const [first] = receiver.received;
    await manager.go("Callbacks");
    await page.getByRole("button", { name: "Send again 1", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await page.getByRole("status").getByText("It will be sent within a minute.").waitFor();
    await manager.picture("work-callbacks");
    const arrived = () =>
      receiver.received.filter(({ body }) => body["requestID"] === first?.body["requestID"]).length;
    await expect.poll(arrived, { timeout: 90_000 }).toBe(2);
  });

  test("a payee's address is seen by who asked for it, once another has released it", async () => {
    const payee = { payeeIdentity: "AMINA-1", paymentModality: "01", financialAddress: "+254712345678" };
    await town().ministry.call(
      "POST",
      "/beneficiary",
      { requestID: town().ministry.nextRequestId(), beneficiaries: [payee] },
      { "X-Callback-URL": "", "X-Program-ID": "relief" },
    );
    const { page } = manager;
    await manager.go("Beneficiaries");
    await page.getByRole("button", { name: /See addresses/ }).click();
    await page.getByRole("dialog").getByLabel("Why").fill("A payment came back");
    await page.getByRole("dialog").getByRole("button", { name: "See addresses" }).click();
    await page.getByRole("status").getByText("Waits for another person").waitFor();
    expect(await page.getByRole("button", { name: /^Show/ }).count()).toBe(0);
    await ada.go("Approvals");
    const row = ada.page.getByRole("row", { name: /a payee’s addresses/ });
    await row.getByText("A payment came back").waitFor();
    await row.getByRole("button", { name: /^Approve/ }).click();
    await ada.page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await ada.page.getByRole("status").getByText("Approved and carried out.").waitFor();
    await manager.go("Vouchers");
    await manager.go("Beneficiaries");
    await page.getByRole("button", { name: /^Show/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("+254712345678").first().waitFor();
    await expectNoFaults(page, "addresses that were released");
    await manager.picture("work-disclosed");
    await dialog.getByRole("button", { name: "Close" }).click();
    await ada.page.goto(`${town().url}/console/#/beneficiaries`);
    await ada.page.getByRole("heading", { name: "Beneficiaries", level: 1 }).waitFor();
    expect(await ada.page.getByRole("button", { name: /^Show/ }).count(), "whoever released it").toBe(0);
  });

  test("the audit trail is searched, saved, and found to be whole", async () => {
    const { page } = auditor;
    await auditor.go("Audit trail");
    await page.getByLabel("Component").fill("disclosure");
    await page.getByLabel("Component").press("Enter");
    const rows = page.getByRole("table").locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(3);
    const year = String(new Date().getFullYear());
    expect(await rows.first().locator("th").innerText()).toContain(year);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Save all as JSON Lines" }).click();
    const saved = await readFile(await (await download).path(), "utf8");
    const actions = saved
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { action: string }).action);
    expect(actions).toEqual(["disclosure.show", "disclosure.release", "disclosure.propose"]);
    await page.getByRole("button", { name: "Check the chain" }).click();
    const dialog = page.getByRole("dialog", { name: "Check the chain" });
    await dialog.getByRole("button", { name: "Check", exact: true }).click();
    await dialog.getByText("The trail is whole.").waitFor();
    await dialog.getByText(/^[\d,]+ of [\d,]+ entries read, the last of them written/).waitFor();
    await expectNoFaults(page, "a chain that was checked");
    await auditor.picture("work-chain");
    await dialog.getByLabel(/Head kept elsewhere/).fill(`3:${"0".repeat(64)}`);
    await dialog.getByRole("button", { name: "Check", exact: true }).click();
    await dialog.getByText("THE TRAIL IS NOT WHAT IT WAS.").waitFor();
    await dialog.getByText("3: other-history").waitFor();
  });

  test("the reports tell what happened, in charts and tables, light and dark and in a small window", async () => {
    const { page } = auditor;
    await page.goto(`${town().url}/console/#/reports`);
    const tabs = page.getByRole("navigation", { name: "Reports" }).getByRole("link");
    await tabs.first().waitFor();
    const names = await tabs.allInnerTexts();
    expect(names).toHaveLength(8);
    for (const name of names) {
      await tabs.filter({ hasText: name }).click();
      await auditor.settled();
      for (const colorScheme of ["dark", "light"] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await seriousFaults(page), `${name}, ${colorScheme}`).toEqual([]);
        await auditor.picture(`${colorScheme}-report-${name.toLowerCase().replaceAll(" ", "-")}`);
      }
    }
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport);
      for (const name of names) {
        await tabs.filter({ hasText: name }).click();
        await auditor.settled();
        const wide = await page.evaluate("document.documentElement.scrollWidth");
        expect(wide, `${name}, ${size}`).toBeLessThanOrEqual(viewport.width);
      }
      await auditor.picture(`${size}-report`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await tabs.filter({ hasText: "Payouts to merchants" }).click();
    await page.getByRole("row", { name: /shop-1.*USD\s43\.00.*USD\s0\.25.*USD\s42\.75/ }).waitFor();
    await tabs.filter({ hasText: "Reconciliation" }).click();
    await page.getByRole("cell", { name: "agrees" }).first().waitFor();
    expect(await page.getByRole("cell", { name: "differs" }).count()).toBe(0);
  }, 300_000);

  test("the page's own code complained of nothing", () => {
    for (const person of [manager, ada, auditor]) expect(person.complaints, person.name).toEqual([]);
  });
});
