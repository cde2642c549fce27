/**
 * The desktop application: the page in Electron's window, the till in a thread. What may be asked of whom is decided in
 * the files beside this one; here they are put together, in the order that Electron wants.
 */
import { app, protocol } from "electron";
import { settleUserData } from "./data-folder.ts";
import { guardContents } from "./guards.ts";
import { asLink, linkInFile, openingIn } from "./openings.ts";
import { pageScheme } from "./page-scheme.ts";
import { startProgram } from "./program.ts";
import type { Program } from "./program.ts";

const args = process.argv.slice(app.isPackaged ? 1 : 2);
let program: Program | undefined;
let link = openingIn(args, process.cwd());
const open = (given: string | undefined): void => {
  link = given ?? link;
  program?.open(given);
};

settleUserData(app, process.env, args);
// A second start leaves its link to the first one, which has the till.
if (app.requestSingleInstanceLock({ link: link ?? null })) {
  protocol.registerSchemesAsPrivileged([pageScheme]);
  app.enableSandbox();
  app.setAppUserModelId("org.paypost.till");
  if (app.isPackaged) app.setAsDefaultProtocolClient("paypost");
  app.on("web-contents-created", (_event, contents) => guardContents(contents));
  app.on("second-instance", (_event, _args, _directory, handed) => {
    open(asLink((handed as { readonly link?: unknown } | null)?.link));
  });
  app.on("open-url", (event, url) => {
    event.preventDefault();
    open(asLink(url));
  });
  app.on("open-file", (event, path) => {
    event.preventDefault();
    open(linkInFile(path));
  });
  app.on("activate", () => program?.open(undefined));
  // Windows close by way of the program's own end; without this, Electron would end before it.
  app.on("window-all-closed", () => {});
  // Not awaited here: Electron is not ready before this file has run to its end.
  app.whenReady().then(begin).catch(fail);
} else {
  app.quit();
}

async function begin(): Promise<void> {
  program = await startProgram(args);
  if (link !== undefined) program?.open(link);
}

function fail(error: unknown): void {
  console.error(error);
  app.exit(1);
}
