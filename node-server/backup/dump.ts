/** PostgreSQL's own `pg_dump` and `pg_restore`, which must be on the machine: npm's PostgreSQL comes without them. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { BackupError } from "./manifest.ts";
import type { FileEntry } from "./manifest.ts";

export const dumpFile = "database.dump";

/** Throws BackupError where the program is missing, or older than the PostgreSQL that it is to read. */
export async function requireDumpProgram(program: "pg_dump" | "pg_restore", least: number): Promise<void> {
  const { code, output } = await runTool(program, ["--version"]);
  const install = `Install PostgreSQL ${least}'s client programs (Debian: postgresql-client-${least}), so that they are in PATH`;
  if (code !== 0)
    throw new BackupError(
      `${program} is not on this machine. ${install}, or back up your PostgreSQL in its own way (docs/operating.md).`,
    );
  const version = Number(/\(PostgreSQL\) ([0-9]+)/.exec(output)?.[1]);
  if (version < least)
    throw new BackupError(
      `${program} is of PostgreSQL ${version}, and cannot read what PostgreSQL ${least} holds. ${install}.`,
    );
}

/** Throws BackupError with what pg_dump says. */
export async function dumpDatabase(url: string, snapshot: string, folder: string): Promise<FileEntry> {
  const path = join(folder, dumpFile);
  const options = ["--format=custom", "--no-owner", "--no-acl", `--snapshot=${snapshot}`, `--file=${path}`];
  const { code, output } = await runTool("pg_dump", options, url);
  if (code !== 0) throw new BackupError(`pg_dump failed: ${output.trim()}`);
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { path: dumpFile, bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}

/** Into an empty database. Throws BackupError with what pg_restore says; nothing of it stays then. */
export async function restoreDump(folder: string, url: string): Promise<void> {
  const options = ["--no-owner", "--no-acl", "--single-transaction", "--exit-on-error"];
  const { code, output } = await runTool("pg_restore", [...options, join(folder, dumpFile)], url);
  if (code !== 0) throw new BackupError(`pg_restore failed: ${output.trim()}`);
}

/** The password goes by the environment: what stands among the arguments can be seen by everybody on the machine. */
function runTool(
  program: string,
  args: readonly string[],
  url?: string,
): Promise<{ readonly code: number; readonly output: string }> {
  const address = url === undefined ? undefined : new URL(url);
  const password = decodeURIComponent(address?.password ?? "");
  if (address) address.password = "";
  const where = address ? [`--dbname=${address.href}`] : [];
  const env = {
    PATH: process.env["PATH"] ?? "",
    LC_ALL: "C",
    ...(password === "" ? {} : { PGPASSWORD: password }),
  };
  return new Promise((resolve) => {
    execFile(program, [...args, ...where], { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      resolve({
        code: error === null ? 0 : typeof error.code === "number" ? error.code : 127,
        output: stdout + stderr,
      });
    });
  });
}
