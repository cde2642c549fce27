/** Settings for a program that cannot go on without: every mistake is printed, and the exit code is 2. */
import { readConfig } from "./config.ts";
import type { Config } from "./config.ts";

export function configOrExit(environment: Readonly<Record<string, string | undefined>>): {
  readonly config: Config;
  readonly warnings: readonly string[];
} {
  const read = readConfig(environment);
  if (read.ok) return read;
  const mistakes = read.mistakes.map(({ message }) => `  - ${message}`);
  console.error(["The server did not start:", ...mistakes].join("\n"));
  process.exit(2);
}
