/**
 * The user of the operating system that PostgreSQL runs as. PostgreSQL refuses root, and rightly so: started by root
 * it is handed to an ordinary user, and whatever that user cannot reach is told, not worked around.
 */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Logger } from "pino";

export interface OsUser {
  readonly uid: number;
  readonly gid: number;
}

export interface Ran {
  readonly code: number;
  /** Both streams, in no particular order. */
  readonly output: string;
}

/**
 * The user for a cluster in that folder: undefined means whoever runs this process. For root it is the owner of an
 * existing cluster, else the user `postgres`, which is made where there is none; "none" if that fails.
 */
export async function findUser(
  cluster: string,
  log: Pick<Logger, "warn">,
): Promise<OsUser | undefined | "none"> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await lookUp("postgres")) ?? (await createUser(log));
}

/** Runs a program with nothing of this process's environment, which may hold secrets and PostgreSQL's own PG… */
export function runAs(user: OsUser | undefined, program: string, args: readonly string[]): Promise<Ran> {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`;
  const windows = process.env["SYSTEMROOT"] === undefined ? {} : { SYSTEMROOT: process.env["SYSTEMROOT"] };
  const env = { PATH: path, LC_ALL: "C", ...windows };
  return new Promise((resolve) => {
    // The folder that this process was started in may be closed to the other user.
    execFile(program, args, { ...user, env, cwd: "/" }, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error ? 127 : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

/** The uppermost of the folders on the way to a path, itself included, that the user cannot enter. */
export async function closedFolder(user: OsUser | undefined, path: string): Promise<string | undefined> {
  if (user === undefined || (await mayEnter(user, path))) return undefined;
  const above = dirname(path);
  return (above === path ? undefined : await closedFolder(user, above)) ?? path;
}

async function mayEnter(user: OsUser, folder: string): Promise<boolean> {
  return (await runAs(user, "/bin/sh", ["-c", 'cd "$1"', "sh", folder])).code === 0;
}

async function lookUp(name: string): Promise<OsUser | undefined> {
  const [uid, gid] = await Promise.all([
    runAs(undefined, "id", ["-u", name]),
    runAs(undefined, "id", ["-g", name]),
  ]);
  if (uid.code !== 0 || gid.code !== 0) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output) };
}

async function createUser(log: Pick<Logger, "warn">): Promise<OsUser | "none"> {
  const flags = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"];
  await runAs(undefined, "useradd", [...flags, "postgres"]);
  const user = await lookUp("postgres");
  if (user)
    log.warn({ uid: user.uid }, "made the system user `postgres`, since PostgreSQL does not run as root");
  return user ?? "none";
}
