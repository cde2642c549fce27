/**
 * Starts one PostgreSQL for the whole test run and tells the tests where it is. Nothing in it has to survive, so it
 * does not wait for the disk; and it stops by itself when the run is killed, since its watcher reads a pipe that
 * closes with the run.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import type { PostgresBinaries } from "../../node-server/postgres/binaries.ts";
import type { OsUser } from "../../node-server/postgres/os-user.ts";
import { programsFor } from "../../node-server/postgres/programs.ts";
import { freePort } from "./free-port.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URL of the `postgres` database of the run's own PostgreSQL, as its superuser. */
    postgresAdminUrl: string;
  }
}

export interface Cluster {
  readonly url: string;
  stop(): Promise<void>;
}

// Every project of a run that names this file calls it; they share one cluster, and the last one stops it.
const shared = globalThis as { paypostTestCluster?: { users: number; cluster: Promise<Cluster> } };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.paypostTestCluster ??= { users: 0, cluster: startCluster() };
  const holder = shared.paypostTestCluster;
  holder.users += 1;
  const cluster = await holder.cluster;
  project.provide("postgresAdminUrl", cluster.url);
  return async () => {
    holder.users -= 1;
    if (holder.users > 0) return;
    delete shared.paypostTestCluster;
    await cluster.stop();
  };
}

export async function startCluster(): Promise<Cluster> {
  const user = ordinaryUser();
  // Root's own temporary folder may be closed to the user that PostgreSQL runs as.
  const folder = mkdtempSync(join(user ? "/tmp" : tmpdir(), "paypost-test-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const programs = await programsFor(user, folder);
  if (!programs.ok) throw new Error(`PostgreSQL does not run on this machine: ${programs.output}`);
  const password = randomUUID();
  initialise(programs.binaries, folder, password, user);
  const port = await freePort();
  const watcher = startWatched(programs.binaries, folder, port, user);
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  await untilItAnswers(url, watcher);
  return { url, stop: () => stopWatched(watcher) };
}

/** PostgreSQL refuses to run as root; a throw-away cluster may belong to anybody else. */
function ordinaryUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (flag: string) => Number(execFileSync("id", [flag, name], { stdio: "pipe" }).toString());
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // This machine has no such user: try the next one.
    }
  }
  throw new Error(
    "The tests run as root, and there is neither a user `postgres` nor `nobody` for PostgreSQL.",
  );
}

function initialise(
  binaries: PostgresBinaries,
  folder: string,
  password: string,
  user: OsUser | undefined,
): void {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const options = ["--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"];
  const authentication = ["--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  execFileSync(binaries.initdb, [`--pgdata=${join(folder, "data")}`, ...options, ...authentication], {
    cwd: folder,
    stdio: "pipe",
    ...user,
  });
  rmSync(passwordFile);
}

// The shell starts PostgreSQL, waits until its input ends (which also happens when the test run is killed), stops
// PostgreSQL and removes the folder.
const watcherScript = `
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 & server=$!
read -r _
kill -QUIT $server; wait $server
cd /; rm -rf "$folder"`;

function startWatched(
  binaries: PostgresBinaries,
  folder: string,
  port: number,
  user: OsUser | undefined,
): ChildProcess {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 200,
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = [binaries.postgres, "-D", join(folder, "data"), ...flags];
  // Detached: an interrupt from the keyboard must reach the run first and PostgreSQL only through the watcher.
  return spawn("sh", ["-c", watcherScript, "watcher", folder, ...command], {
    cwd: folder,
    stdio: ["pipe", "ignore", "inherit"],
    detached: true,
    ...user,
  });
}

async function stopWatched(watcher: ChildProcess): Promise<void> {
  const exited = once(watcher, "exit");
  watcher.stdin?.end();
  await exited;
}

async function untilItAnswers(url: string, watcher: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await delay(50);
    }
  }
  await stopWatched(watcher);
  throw new Error("The PostgreSQL of the tests did not answer within 30 seconds.");
}
