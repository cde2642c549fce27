/** Electron's own program. It comes with no package: its project's releases are asked for it once, by its own installer. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export type FoundElectron =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly because: string };

const packageFolder = dirname(fileURLToPath(import.meta.resolve("electron/package.json")));
/** A slow line needs minutes for 120 MB; one that says nothing at all is given up. */
const longestDownloadMs = 30 * 60_000;

/** Where it is already. `ELECTRON_OVERRIDE_DIST_PATH` names the folder of another one, as Electron's own starter has it. */
export function installedElectron(folder = packageFolder): string | undefined {
  const named = textOf(join(folder, "path.txt"));
  const other = process.env["ELECTRON_OVERRIDE_DIST_PATH"];
  if (other === undefined && named === undefined) return undefined;
  const path = join(other ?? join(folder, "dist"), named ?? "electron");
  return existsSync(path) ? path : undefined;
}

/** Downloads it where it is missing; its checksums are part of the package, which the lock file pins. */
export function findElectron(folder = packageFolder): FoundElectron {
  const there = installedElectron(folder);
  if (there !== undefined) return { ok: true, path: there };
  console.log("Electron's program is not here yet; it is downloaded once, some 120 MB.");
  const { status, stderr, error } = spawnSync(process.execPath, [join(folder, "install.js")], {
    encoding: "utf8",
    stdio: ["ignore", "inherit", "pipe"],
    timeout: longestDownloadMs,
  });
  const path = status === 0 ? installedElectron(folder) : undefined;
  if (path !== undefined) return { ok: true, path };
  const said = stderr.trim().split("\n")[0] ?? "";
  return {
    ok: false,
    because: error?.message ?? (said === "" ? `its installer ended with ${status}` : said),
  };
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}
