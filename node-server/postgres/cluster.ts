/**
 * One PostgreSQL cluster on disk: made, looked at, started and stopped with PostgreSQL's own programs. The database
 * process is no child of ours, so it can be found again, and stopped in order, after its server was killed.
 */
import { randomUUID } from "node:crypto";
import {
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { platform } from "node:os";
import { basename, dirname, join } from "node:path";
import type { PostgresBinaries } from "./binaries.ts";
import { syncFolder } from "../durable-file.ts";
import { runAs, type OsUser } from "./os-user.ts";

export interface Cluster {
  readonly folder: string;
  readonly binaries: PostgresBinaries;
  readonly user: OsUser | undefined;
  /** Whether its write-ahead log is archived; where to is told to it when it runs. */
  readonly isArchived?: boolean;
}

export type ClusterState =
  | { readonly kind: "absent" }
  | { readonly kind: "stopped" }
  /** A pid file is left over whose process is not this cluster's, which PostgreSQL itself cannot tell. */
  | { readonly kind: "misled" }
  /** The port is not known in the first moment. */
  | { readonly kind: "running"; readonly pid: number; readonly port: number | undefined };

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly output: string };

export const superuser = "paypost";

/** What a server may rely on, whatever `postgresql.conf` says; the rest there is the operator's to tune. */
const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  logging_collector: "on",
  log_directory: "log",
  // A week of logs, each day's overwritten after it; terse, since details repeat the rows' values.
  log_filename: "postgresql-%a.log",
  log_truncate_on_rotation: "on",
  log_error_verbosity: "terse",
};

/** A minute's work at most is in a segment of the log that was not archived yet. */
const archiving = { archive_mode: "on", archive_timeout: "60" };

/** Makes the cluster beside its place and moves it there when it is whole, so that a half-made one is never used. */
export async function createCluster({ folder, binaries, user }: Cluster, password: string): Promise<Outcome> {
  await removeUnfinished(folder);
  // The name is new each time: an initdb whose server was killed may still be writing under the old one.
  const unfinished = `${folder}.unfinished-${randomUUID()}`;
  const passwordFile = `${unfinished}-password`;
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) await Promise.all([unfinished, passwordFile].map((path) => chown(path, user.uid, user.gid)));
  const ran = await runAs(user, binaries.initdb, [
    `--pgdata=${unfinished}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // The sort order must not change when the operating system's libraries do.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
  ]);
  await rm(passwordFile);
  if (ran.code !== 0) return { ok: false, output: ran.output };
  await rename(unfinished, folder);
  await syncFolder(dirname(folder));
  return { ok: true };
}

async function removeUnfinished(folder: string): Promise<void> {
  const names = (await readdir(dirname(folder))).filter((name) =>
    name.startsWith(`${basename(folder)}.unfinished-`),
  );
  for (const name of names) {
    // What cannot be removed now, since it is still being written, goes at the next start.
    await rm(join(dirname(folder), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

export async function inspectCluster(folder: string): Promise<ClusterState> {
  if ((await contentOf(join(folder, "PG_VERSION"))) === undefined) return { kind: "absent" };
  const pidFile = await contentOf(join(folder, "postmaster.pid"));
  if (pidFile === undefined) return { kind: "stopped" };
  const [pid, , , port] = pidFile.split("\n").map(Number);
  if (!pid) return { kind: "misled" };
  if (await isServerOf(folder, pid)) return { kind: "running", pid, port: port || undefined };
  return isAlive(pid) ? { kind: "misled" } : { kind: "stopped" };
}

/** Puts a misleading pid file out of PostgreSQL's way; call it only while the data folder is locked. */
export async function setPidFileAside(folder: string): Promise<void> {
  await rename(join(folder, "postmaster.pid"), join(folder, "postmaster.pid.misleading"));
}

/** Returns when the database accepts connections, or with what it said instead. */
export async function startCluster(
  { folder, binaries, user, isArchived = false }: Cluster,
  port: number,
): Promise<Outcome> {
  const all = { ...settings, ...(isArchived ? archiving : {}), port };
  const flags = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`);
  const log = join(folder, "startup.log");
  await rm(log, { force: true });
  const ran = await runAs(user, binaries.pgCtl, [
    "start",
    "--wait",
    "--silent",
    `--pgdata=${folder}`,
    `--log=${log}`,
    `--options=${flags.join(" ")}`,
  ]);
  if (ran.code === 0) return { ok: true };
  return { ok: false, output: `${ran.output}${(await contentOf(log)) ?? ""}`.trim() };
}

/** Ends open transactions, writes a checkpoint and waits until the database process is gone. */
export async function stopCluster({ folder, binaries, user }: Cluster): Promise<Outcome> {
  if ((await inspectCluster(folder)).kind !== "running") return { ok: true };
  const flags = ["--wait", "--silent", "--mode=fast", "--timeout=120", `--pgdata=${folder}`];
  const ran = await runAs(user, binaries.pgCtl, ["stop", ...flags]);
  return ran.code === 0 ? { ok: true } : { ok: false, output: ran.output };
}

/** A process id alone proves nothing: after a restart of the machine or a container it may be anyone's. */
async function isServerOf(folder: string, pid: number): Promise<boolean> {
  if (platform() === "linux") {
    // A zombie has no working folder any more, and another user's process does not show it: neither is our server.
    const workingFolder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return workingFolder === (await realpath(folder));
  }
  if (platform() === "win32") return isAlive(pid);
  const { output } = await runAs(undefined, "ps", ["-o", "stat=,command=", "-p", String(pid)]);
  return output.includes(folder) && !output.startsWith("Z");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  const exists = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return exists && readFile(path, "utf8");
}
