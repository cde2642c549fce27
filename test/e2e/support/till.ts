/** A till as a person has it: the browser shell as a process of its own, and its page in a real browser. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { projectRoot, start } from "../../support/processes.ts";
import type { Running } from "../../support/processes.ts";
import type { Shop, Town } from "./town.ts";

const screenshots = join(projectRoot, "test", "e2e", "screenshots");
export const passphrase = "a passphrase for trials only";
export const pin = "2468";
const slowMachineMs = 60_000;

/** A laptop of ten years ago; a phone. */
export const sizes = { desk: { width: 1024, height: 600 }, phone: { width: 390, height: 844 } } as const;

export class Till {
  readonly town: Town;
  readonly folder: string;
  #shell: Running | undefined;
  #page: Page | undefined;

  constructor(town: Town, name: string) {
    this.town = town;
    this.folder = join(town.installation.folder, name);
  }

  /** The one page; `start` opens it. */
  get page(): Page {
    if (!this.#page) throw new Error("the till was not started");
    return this.#page;
  }

  async start(options: BrowserContextOptions = {}): Promise<Page> {
    this.#shell = start("desktop/web/main.ts", ["--data", this.folder]);
    const [address] = await this.#shell.line(/http:\S+\/open\?token=\S+/);
    const context = await this.town.browser.newContext({ viewport: sizes.desk, locale: "en", ...options });
    context.setDefaultTimeout(slowMachineMs);
    this.#page = await context.newPage();
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

  async enrol(shop: Shop): Promise<void> {
    const { page } = this;
    await page.getByLabel("Address of the server").fill(this.town.url);
    await page.getByLabel("Enrolment code").fill(shop.code);
    await page.getByLabel("Passphrase for this till").fill(passphrase);
    await page.getByLabel("The passphrase again").fill(passphrase);
    await page.getByRole("button", { name: "Enrol this till" }).click();
    await page.getByRole("heading", { name: "Who will work at this till?" }).waitFor();
  }

  async addFirstCashier(name: string): Promise<void> {
    const { page } = this;
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("PIN").fill(pin);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("heading", { name: "Redeem a voucher" }).waitFor();
  }

  async picture(name: string): Promise<void> {
    await mkdir(screenshots, { recursive: true });
    await this.page.screenshot({ path: join(screenshots, `${name}.png`) });
  }
}
