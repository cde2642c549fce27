/** A till as a person has it: the browser shell as a process of its own, and its page in a real browser. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { projectRoot, start } from "../../support/processes.ts";
import type { Running } from "../../support/processes.ts";
import type { Shop } from "./town.ts";

const screenshots = join(projectRoot, "test", "e2e", "screenshots");
export const passphrase = "a passphrase for trials only";
export const pin = "2468";
const slowMachineMs = 60_000;

/** A laptop of ten years ago; a phone. */
export const sizes = { desk: { width: 1024, height: 600 }, phone: { width: 390, height: 844 } } as const;

/** Where a till is: a town has all of it. */
export interface Place {
  readonly browser: Browser;
  /** The server's address. */
  readonly url: string;
  readonly installation: { readonly folder: string };
}

export class Till {
  readonly town: Place;
  readonly folder: string;
  #shell: Running | undefined;
  #page: Page | undefined;
  /** What the page's own code complained of. */
  readonly complaints: string[] = [];

  constructor(town: Place, name: string) {
    this.town = town;
    this.folder = join(town.installation.folder, name);
  }

  /** The one page; `start` opens it. */
  get page(): Page {
    if (!this.#page) throw new Error("the till was not started");
    return this.#page;
  }

  get shellPid(): number {
    return this.#shell?.child.pid ?? 0;
  }

  async start(options: BrowserContextOptions = {}): Promise<Page> {
    this.#shell = start("desktop/web/main.ts", ["--data", this.folder]);
    const [address] = await this.#shell.line(/http:\S+\/open\?token=\S+/);
    return this.show(address, options);
  }

  /** The page of a shell that runs already. */
  async show(address: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.town.browser.newContext({
      viewport: sizes.desk,
      locale: "en",
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(slowMachineMs);
    this.#page = await context.newPage();
    this.#page.on("pageerror", (error) => this.complaints.push(error.message));
    this.#page.on("console", (said) => {
      if (said.type() === "error") this.complaints.push(`${said.text()} (${said.location().url})`);
    });
    await this.#page.goto(address);
    await this.#page.locator("h1").waitFor();
    return this.#page;
  }

  /** Without a chance to tidy up, as when the power fails. */
  async kill(): Promise<void> {
    this.#shell?.child.kill("SIGKILL");
    await this.#shell?.finished;
    await this.#page?.context().close();
  }

  async stop(): Promise<void> {
    await this.#page?.context().close();
    this.#shell?.child.kill("SIGTERM");
    await this.#shell?.finished;
  }

  /** `serverUrl` where the till reaches the server through a link that can be cut. */
  async enrol(shop: Shop, serverUrl = this.town.url): Promise<void> {
    const { page } = this;
    await page.getByLabel("Address of the server").fill(serverUrl);
    await page.getByLabel("Enrolment code or link").fill(shop.code);
    await this.choosePassphrase();
    await page.getByRole("button", { name: "Enrol this till" }).click();
    await page.getByRole("heading", { name: "Who will work at this till?" }).waitFor();
  }

  async choosePassphrase(): Promise<void> {
    const { page } = this;
    await page.getByLabel("Passphrase for this till").fill(passphrase);
    await page.getByLabel("The passphrase again").fill(passphrase);
  }

  async addFirstCashier(name: string): Promise<void> {
    const { page } = this;
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("PIN").fill(pin);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("heading", { name: "Redeem a voucher" }).waitFor();
  }

  /** After a start: the passphrase, then the PIN. */
  async open(cashier: string, itsPin = pin): Promise<void> {
    await this.page.getByLabel("Passphrase").fill(passphrase);
    await this.page.getByRole("button", { name: "Unlock", exact: true }).click();
    await this.signIn(cashier, itsPin);
  }

  async signIn(cashier: string, itsPin = pin): Promise<void> {
    const { page } = this;
    await page.getByRole("heading", { name: "Who is at the till?" }).waitFor();
    await page.getByText(cashier, { exact: true }).click();
    await page.getByLabel("PIN", { exact: true }).fill(itsPin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Redeem a voucher" }).waitFor();
  }

  /** By the words of the section in English. */
  async go(section: string): Promise<void> {
    await this.page.getByRole("navigation").getByRole("button", { name: section }).click();
  }

  /** Types a voucher and has it checked; what comes of it is on the screen. */
  async check(voucher: { readonly serialNumber: string; readonly number: string }): Promise<void> {
    const { page } = this;
    await page.getByLabel("Voucher", { exact: true }).fill(voucher.serialNumber);
    await page.getByLabel("Number under the scratch panel").fill(voucher.number);
    await page.getByRole("button", { name: "Check the voucher" }).click();
  }

  /** As a scanner does it: the square code is typed, with Enter at its end. */
  async scan(voucher: { readonly token: string; readonly number: string }): Promise<void> {
    await this.page.keyboard.type(voucher.token);
    await this.page.keyboard.press("Enter");
    await this.typeNumber(voucher.number);
  }

  /** What the square code holds, brought in at once. */
  async paste(voucher: { readonly token: string; readonly number: string }): Promise<void> {
    const { page } = this;
    await page.getByLabel("Voucher", { exact: true }).focus();
    await page.evaluate(`{
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", ${JSON.stringify(voucher.token)});
      const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      document.activeElement.dispatchEvent(paste);
    }`);
    await this.typeNumber(voucher.number);
  }

  async typeNumber(number: string): Promise<void> {
    const { page } = this;
    await page.getByText("Square code read").waitFor();
    await page.getByLabel("Number under the scratch panel").fill(number);
    await page.getByRole("button", { name: "Check the voucher" }).click();
  }

  async confirm(): Promise<void> {
    await this.page.getByRole("button", { name: /^(Redeem|Pay out) / }).click();
  }

  /** The large answer: its words. */
  async answer(title: string): Promise<string> {
    const { page } = this;
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
    return textOf(page.locator(".outcome"));
  }

  async next(): Promise<void> {
    await this.page.getByRole("button", { name: "Next voucher" }).click();
  }

  async sync(): Promise<void> {
    await this.go("Connection");
    const answered = this.page.waitForResponse("**/ask/sync");
    await this.page.getByRole("button", { name: "Sync now" }).click();
    await answered;
  }

  async nodeId(): Promise<string> {
    await this.go("Settings");
    const id = await this.page
      .locator("dt", { hasText: "Node id" })
      .locator("xpath=following-sibling::dd")
      .innerText();
    return id.trim();
  }

  /** Nothing on the screen is still being fetched. */
  async settled(): Promise<void> {
    await this.page.locator("h1").waitFor();
    await this.page.getByText("Working on it…").waitFor({ state: "detached" });
  }

  /** The history's rows that name a serial. */
  async rows(serial: string): Promise<string[]> {
    await this.settled();
    return this.page
      .getByRole("row")
      .filter({ has: this.page.getByRole("rowheader", { name: serial }) })
      .allInnerTexts();
  }

  /** Presses what prints, and gives the PDF that Chromium makes of it. */
  async printed(button: string): Promise<Buffer> {
    const { page } = this;
    // A page without a screen to show the print dialog on tells nobody; the sheet stays until the next print.
    await page.evaluate("window.print = () => document.documentElement.setAttribute('data-printed', '')");
    await page.getByRole("button", { name: button, exact: true }).click();
    await page.locator("html[data-printed]").waitFor();
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    await page.evaluate("document.documentElement.removeAttribute('data-printed')");
    await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
    return pdf;
  }

  /** Presses what saves a file, and gives its content. */
  async saved(button: string | RegExp): Promise<Buffer> {
    const download = this.page.waitForEvent("download");
    await this.page.getByRole("button", { name: button }).click();
    return readFile(await (await download).path());
  }

  async picture(name: string): Promise<void> {
    await mkdir(screenshots, { recursive: true });
    await this.page.screenshot({ path: join(screenshots, `${name}.png`) });
  }
}

/** As it is read: with ordinary spaces. */
export async function textOf(place: Locator): Promise<string> {
  return (await place.innerText()).replaceAll(/[\u00a0\u202f]/g, " ");
}

/** Of a PDF's first page. */
export function paperSizeMm(pdf: Buffer): { readonly width: number; readonly height: number } {
  const box = /\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]/.exec(pdf.toString("latin1"));
  const mm = (points: string | undefined) => (Number(points) * 25.4) / 72;
  return { width: mm(box?.[1]), height: mm(box?.[2]) };
}
