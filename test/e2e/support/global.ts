/** Before the end-to-end tests: the pages are built from this source, and a browser is found. */
import { build } from "vite";
import type { TestProject } from "vitest/node";
import { projectRoot } from "../../support/processes.ts";
import { findBrowser } from "./browser.ts";
import type { FoundBrowser } from "./browser.ts";

declare module "vitest" {
  export interface ProvidedContext {
    browser: FoundBrowser;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const browser = findBrowser();
  if (!browser.found && process.env["CI"] !== undefined) {
    throw new Error(`The end-to-end tests have no browser: ${browser.because}.`);
  }
  project.provide("browser", browser);
  if (!browser.found) return;
  // What says which mode is built for is this process's environment, and the tests' own is not the page's.
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  for (const page of ["desktop", "node-server/console"])
    await build({ configFile: `${projectRoot}${page}/vite.config.ts`, logLevel: "warn" });
  process.env["NODE_ENV"] = before;
}
