/**
 * What the end-to-end tests of one file happen in: a server process with a database of its own, a ministry, two voucher
 * groups, shops, and a browser. The server can really be stopped and started again under the same address.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { inject } from "vitest";
import {
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
} from "../../support/installation.ts";
import type { Installation } from "../../support/installation.ts";
import type { Institution, IssuedVoucher } from "../../support/institution.ts";
import type { Running } from "../../support/processes.ts";
import { freePort } from "../../support/free-port.ts";
import { openRegistry } from "./registry.ts";
import type { Registry } from "./registry.ts";
import { launchBrowser } from "./browser.ts";

/** Vouchers of this group are only ever taken on a lease, or online. */
export const leasedGroup = "FOO";
/** Vouchers of this group may be taken at risk. */
export const atRiskGroup = "RSK";

export interface Voucher extends IssuedVoucher {
  readonly token: string;
}

export interface Shop {
  readonly id: string;
  readonly name: string;
  /** For one till. */
  readonly code: string;
}

export class Town {
  readonly installation: Installation;
  readonly url: string;
  readonly browser: Browser;
  readonly ministry: Institution;
  /** Stands for the people's registry that the server asks, which is no part of this project. */
  readonly registry: Registry;
  #server: Running;

  private constructor(
    installation: Installation,
    url: string,
    browser: Browser,
    ministry: Institution,
    registry: Registry,
    server: Running,
  ) {
    this.installation = installation;
    this.url = url;
    this.browser = browser;
    this.ministry = ministry;
    this.registry = registry;
    this.#server = server;
  }

  static async open(): Promise<Town> {
    const found = inject("browser");
    if (!found.found) throw new Error(found.because);
    const folder = await mkdtemp(join(tmpdir(), "paypost-e2e-"));
    const registry = await openRegistry();
    const environment = { PORT: String(await freePort()), PAYPOST_REGISTRY_URL: registry.url };
    const [browser, installation] = await Promise.all([
      launchBrowser(found.path),
      prepareInstallation(folder, environment),
    ]);
    const { running, url } = await startServer(installation);
    const ministry = await registerInstitution(installation, url, "welfare");
    const policy = join(folder, "policy.json");
    await writeFile(policy, JSON.stringify(policyFile));
    await Promise.all([
      operate(installation, "group", "add", leasedGroup, "Food aid"),
      operate(installation, "group", "add", atRiskGroup, "Small change", "--at-risk"),
      operate(installation, "policy", "set", policy, "--by", "Operator"),
    ]);
    await Promise.all(
      [leasedGroup, atRiskGroup].map((group) =>
        operate(installation, "group", "fund", group, "5000.00", "USD", "--reference", `treasury-${group}`),
      ),
    );
    return new Town(installation, url, browser, ministry, registry, running);
  }

  operate(...words: readonly string[]): Promise<unknown> {
    return operate(this.installation, ...words);
  }

  async shop(id: string, name: string): Promise<Shop> {
    await this.operate("merchant", "add", id, name, "--accepts", `${leasedGroup},${atRiskGroup}`);
    return { id, name, code: await this.codeFor(id, `${name}, till 1`) };
  }

  async codeFor(shop: string, till: string, ...more: readonly string[]): Promise<string> {
    const issued = (await this.operate("node", "code", shop, till, ...more)) as { readonly code: string };
    return issued.code;
  }

  /** Vouchers that can be redeemed: by whomever, or by the till that they are leased to. */
  async vouchers(
    group: string,
    amounts: readonly number[],
    lease: { readonly leaseTo?: string } = {},
  ): Promise<Voucher[]> {
    const made = await this.ministry.createVouchers(group, amounts);
    const { vouchers } = await this.ministry.activate(
      made.map(({ serialNumber }) => serialNumber),
      lease,
    );
    return made.map((voucher) => {
      const activated = vouchers.find(({ serialNumber }) => serialNumber === voucher.serialNumber);
      if (!activated) throw new Error(`voucher ${voucher.serialNumber} was not activated`);
      return { ...voucher, token: activated.token };
    });
  }

  /** The process ends, its database with it; nothing answers at its address. */
  async stopServer(): Promise<void> {
    this.#server.child.kill("SIGTERM");
    await this.#server.finished;
  }

  async startServer(): Promise<void> {
    this.#server = (await startServer(this.installation)).running;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.stopServer();
    await this.registry.close();
    await this.installation.receiver.close();
    await rm(this.installation.folder, { recursive: true, force: true });
  }
}

const policyFile = {
  validDays: 90,
  atRisk: { redemptions: 20, hours: 72, denyListHours: 72, lateSettlementHours: 48 },
  unanchoredHours: 24,
  clockErrorSeconds: 120,
  cashOut: { USD: { fixed: "0.10", percent: 1.5 } },
  currencies: {
    USD: {
      perVoucher: "50.00",
      perOperation: "50.00",
      sum: "200.00",
      guaranteed: "5.00",
      unanchored: "100.00",
    },
  },
};
