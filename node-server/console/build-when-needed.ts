/**
 * Before `npm run server`: builds the console's page where it is missing or older than what it is built of. Where Vite is not
 * installed (`npm ci --omit=dev`), it says so and the server starts all the same.
 */
import { readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const sources = ["page/", "../../desktop/ui/", "vite.config.ts"];

const builtAt = await changedAt("dist/index.html");
const newest = Math.max(...(await Promise.all(sources.map(newestIn))));
if (builtAt < newest) {
  const vite = await import("vite").catch(() => undefined);
  if (vite) {
    console.log("Building the console's page…");
    await vite.build({ configFile: pathOf("vite.config.ts"), logLevel: "warn" });
  } else {
    console.warn(
      "The console's page is not built, and Vite is not installed: /console will say so. Run `npm ci` and `npm run console:page`.",
    );
  }
}

async function newestIn(source: string): Promise<number> {
  if (!source.endsWith("/")) return changedAt(source);
  const names = await readdir(pathOf(source), { recursive: true });
  return Math.max(0, ...(await Promise.all(names.map((name) => changedAt(source + name)))));
}

async function changedAt(name: string): Promise<number> {
  return stat(pathOf(name)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
