/**
 * What the program was opened with: an enrolment link (`paypost:`), or a file that holds one. They come on the command
 * line, as events on macOS, or from a second start, and are looked at before they go on to the page.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { extname, resolve } from "node:path";
import { parseEnrolmentLink } from "#sync/enrolment-link.ts";

export const enrolmentFileEnding = "ppe";
/** More than a link can have; a file is read no further. */
const longestFile = 2000;

/** The first one that a command line names. Switches and everything else on it are none of our business. */
export function openingIn(args: readonly string[], directory: string): string | undefined {
  for (const argument of args) {
    const link = isFile(argument) ? linkInFile(resolve(directory, argument)) : asLink(argument);
    if (link !== undefined) return link;
  }
  return undefined;
}

/** Undefined where it is something else. A link of ours with a mistake in it is for the page to explain. */
export function asLink(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const parsed = parseEnrolmentLink(text);
  return parsed.ok || parsed.refusal !== "not-an-enrolment" ? text.replace(/^\uFEFF/, "").trim() : undefined;
}

/** Undefined where the file cannot be read or holds something else. No more of it is read than a link can be long. */
export function linkInFile(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const bytes = Buffer.alloc(longestFile);
    return asLink(bytes.toString("utf8", 0, readSync(file, bytes)));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isFile(argument: string): boolean {
  return !argument.startsWith("-") && extname(argument).toLowerCase() === `.${enrolmentFileEnding}`;
}
