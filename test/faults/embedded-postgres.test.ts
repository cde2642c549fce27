/** The server's own PostgreSQL, with real processes that are really killed, as root and as an ordinary user. */
import { execFileSync, fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binariesIn, findBinaries } from "../../node-server/postgres/binaries.ts";
import { inspectCluster } from "../../node-server/postgres/cluster.ts";
import { embeddedUrl, startEmbeddedPostgres } from "../../node-server/postgres/embedded.ts";
import { closedFolder, type OsUser } from "../../node-server/postgres/os-user.ts";
import { programsFor } from "../../node-server/postgres/programs.ts";
import type { Told } from "../support/embedded-server.ts";

const serverFile = fileURLToPath(new URL("../support/embedded-server.ts", import.meta.url));
const isRoot = process.getuid?.() === 0;
const nobody: OsUser = { uid: systemId("-u", "nobody"), gid: systemId("-g", "nobody") };
// As root, everything is also done as an ordinary user, who must be able to read this checkout.
const canBeNobody = isRoot && (await closedFolder(nobody, dirname(serverFile))) === undefined;

interface RunningServer {
  readonly process: ChildProcess;
  readonly url: string;
}

describe.each([
  { who: "as root", user: undefined, runs: isRoot },
  { who: "as an ordinary user", user: isRoot ? nobody : undefined, runs: !isRoot || canBeNobody },
])("$who", ({ user, runs }) => {
  describe.skipIf(!runs)("the server's own PostgreSQL", () => {
    let folder: string;
    let cluster: string;
    let server: RunningServer;

    beforeAll(async () => {
      folder = dataFolder(user);
      cluster = join(folder, "postgres", "cluster");
      server = await startServer(folder, user);
      await query(server.url, "create table kept (what text)");
    });

    afterAll(() => cleanUp(folder));

    test("is PostgreSQL 18 in an ordinary user's hands, durable, checked and only on this machine", async () => {
      expect(await one(server.url, "show server_version_num")).toMatch(/^18/);
      expect(await one(server.url, "show listen_addresses")).toBe("127.0.0.1");
      for (const setting of ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"]) {
        expect(`${setting} ${await one(server.url, `show ${setting}`)}`).toBe(`${setting} on`);
      }
      expect(statSync(cluster).uid).not.toBe(0);
      expect(statSync(cluster).mode & 0o777).toBe(0o700);
    });

    test("asks for a password that only the server's user can read, also over loopback", async () => {
      expect(statSync(join(folder, "postgres", "password")).mode & 0o777).toBe(0o600);
      expect(readdirSync(join(folder, "postgres")).filter((name) => name.includes("unfinished"))).toEqual([]);
      const wrong = new URL(server.url);
      wrong.password = "guess";
      await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    });

    test("is found by the operators' command line while the server runs", async () => {
      expect(await embeddedUrl(folder)).toBe(server.url);
    });

    test("refuses a second server on the same data folder, and the first goes on", async () => {
      const second = await tell(folder, user);
      expect(second.told).toMatchObject({
        code: "in-use",
        message: expect.stringContaining(folder) as string,
      });
      await keep(server.url, "the second was refused");
      expect(await kept(server.url)).toContain("the second was refused");
    });

    test("is taken over, still running, by the next server after only the server was killed", async () => {
      await keep(server.url, "before the server was killed");
      const before = await runningPid(cluster);
      await kill(server);
      expect(await runningPid(cluster)).toBe(before);
      const { url } = server;
      server = await startServer(folder, user);
      expect(await runningPid(cluster)).toBe(before);
      expect(server.url).toBe(url);
      expect(await kept(server.url)).toContain("before the server was killed");
    });

    test("starts again with all that was committed after both were killed", async () => {
      await keep(server.url, "before both were killed");
      const before = await runningPid(cluster);
      process.kill(before, "SIGKILL");
      await kill(server);
      server = await startServer(folder, user);
      expect(await runningPid(cluster)).not.toBe(before);
      expect(await kept(server.url)).toContain("before both were killed");
    });

    test("is brought up again at the same address when it is killed under a running server", async () => {
      await keep(server.url, "before the database was killed");
      const before = await runningPid(cluster);
      process.kill(before, "SIGKILL");
      expect(await eventually(() => kept(server.url))).toContain("before the database was killed");
      expect(await runningPid(cluster)).not.toBe(before);
    });

    test("stops with its server, and the command line then says so", async () => {
      await stop(server);
      expect(await inspectCluster(cluster)).toEqual({ kind: "stopped" });
      await expect(embeddedUrl(folder)).rejects.toMatchObject({ code: "not-running" });
      const { url } = server;
      server = await startServer(folder, user);
      expect(server.url).toBe(url);
    });

    test("starts although the pid of its last run now belongs to a stranger", async () => {
      await stop(server);
      const stranger = spawn("sleep", ["600"], { stdio: "ignore", ...ownerOf(cluster) });
      await once(stranger, "spawn");
      leavePidFile(cluster, `${stranger.pid}\n${cluster}\n1700000000\n5999\n\n127.0.0.1\n`);
      server = await startServer(folder, user);
      expect(await kept(server.url)).toContain("before both were killed");
      expect(stranger.exitCode).toBeNull();
      stranger.kill("SIGKILL");
    });

    test("starts although a crash left its pid file empty", async () => {
      await stop(server);
      leavePidFile(cluster, "");
      server = await startServer(folder, user);
      expect(await kept(server.url)).toContain("before both were killed");
      await stop(server);
    });

    test("does not start without its password, and says which file is missing", async () => {
      const file = join(folder, "postgres", "password");
      rmSync(file);
      const { told } = await tell(folder, user);
      expect(told).toMatchObject({
        code: "password-missing",
        message: expect.stringContaining(file) as string,
      });
    });
  });

  test.skipIf(!runs)(
    "a server killed while it makes its database makes it anew at the next start",
    async () => {
      const folder = dataFolder(user);
      const first = fork(serverFile, [folder], { ...user, serialization: "json" });
      await eventually(async () => {
        if (!readdirSync(join(folder, "postgres")).some((name) => name.includes("unfinished")))
          throw new Error("not yet");
      });
      first.kill("SIGKILL");
      await once(first, "exit");
      const server = await startServer(folder, user);
      expect(await one(server.url, "select 'up'")).toBe("up");
      await stop(server);
      await cleanUp(folder);
    },
  );
});

