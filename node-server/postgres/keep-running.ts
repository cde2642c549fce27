/**
 * Brings a cluster up, and up again for as long as its server lives. A connection kept open for nothing else tells at
 * once when the database has gone.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Client, DatabaseError } from "pg";
import type { Logger } from "pino";
import { inspectCluster, setPidFileAside, startCluster, type Cluster } from "./cluster.ts";
import { readPort, urlOf, writePort, type EmbeddedFiles } from "./embedded-files.ts";

export interface KeepRunningOptions {
  readonly cluster: Cluster;
  readonly files: EmbeddedFiles;
  readonly password: string;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

export type Kept =
  | { readonly ok: true; readonly port: number; release(): Promise<void> }
  | { readonly ok: false; readonly output: string };

/** Gives up only on the first start; afterwards it tries on, since the server cannot work without. */
export async function keepRunning(options: KeepRunningOptions): Promise<Kept> {
  const first = await bringUp(options);
  if (!first.ok) return first;
  const { port } = first;
  await writePort(options.files, port);
  const releasing = new AbortController();
  const watching = watch(options, first, releasing.signal);
  return {
    ok: true,
    port,
    async release() {
      releasing.abort();
      await watching;
    },
  };
}

const mostStarts = 6;
const longestPauseMs = 30_000;

interface Up {
  readonly ok: true;
  readonly port: number;
  readonly sentinel: Client;
  /** Settles when the sentinel's connection is over, for whatever reason. */
  readonly ended: Promise<void>;
}

type BroughtUp = Up | { readonly ok: false; readonly output: string };

async function watch(options: KeepRunningOptions, first: Up, releasing: AbortSignal): Promise<void> {
  let up = first;
  for (;;) {
    await endOf(up, releasing);
    if (releasing.aborted) return;
    options.log.error({ port: up.port }, "the database has gone; bringing it up again");
    const again = await bringUpAgain(options, up.port, releasing);
    if (!again) return;
    up = again;
    options.log.info({ port: up.port }, "the database is up again");
  }
}

async function endOf({ sentinel, ended }: Up, releasing: AbortSignal): Promise<void> {
  const release = () => void sentinel.end();
  releasing.addEventListener("abort", release);
  if (releasing.aborted) release();
  await ended;
  releasing.removeEventListener("abort", release);
}

async function bringUpAgain(
  options: KeepRunningOptions,
  port: number,
  releasing: AbortSignal,
): Promise<Up | undefined> {
  for (let pauseMs = 1000; !releasing.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const again = await bringUp(options, port, releasing).catch(failed);
    if (again.ok) return again;
    options.log.error({ output: again.output }, "the database does not come up");
    await delay(pauseMs, undefined, { signal: releasing }).catch(() => undefined);
  }
  return undefined;
}

function failed(error: unknown): BroughtUp {
  return { ok: false, output: String(error) };
}

/** Starts the cluster, or finds it running, and returns once it answers. */
async function bringUp(
  options: KeepRunningOptions,
  port?: number,
  releasing?: AbortSignal,
): Promise<BroughtUp> {
  const { cluster, files, log } = options;
  for (let turn = 1, starts = 0; ; turn += 1) {
    if (releasing?.aborted) return { ok: false, output: "the server is stopping" };
    const state = await inspectCluster(cluster.folder);
    if (state.kind === "running") {
      if (turn === 1) log.info({ pid: state.pid }, "taking over a database that is already running");
      if (turn % 50 === 0) log.warn({ pid: state.pid }, "waiting for the database to accept connections");
      const reached = state.port === undefined ? "not-yet" : await reach(state.port, options.password);
      if (reached !== "not-yet") return reached;
      await delay(100);
    } else if (state.kind === "misled") {
      await setAsideIfStillMisled(cluster);
    } else {
      starts += 1;
      const started = await startCluster(cluster, port ?? (await choosePort(files)));
      if (!started.ok && starts === mostStarts) return started;
      // What is left of a killed database may need a moment to go.
      if (!started.ok) await delay(100 * 2 ** starts);
    }
  }
}

/** A pid file is empty for the moment in which it is written, so one look is not enough. */
async function setAsideIfStillMisled({ folder }: Cluster): Promise<void> {
  await delay(500);
  if ((await inspectCluster(folder)).kind === "misled") await setPidFileAside(folder);
}

const cannotConnectNow = "57P03";

async function reach(port: number, password: string): Promise<BroughtUp | "not-yet"> {
  const sentinel = new Client({
    connectionString: urlOf(password, port, "postgres"),
    application_name: "paypost-sentinel",
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // What matters comes as `end`; without a listener the error would end the process.
  sentinel.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => {
    sentinel.once("end", resolve);
  });
  try {
    await sentinel.connect();
    const { rowCount } = await sentinel.query("SELECT 1 FROM pg_database WHERE datname = 'paypost'");
    if (rowCount === 0) await sentinel.query("CREATE DATABASE paypost");
    return { ok: true, port, sentinel, ended };
  } catch (error) {
    await sentinel.end().catch(() => undefined);
    const isFinal = error instanceof DatabaseError && error.code !== cannotConnectNow;
    return isFinal ? { ok: false, output: error.message } : "not-yet";
  }
}

async function choosePort(files: EmbeddedFiles): Promise<number> {
  const previous = await readPort(files);
  const isFree = previous !== undefined && (await probePort(previous).catch(() => undefined)) === previous;
  return isFree ? previous : probePort(0);
}

/** Gives the port if it is free, any free one for 0. PostgreSQL takes it a moment later; if it cannot, we try anew. */
async function probePort(port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
  return address.port;
}
