/** Settings for a program that cannot go on without: every mistake is printed, and the exit code is 2. */
import { readConfig } from "./config.ts";
import type { Config } from "./config.ts";

export function configOrExit(environment: Readonly<Record<string, string | undefined>>): {
  readonly config: Config;
  readonly warnings: readonly string[];
} {
  const read = readConfig(environment);
  const mistakes = read.ok ? unsupported(read.config) : read.mistakes.map(({ message }) => message);
  if (read.ok && mistakes.length === 0) return read;
  console.error(["The server did not start:", ...mistakes.map((mistake) => `  - ${mistake}`)].join("\n"));
  process.exit(2);
}

/** Better no start than a setting that does nothing. */
function unsupported(config: Config): string[] {
  return config.electric
    ? [
        "ELECTRIC_URL is set, but this release answers shapes itself. Remove ELECTRIC_URL and ELECTRIC_SECRET.",
      ]
    : [];
}
