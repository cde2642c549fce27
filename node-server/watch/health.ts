/**
 * How the parts are that the server works with: looked at every few seconds, told in `/readiness`. Only without its database can
 * a server do nothing; where another part is down or slow, what does not need it goes on.
 */
import { statfs } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Pool } from "pg";
import { readVitalSigns } from "../postgres/vital-signs.ts";
import type { VitalSigns } from "../postgres/vital-signs.ts";
import { probeElectric } from "../shapes/electric-version.ts";

/** What is told to whoever asks, and so nothing that is of use to an attacker. */
export interface Component {
  readonly name:
    | "database"
    | "shapes"
    | "payouts"
    | "callbacks"
    | "notifications"
    | "audit"
    | "archive"
    | "disk";
  /** `degraded`: slow, or full, or something that waits for somebody else. */
  readonly status: "ok" | "degraded" | "down";
  readonly message?: string;
}

export interface Readiness {
  readonly status: "ready" | "degraded" | "recovering" | "stopping" | "not ready";
  readonly components: readonly Component[];
}

export interface Health {
  /** Asks the database now; the rest is as it was some seconds ago. */
  readiness(): Promise<Readiness>;
  /** From now on a proxy is told to send nobody here any more. */
  stop(): void;
  isStopping(): boolean;
  close(): Promise<void>;
}

export interface HealthOptions {
  readonly pool: Pool;
  readonly log: Pick<Logger, "warn">;
  readonly isRecovering: () => boolean;
  /** The Electric service, where nodes read from one. */
  readonly electricUrl: string | undefined;
  /** Folders on whose disks there must be room. */
  readonly folders: readonly string[];
}

const lookEveryMs = 5_000;
const databaseMs = 3_000;

export function watchHealth(options: HealthOptions): Health {
  const { pool, log, isRecovering } = options;
  let isStopping = false;
  let seen: readonly Component[] = [];
  let looking: Promise<void> | undefined;
  const lookOnce = async () => {
    const components = await lookAround(options);
    tellChanges(log, seen, components);
    seen = components;
  };
  const look = () => {
    looking ??= lookOnce().finally(() => (looking = undefined));
  };
  look();
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return {
    async readiness() {
      const database = await askDatabase(pool);
      const components = [database, ...seen];
      const isWhole = components.every(({ status }) => status === "ok");
      const able = isRecovering() ? "recovering" : isWhole ? "ready" : "degraded";
      const status = isStopping ? "stopping" : database.status === "down" ? "not ready" : able;
      return { status, components };
    },
    stop() {
      isStopping = true;
    },
    isStopping: () => isStopping,
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function askDatabase(pool: Pool): Promise<Component> {
  const tooLong = new AbortController();
  const answered = pool.query("select 1").then(
    () => "ok" as const,
    () => "down" as const,
  );
  const status = await Promise.race([
    answered,
    delay(databaseMs, "down" as const, { signal: tooLong.signal }).catch(() => "down" as const),
  ]);
  tooLong.abort();
  return { name: "database", status, ...(status === "ok" ? {} : { message: "does not answer" }) };
}

async function lookAround({ pool, electricUrl, folders }: HealthOptions): Promise<Component[]> {
  const [signs, shapes, disk] = await Promise.all([
    readVitalSigns(pool).catch(() => undefined),
    shapesOf(electricUrl),
    diskOf(folders),
  ]);
  return [shapes, ...(signs ? componentsOf(signs) : []), disk];
}

/** How long each may wait before somebody should know of it. */
export const patienceSeconds = { payouts: 120, callbacks: 300, notifications: 600, audit: 30 };

export function componentsOf(signs: VitalSigns): Component[] {
  const { callbacks, notifications, payouts, unsealed, archiveFailures } = signs;
  const oldestPayout = Math.max(...Object.values(payouts).map(({ oldestSeconds }) => oldestSeconds));
  return [
    waits("payouts", oldestPayout, "payouts have hung for some minutes: see `payouts`"),
    waits("callbacks", callbacks.oldestSeconds, "callbacks are not taken: see `callbacks`"),
    waits("notifications", notifications.oldestSeconds, "messages are not taken: see `notifications`"),
    waits("audit", unsealed.oldestSeconds, "entries of the audit trail wait for their place"),
    component("archive", archiveFailures === 0, "the write-ahead log cannot be archived"),
  ];
}

function waits(name: keyof typeof patienceSeconds, oldestSeconds: number, message: string): Component {
  return component(name, oldestSeconds <= patienceSeconds[name], message);
}

function component(name: Component["name"], isOk: boolean, message: string): Component {
  return isOk ? { name, status: "ok" } : { name, status: "degraded", message };
}

async function shapesOf(electricUrl: string | undefined): Promise<Component> {
  const probe = electricUrl === undefined ? "usable" : await probeElectric(electricUrl);
  if (probe === "usable") return { name: "shapes", status: "ok" };
  return { name: "shapes", status: "down", message: `the Electric service is ${probe}: nodes cannot read` };
}

const leastFreeBytes = 200_000_000;

async function diskOf(folders: readonly string[]): Promise<Component> {
  const free = await Promise.all(
    folders.map((folder) =>
      statfs(folder).then(
        ({ bavail, bsize }) => bavail * bsize,
        () => Infinity,
      ),
    ),
  );
  return component("disk", Math.min(Infinity, ...free) >= leastFreeBytes, "less than 200 MB are left");
}

function tellChanges(
  log: HealthOptions["log"],
  before: readonly Component[],
  now: readonly Component[],
): void {
  for (const { name, status, message } of now) {
    const was = before.find((other) => other.name === name)?.status ?? "ok";
    if (status !== was)
      log.warn({ component: name, status, was }, message ?? `${name} is as it should be again`);
  }
}
