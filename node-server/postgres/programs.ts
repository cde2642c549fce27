/** PostgreSQL's programs in a place where the user that runs them may read them. */
import { cp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { binariesIn, findBinaries, type PostgresBinaries } from "./binaries.ts";
import { runAs, type OsUser } from "./os-user.ts";

export type Programs =
  | { readonly ok: true; readonly binaries: PostgresBinaries; readonly majorVersion: string }
  | { readonly ok: false; readonly output: string };

/**
 * The installed programs, or a copy in `folder` when the user cannot reach them: root likes to install below /root,
 * which is closed to everybody else.
 */
export async function programsFor(
  user: OsUser | undefined,
  folder: string,
  installed = findBinaries(),
): Promise<Programs> {
  const tried = await tryOut(user, installed);
  if (tried.ok || user === undefined) return tried;
  const copy = join(folder, "programs");
  await rm(copy, { recursive: true, force: true });
  await cp(join(dirname(installed.postgres), ".."), copy, { recursive: true, verbatimSymlinks: true });
  await runAs(undefined, "chown", ["-R", `${user.uid}:${user.gid}`, copy]);
  return tryOut(user, binariesIn(join(copy, "bin")));
}

async function tryOut(user: OsUser | undefined, binaries: PostgresBinaries): Promise<Programs> {
  const { code, output } = await runAs(user, binaries.postgres, ["--version"]);
  const version = /\(PostgreSQL\) ([0-9]+)/.exec(output)?.[1];
  if (code !== 0 || version === undefined) return { ok: false, output: output.trim() };
  return { ok: true, binaries, majorVersion: version };
}
