/**
 * Brings a backup back: into the server's own PostgreSQL, or an empty database of yours; checks it; and begins the recovery
 * (design section 4.8). A rehearsal does it in a folder that is removed again, and touches nothing else.
 */
import { randomUUID } from "node:crypto";
import { appendFile, chmod, cp, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Pool } from "pg";
import type { Config } from "../config.ts";
import {
  connectForBackup,
  forgetRestoring,
  isEmptyDatabase,
  isReplaying,
} from "../postgres/backup-session.ts";
import { syncFolder } from "../durable-file.ts";
import { EmbeddedPostgresError, startEmbeddedPostgres } from "../postgres/embedded.ts";
import { filesIn, makeFolders } from "../postgres/embedded-files.ts";
import { findUser, runAs } from "../postgres/os-user.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import { beginRestored } from "../recovery/begin.ts";
import { registerKeys } from "../signing-keys/registered.ts";
import { checkRestored } from "./check-restored.ts";
import type { RestoredReport } from "./check-restored.ts";
import { requireDumpProgram, restoreDump } from "./dump.ts";
import { BackupError, readManifest, requireFile } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";

export interface RestoreWish {
  readonly source: string;
  /** The moment to come back to; as far as the log goes if undefined. */
  readonly to: Date | undefined;
  /** The archive of the write-ahead log; without one, the moment of the backup. */
  readonly wal: string | undefined;
  /** Who says so, in the audit trail. */
  readonly by: string;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

export type RestoreSettings = Pick<
  Config,
  "databaseUrl" | "dataFolder" | "keysFolder" | "keysSecret" | "leaseGraceHours"
>;

export interface Restored extends RestoredReport {
  readonly manifest: Manifest;
  /** Undefined where it was a rehearsal, or something is wrong. */
  readonly generation: number | undefined;
  readonly seconds: number;
}

/** Throws BackupError, EmbeddedPostgresError and WrongKeyFolderError; what was restored is put aside where it is not right. */
export async function restore(settings: RestoreSettings, wish: RestoreWish): Promise<Restored> {
  const startedMs = Date.now();
  const manifest = await readUsable(wish);
  await requireKeys(settings.keysFolder);
  const place = await placeFor(settings, manifest, wish);
  try {
    const report = await withPool(place.url, (pool) => checkRestored(place.url, pool, manifest));
    const generation =
      report.wrong.length > 0
        ? undefined
        : await withPool(place.url, async (pool) => {
            await registerKeys(settings.keysFolder, pool, settings.keysSecret);
            return beginRestored(pool, settings.keysFolder, {
              by: wish.by,
              graceHours: settings.leaseGraceHours,
            });
          });
    await place.leave(generation !== undefined);
    return { ...report, manifest, generation, seconds: (Date.now() - startedMs) / 1000 };
  } catch (error) {
    await place.leave(false);
    throw error;
  }
}

/** Restores into a PostgreSQL of its own under the folder for temporary files. Needs neither keys nor the server's database. */
export async function rehearse(wish: RestoreWish): Promise<Restored> {
  const startedMs = Date.now();
  const manifest = await readUsable(wish);
  const folder = await mkdtemp(join(tmpdir(), "paypost-restore-check-"));
  // Started by root, PostgreSQL runs as another user, who must be able to pass.
  if (process.getuid?.() === 0) await chmod(folder, 0o711);
  try {
    const database = await intoOwn(join(folder, "data"), manifest, wish);
    try {
      const report = await withPool(database.url, (pool) => checkRestored(database.url, pool, manifest));
      return { ...report, manifest, generation: undefined, seconds: (Date.now() - startedMs) / 1000 };
    } finally {
      await database.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

async function readUsable({ source, to, wal }: RestoreWish): Promise<Manifest> {
  const manifest = await readManifest(source);
  if (to && manifest.kind === "dump")
    throw new BackupError("A dump is of one moment only: --to is for backups of the server's own PostgreSQL");
  if (to && wal === undefined)
    throw new BackupError(
      "--to needs the archive of the write-ahead log: give --wal FOLDER, or set PAYPOST_WAL_ARCHIVE",
    );
  if (to && to <= new Date(manifest.endedAt))
    throw new BackupError(
      `This backup was finished at ${manifest.endedAt}: it comes back to later moments only. Take an earlier one.`,
    );
  for (const entry of manifest.files) await requireFile(source, entry);
  return manifest;
}

interface Place {
  readonly url: string;
  /** Stops what was started; what is not right is put where no server finds it. */
  leave(isRight: boolean): Promise<void>;
}

async function placeFor(settings: RestoreSettings, manifest: Manifest, wish: RestoreWish): Promise<Place> {
  const { databaseUrl, dataFolder } = settings;
  if (databaseUrl !== undefined) {
    if (manifest.kind === "cluster")
      throw new BackupError(
        "This is a backup of the server's own PostgreSQL, and DATABASE_URL is set: unset it, and set PAYPOST_DATA.",
      );
    await requireDumpProgram("pg_restore", manifest.postgres);
    await withPool(databaseUrl, async (pool) => {
      if (!(await isEmptyDatabase(pool)))
        throw new BackupError("The database of DATABASE_URL is not empty: make a new one to restore into");
    });
    await restoreDump(wish.source, databaseUrl);
    // What is wrong with it stays for whoever looks into it: no server starts on it before `restored` was said.
    return { url: databaseUrl, leave: async () => {} };
  }
  const { cluster } = filesIn(resolve(dataFolder));
  if (await stat(cluster).catch(() => undefined))
    throw new BackupError(
      `There is a database in ${cluster}. Restore elsewhere (PAYPOST_DATA), or move that folder away first.`,
    );
  const database = await intoOwn(dataFolder, manifest, wish);
  return {
    url: database.url,
    async leave(isRight) {
      await database.stop();
      if (!isRight) await rename(cluster, `${cluster}.not-right-${randomUUID()}`);
    },
  };
}

async function intoOwn(dataFolder: string, manifest: Manifest, wish: RestoreWish) {
  const { log } = wish;
  if (manifest.kind === "dump") {
    await requireDumpProgram("pg_restore", manifest.postgres);
    const database = await startEmbeddedPostgres({ dataFolder, log });
    return restoreDump(wish.source, database.url).then(
      () => database,
      async (error: unknown) => {
        await database.stop();
        throw error;
      },
    );
  }
  await layDown(resolve(dataFolder), wish);
  const database = await startEmbeddedPostgres({ dataFolder, log }).catch((error: unknown) => {
    if (!(error instanceof EmbeddedPostgresError) || error.code !== "not-started") throw error;
    throw new BackupError(
      `${error.message}\nWhere it says that recovery ended before the target, the archive does not reach ${wish.to?.toISOString() ?? "so far"}.`,
    );
  });
  await untilReplayed(database.url);
  return database;
}

/** The copy becomes the cluster of the data folder when it is whole. */
async function layDown(dataFolder: string, { source, to, wal, log }: RestoreWish): Promise<void> {
  await makeFolders(dataFolder);
  const files = filesIn(dataFolder);
  const user = await findUser(files.cluster, log);
  const unfinished = `${files.cluster}.unfinished-${randomUUID()}`;
  await cp(join(source, "cluster"), unfinished, { recursive: true });
  await chmod(unfinished, 0o700);
  if (wal !== undefined) {
    const settings = [
      `restore_command = 'cp "${resolve(wal)}/%f" "%p"'`,
      ...(to ? [`recovery_target_time = '${momentOf(to)}'`, "recovery_target_action = 'promote'"] : []),
    ];
    await appendFile(join(unfinished, "postgresql.auto.conf"), `${settings.join("\n")}\n`);
    await appendFile(join(unfinished, "recovery.signal"), "");
  }
  if (user !== undefined && user !== "none")
    await runAs(undefined, "chown", ["-R", `${user.uid}:${user.gid}`, unfinished]);
  await mkdir(dirname(files.password), { recursive: true });
  await cp(join(source, "password"), files.password);
  await chmod(files.password, 0o600);
  await rename(unfinished, files.cluster);
  await syncFolder(dirname(files.cluster));
}

/** While it reads its settings, PostgreSQL knows no `T` and no `Z`. */
function momentOf(moment: Date): string {
  return `${moment.toISOString().slice(0, -1).replace("T", " ")}+00`;
}

async function untilReplayed(url: string): Promise<void> {
  const client = await connectForBackup(url);
  try {
    while (await isReplaying(client)) await delay(200);
    await forgetRestoring(client);
  } finally {
    await client.end();
  }
}

/** Without the keys, nodes would trust nothing that a restored server says; it would make new ones and seem to work. */
async function requireKeys(keysFolder: string): Promise<void> {
  if (await stat(join(keysFolder, "box.key")).catch(() => undefined)) return;
  throw new BackupError(
    `${keysFolder} holds no keys. They are backed up apart from the database: bring them back first, or set PAYPOST_KEYS.`,
  );
}

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const client = createDatabaseClient(url, { warn: () => {} }, { max: 2, statement_timeout: 0 });
  try {
    return await work(client.pool);
  } finally {
    await client.close();
  }
}
