/** The operators' command line in the test's own process: the same words, what it prints and its exit code. */
import { readConfig } from "../../node-server/config.ts";
import { connectToDatabase } from "../../node-server/database.ts";
import { runCommandLine } from "../../node-server/cli/command-line.ts";
import type { Said } from "../../node-server/cli/command-line.ts";

export function operateOn(
  { databaseUrl, keysFolder }: { readonly databaseUrl: string; readonly keysFolder: string },
  ...words: readonly string[]
): Promise<Said> {
  return runCommandLine(words, async () => {
    const read = readConfig({ DATABASE_URL: databaseUrl, PAYPOST_KEYS: keysFolder });
    if (!read.ok) throw new Error(`the settings are wrong: ${JSON.stringify(read.mistakes)}`);
    return { config: read.config, database: await connectToDatabase(read.config) };
  });
}
