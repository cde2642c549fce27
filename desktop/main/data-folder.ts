/** Where the till's files are. They are this machine's: a second copy elsewhere would be a clone of the till. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { App } from "electron";

/**
 * Moves what Electron keeps, and the till with it, out of the profile that Windows copies between the machines of a
 * network. Called first: the lock against a second start is in that folder, too.
 */
export function settleUserData(
  app: Pick<App, "setPath">,
  env: NodeJS.ProcessEnv,
  args: readonly string[],
): void {
  const chosen = folderIn(args);
  if (chosen !== undefined) app.setPath("userData", join(chosen, "shell"));
  else if (env["LOCALAPPDATA"] !== undefined) app.setPath("userData", join(env["LOCALAPPDATA"], "Paypost"));
}

export function tillFolder(app: Pick<App, "getPath">, args: readonly string[]): string {
  return folderIn(args) ?? join(app.getPath("userData"), "till");
}

/** `--data FOLDER`, as in the browser shell. Chromium's own switches stand beside it. */
function folderIn(args: readonly string[]): string | undefined {
  const { values } = parseArgs({ args: [...args], options: { data: { type: "string" } }, strict: false });
  return typeof values.data === "string" && values.data !== "" ? resolve(values.data) : undefined;
}
