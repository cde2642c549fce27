import { afterAll, beforeAll, expect, test } from "vitest";
import { createLink } from "../support/link.ts";
import type { Link } from "../support/link.ts";
import { expectNoFaults } from "./support/axe.ts";
import { flows } from "./support/describe.ts";
import { textOf, Till } from "./support/till.ts";

flows("an agent's payees, with the link and without it", (town) => {
  let till: Till;
  let link: Link;

  const write = async (method: "POST" | "PUT", identity: string, phone: string) => {
    const requestID = town().ministry.nextRequestId();
    const payee = { payeeIdentity: identity, paymentModality: "01", financialAddress: phone, area: "North" };
    const headers = { "X-Callback-URL": "", "X-Program-ID": "relief" };
    const { body } = await town().ministry.call(
      method,
      "/beneficiary",
      { requestID, beneficiaries: [payee] },
      headers,
    );
    expect(body["numberFailedCases"]).toBe(0);
  };
  const choose = (part: string) => till.page.getByText(part, { exact: true }).click();
  const name = async (identity: string) => till.page.getByLabel("Identity of the payee").fill(identity);
  const lookUp = async (identity: string) => {
    await name(identity);
    await till.page.getByRole("button", { name: "Look up", exact: true }).click();
    const answer = till.page.locator(".card", { hasText: identity });
    await answer.waitFor();
    return answer;
  };

  beforeAll(async () => {
    link = await createLink(town().url);
    const shop = await town().shop("agent-1", "Field agent");
    await write("POST", "AMINA-1", "+254712345678");
    await write("POST", "JUMA-2", "+254712000002");
    till = new Till(town(), "till-1");
    await till.start();
    await till.enrol(shop, link.url);
    await till.addFirstCashier("Baraka");
  });
  afterAll(async () => {
    await till.stop();
    await link.cut();
  });

  test("a till that serves no programme has no section for payees; one that does has it after a sync", async () => {
    const { page } = till;
    const section = page.getByRole("navigation").getByRole("button", { name: "Payees" });
    expect(await section.count()).toBe(0);
    const nodeId = await till.nodeId();
    const granted = ["--area", "North", "--institution", "welfare", "--by", "Olga"];
    await town().operate("node", "serve", nodeId, "relief", ...granted);
    await till.sync();
    await section.waitFor();
  });

  test("a payee is looked up: masked with its age, in full once a reason is given, and both look-ups reach the server", async () => {
    const { page } = till;
    await till.go("Payees");
    const answer = await lookUp("AMINA-1");
    const masked = await textOf(answer);
    expect(masked).toMatch(/Active[\s\S]*Mobile money[\s\S]*•••••••••5678/);
    expect(masked).not.toContain("+254712345678");
    expect(masked).toMatch(/As of .*20\d\d/);
    await till.picture("payee-masked");
    await expectNoFaults(page, "a payee that was looked up");
    await page.getByLabel("Why is the full address needed?").fill("she lost her card");
    await page.getByRole("button", { name: "Show the full address" }).click();
    await answer.getByText("+254712345678").waitFor();
    await till.picture("payee-revealed");
    await expectNoFaults(page, "a payee with the full address");
    const done = page.getByRole("region", { name: "AMINA-1, relief" });
    await till.sync();
    await till.go("Payees");
    await choose("Answers");
    await expect.poll(() => done.getByText("Settled").count()).toBe(2);
  });

  test("without a link it is looked up, refused where it is wrong, registered and updated, and waits", async () => {
    const { page } = till;
    await link.cut();
    await choose("Look up");
    expect(await textOf(await lookUp("JUMA-2"))).toContain("•••••••••0002");
    expect(await textOf(await lookUp("NOBODY"))).toContain("No such payee is known here.");

    await choose("Register");
    await name("NEEMA-3");
    await page.getByLabel("How the payee is paid").selectOption("Bank account");
    await page.getByLabel("Account, number or address").fill("NL87ABNA4193835511");
    await page.getByRole("button", { name: "Register the payee" }).click();
    await page.getByText("This is no IBAN").waitFor();
    await till.picture("payee-wrong-iban");
    await expectNoFaults(page, "a wrong IBAN");
    await page.getByLabel("Account, number or address").fill("nl87 abna 4193 8355 10");
    // This till serves one area: there is nothing to choose, and the agent sees where the payee will be.
    await page.getByText("Area: North").waitFor();
    expect(await page.getByLabel("Area").count()).toBe(0);
    await page.getByRole("button", { name: "Register the payee" }).click();
    await page.getByText("Written down. The server answers when it is reached").waitFor();

    await choose("Update");
    await name("JUMA-2");
    await page.getByLabel("How the payee is paid").selectOption("Mobile money");
    await page.getByLabel("Account, number or address").fill("+254 712 000 009");
    await expectNoFaults(page, "an update of a payee");
    await page.getByRole("button", { name: "Send the change" }).click();
    await page.getByText("Written down. The server answers when it is reached").waitFor();

    await choose("Answers");
    const mine = page.getByRole("region", { name: "NEEMA-3, relief" });
    await mine.getByText("Waits to be sent").waitFor();
    expect(await textOf(mine)).not.toContain("NL87ABNA4193835510");
  });

  test("with the link again each is answered, and of a conflict both versions are shown until people decide", async () => {
    const { page } = till;
    await write("PUT", "JUMA-2", "+254712000008");
    await link.join();
    await till.sync();
    await till.go("Payees");
    await choose("Answers");
    await page.getByRole("region", { name: "NEEMA-3, relief" }).getByText("Settled").waitFor();
    const conflict = page.getByRole("region", { name: "JUMA-2, relief" }).first();
    await conflict.getByText("This payee was changed meanwhile.").waitFor();
    const yours = conflict.getByRole("region", { name: "What was written here" });
    const theirs = conflict.getByRole("region", { name: "What the programme has now" });
    expect(await textOf(yours)).toContain("0009");
    await expect.poll(() => textOf(theirs)).toContain("0008");
    await till.picture("payee-conflict");
    await expectNoFaults(page, "a conflict");

    const [held] = (await town().operate("payees", "conflicts")) as { readonly hash: string }[];
    const because = ["--because", "she was here herself", "--by", "Olga"];
    await town().operate("held", "propose", held!.hash, "apply", ...because);
    await town().operate("held", "decide", held!.hash, "--by", "Petr");
    await till.sync();
    await till.go("Payees");
    await choose("Answers");
    await page.getByRole("region", { name: "JUMA-2, relief" }).first().getByText("Settled").waitFor();
    const { body } = await town().ministry.call("GET", "/beneficiary?payeeIdentity=JUMA-2");
    expect(body["paymentModalityList"]).toMatchObject([{ financialAddress: "+254712000009" }]);
  });

  test("a till that serves every area registers a payee in one of them, or in a new one", async () => {
    const { page } = till;
    const granted = ["--institution", "welfare", "--by", "Olga"];
    await town().operate("node", "serve", await till.nodeId(), "relief", ...granted);
    await till.sync();
    await till.go("Payees");
    await choose("Register");
    await name("ZAWADI-4");
    await page.getByLabel("How the payee is paid").selectOption("Mobile money");
    await page.getByLabel("Account, number or address").fill("+254712000044");
    const area = page.getByLabel("Area");
    const list = await area.getAttribute("list");
    const options = `[...document.getElementById(${JSON.stringify(list)}).options].map((one) => one.value)`;
    expect(await page.evaluate(options)).toEqual(["North"]);
    await area.fill("South");
    await till.picture("payee-area");
    await expectNoFaults(page, "a registration with its area");
    await page.getByRole("button", { name: "Register the payee" }).click();
    await page.getByText("Written down. The server answers when it is reached").waitFor();
    await till.sync();
    await till.go("Payees");
    await choose("Answers");
    await page.getByRole("region", { name: "ZAWADI-4, relief" }).getByText("Settled").waitFor();
    await choose("Register");
    await expect
      .poll(async () => page.locator("datalist option[value='South']").count(), { timeout: 20_000 })
      .toBe(1);
  });

  test("in Arabic it reads from right to left, with the addresses the right way round", async () => {
    const { page } = till;
    await till.go("Settings");
    await page.getByLabel("Language").selectOption("العربية");
    await page.getByRole("navigation").getByRole("button", { name: "المستفيدون" }).click();
    await page.getByRole("heading", { name: "المستفيدون" }).waitFor();
    await till.picture("payees-arabic");
    expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
    expect(till.complaints.filter((text) => !text.includes("net::ERR"))).toEqual([]);
  });
});