test.skipIf(!isRoot)(
  "root is told which folder PostgreSQL's user may not enter, and what to do",
  async () => {
    const closed = mkdtempSync(join(tmpdir(), "paypost-closed-"));
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    await expect(startEmbeddedPostgres({ dataFolder: join(closed, "data"), log })).rejects.toMatchObject({
      code: "closed-folder",
      message: expect.stringMatching(new RegExp(`may not enter ${closed} .*PAYPOST_DATA.*chmod`)) as string,
    });
    rmSync(closed, { recursive: true });
  },
);

test.skipIf(!isRoot)(
  "programs that root installed out of the user's reach are copied to where it can run them",
  async () => {
    const closed = mkdtempSync(join(tmpdir(), "paypost-closed-"));
    const open = dataFolder(undefined);
    cpSync(join(dirname(findBinaries().postgres), ".."), closed, { recursive: true, verbatimSymlinks: true });
    const programs = await programsFor(nobody, open, binariesIn(join(closed, "bin")));
    expect(programs).toMatchObject({ ok: true, binaries: binariesIn(join(open, "programs", "bin")) });
    rmSync(closed, { recursive: true });
    rmSync(open, { recursive: true });
  },
);

function dataFolder(user: OsUser | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), "paypost-data-"));
  chmodSync(folder, 0o711);
  if (user) chownSync(folder, user.uid, user.gid);
  return folder;
}

async function tell(
  folder: string,
  user: OsUser | undefined,
): Promise<{ process: ChildProcess; told: Told }> {
  const child = fork(serverFile, [folder], { ...user, cwd: "/" });
  const exit = once(child, "exit").then(([code]) => {
    throw new Error(`the server ended with ${String(code)} before it told anything`);
  });
  const message = once(child, "message") as Promise<[Told]>;
  const [told] = await Promise.race([message, exit]);
  exit.catch(() => undefined);
  return { process: child, told };
}

async function startServer(folder: string, user: OsUser | undefined): Promise<RunningServer> {
  const { process: child, told } = await tell(folder, user);
  if (!("url" in told)) throw new Error(told.message);
  return { process: child, url: told.url };
}

async function kill({ process: child }: RunningServer): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function stop({ process: child }: RunningServer): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
}

async function runningPid(cluster: string): Promise<number> {
  const state = await inspectCluster(cluster);
  if (state.kind !== "running") throw new Error(`the database is ${state.kind}`);
  return state.pid;
}

async function query(url: string, text: string, values: string[] = []): Promise<Record<string, string>[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function one(url: string, text: string): Promise<string | undefined> {
  const [row] = await query(url, text);
  return row && Object.values(row)[0];
}

async function keep(url: string, what: string): Promise<void> {
  await query(url, "insert into kept values ($1)", [what]);
}

async function kept(url: string): Promise<(string | undefined)[]> {
  return (await query(url, "select what from kept")).map(({ what }) => what);
}

/** Tries until it works, some minute at most. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 2000) throw error;
      await delay(30);
    }
  }
}

function leavePidFile(cluster: string, content: string): void {
  const path = join(cluster, "postmaster.pid");
  writeFileSync(path, content, { mode: 0o600 });
  const { uid, gid } = ownerOf(cluster);
  chownSync(path, uid, gid);
}

function ownerOf(path: string): OsUser {
  const { uid, gid } = statSync(path);
  return { uid, gid };
}

async function cleanUp(folder: string): Promise<void> {
  const state = await inspectCluster(join(folder, "postgres", "cluster"));
  if (state.kind === "running") process.kill(state.pid, "SIGQUIT");
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

function systemId(flag: string, name: string): number {
  return Number(execFileSync("id", [flag, name]).toString());
}
