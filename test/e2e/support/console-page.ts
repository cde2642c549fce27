/** The console as a person has it: its page in a real browser, an authenticator app in the hand. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { Authenticator } from "../../support/console.ts";
import { projectRoot } from "../../support/processes.ts";
import { sizes } from "./till.ts";
import type { Town } from "./town.ts";

const screenshots = join(projectRoot, "test", "e2e", "screenshots");
const slowMachineMs = 60_000;

/** Where the console is: a town has all of it. */
export type ConsolePlace = Pick<Town, "browser" | "url" | "operate">;

export class ConsolePage {
  readonly town: ConsolePlace;
  readonly name: string;
  readonly password: string;
  authenticator: Authenticator | undefined;
  #page: Page | undefined;
  /** What the page's own code complained of. */
  readonly complaints: string[] = [];

  constructor(town: ConsolePlace, name: string) {
    this.town = town;
    this.name = name;
    this.password = "correct horse battery staple";
  }

  get page(): Page {
    if (!this.#page) throw new Error("the console was not opened");
    return this.#page;
  }

  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.town.browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: "en",
      reducedMotion: "reduce",
      acceptDownloads: true,
      ...options,
    });
    context.setDefaultTimeout(slowMachineMs);
    this.#page = await context.newPage();
    this.#page.on("pageerror", (error) => this.complaints.push(error.message));
    this.#page.on("console", (said) => {
      // A refusal is an answer that the page shows; browsers report it all the same.
      if (said.type() === "error" && !/status of 4\d\d/.test(said.text())) this.complaints.push(said.text());
    });
    await this.#page.goto(`${this.town.url}/console`);
    await this.#page.getByRole("heading", { level: 1 }).waitFor();
    return this.#page;
  }

  /** The one-time password that the command line prints. */
  async invited(role: string): Promise<string> {
    const told = await this.town.operate("operator", "add", this.name, "--role", role, "--by", "Test");
    return (told as { readonly oneTimePassword: string }).oneTimePassword;
  }

  /** From the invitation to the first page that they may see. */
  async begin(role: string): Promise<void> {
    const oneTimePassword = await this.invited(role);
    const page = await this.open();
    await this.fillIn(oneTimePassword, "");
    await page.getByRole("heading", { name: "Welcome" }).waitFor();
    await this.choose();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
  }

  async choose(): Promise<void> {
    const { page } = this;
    this.authenticator = new Authenticator(await page.locator(".code").innerText());
    await page.getByLabel("New password").fill(this.password);
    await page.getByLabel("Code that the app shows now").fill(await this.authenticator.code());
    await page.getByRole("button", { name: "Begin" }).click();
  }

  async signIn(): Promise<void> {
    await this.fillIn(this.password, (await this.authenticator?.code()) ?? "");
    await this.page.getByRole("button", { name: "Sign out" }).waitFor();
  }

  async fillIn(password: string, code: string): Promise<void> {
    const { page } = this;
    await page.getByLabel("Name").fill(this.name);
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Code of your authenticator app").fill(code);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  /** By the words of the section in English. */
  async go(section: string): Promise<void> {
    await this.page
      .getByRole("navigation", { name: "Sections" })
      .getByRole("link", { name: section, exact: true })
      .click();
    await this.page.getByRole("heading", { name: section, level: 1 }).waitFor();
    await this.settled();
  }

  /** Nothing is asked for any more. */
  async settled(): Promise<void> {
    await this.page.waitForLoadState("networkidle");
  }

  async picture(name: string): Promise<void> {
    await mkdir(screenshots, { recursive: true });
    await this.page.screenshot({ path: join(screenshots, `console-${name}.png`), fullPage: true });
  }

  async small(): Promise<void> {
    await this.page.setViewportSize(sizes.phone);
  }

  async close(): Promise<void> {
    await this.#page?.context().close();
  }
}
