/** The console's page as `vite build` left it beside this file. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const folder = new URL("dist/", import.meta.url);

/** Undefined for what was not built. `name` is checked by whoever asks. */
export async function readConsolePage(name: string): Promise<Uint8Array | undefined> {
  return readFile(fileURLToPath(new URL(name, folder))).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
