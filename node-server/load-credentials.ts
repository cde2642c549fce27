/** Reads the file of credentials at receiving institutions; a server that cannot pay does not start. */
import { readFile } from "node:fs/promises";
import { readCredentials } from "./disbursement/carriers.ts";
import type { Credentials } from "./disbursement/carriers.ts";

export async function loadCredentials(file: string | undefined): Promise<Credentials | undefined> {
  if (file === undefined) return undefined;
  try {
    return readCredentials(await readFile(file, "utf8"));
  } catch (error) {
    const what =
      error instanceof Error && "code" in error ? `cannot be read: ${String(error.code)}` : String(error);
    console.error(`PAYPOST_CREDENTIALS: ${file} ${what}`);
    process.exit(2);
  }
}
