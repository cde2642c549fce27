/**
 * What a backup asks of PostgreSQL: an online base backup of a cluster (PostgreSQL manual, 25.3.4), the moment that a dump is
 * made of, and how many rows there are.
 */
import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { exactTypes } from "./pool.ts";

/** A connection that lasts as long as the backup does: when it ends before, PostgreSQL takes the backup for given up. */
export async function connectForBackup(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: "paypost-backup",
    keepAlive: true,
    statement_timeout: 0,
    types: exactTypes(),
  });
  // The next statement fails anyway; without a listener the event would end the process.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

export interface BaseBackup {
  /** To be written into the copy as `backup_label`. */
  readonly label: string;
  /** Names of the first and the last segment of the write-ahead log without which the copy is worth nothing. */
  readonly firstWal: string;
  readonly lastWal: string;
}

/** Copies of the cluster's files that are made by `copy` while it is in use are a backup, with the log that it gives. */
export async function withBaseBackup(client: Client, copy: () => Promise<void>): Promise<BaseBackup> {
  // The log that is written meanwhile stays until this session ends.
  await client.query("select pg_create_physical_replication_slot($1, true, true)", [
    `paypost_backup_${randomBytes(6).toString("hex")}`,
  ]);
  await client.query("select pg_backup_start('paypost', true)");
  await copy();
  const { rows } = await client.query<{ label: string; spaces: string; last: string }>(
    `select labelfile as label, coalesce(spcmapfile, '') as spaces, pg_walfile_name(lsn) as last
     from pg_backup_stop(false)`,
  );
  const { label = "", spaces = "", last: lastWal = "" } = rows[0] ?? {};
  const firstWal = /\(file ([0-9A-F]{24})\)/.exec(label)?.[1];
  if (firstWal === undefined)
    throw new Error(`PostgreSQL gave no backup label, but ${JSON.stringify(label)}`);
  if (spaces !== "") throw new Error("The cluster has tablespaces, which this backup does not hold");
  return { label, firstWal, lastWal };
}

/** What is read within `work` is of the one moment that `snapshot` names. */
export async function withSnapshot<T>(client: Client, work: (snapshot: string) => Promise<T>): Promise<T> {
  await client.query("begin isolation level repeatable read read only");
  try {
    const { rows } = await client.query<{ snapshot: string }>("select pg_export_snapshot() as snapshot");
    return await work(rows[0]?.snapshot ?? "");
  } finally {
    await client.query("rollback");
  }
}

/** Reading every row also has PostgreSQL check the checksum of each page that holds one. */
export async function countRows(client: Pick<Client, "query">): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname collate "C"`,
  );
  const counts: Record<string, string> = {};
  for (const { name } of rows) {
    const counted = await client.query<{ count: bigint }>(`select count(*) as count from ${name}`);
    counts[name] = String(counted.rows[0]?.count ?? 0n);
  }
  return counts;
}

export async function isEmptyDatabase(client: Pick<Client, "query">): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace limit 1`,
  );
  return rowCount === 0;
}

export async function majorVersion(client: Pick<Client, "query">): Promise<number> {
  const { rows } = await client.query<{ version: string }>(
    "select current_setting('server_version_num') as version",
  );
  return Math.floor(Number(rows[0]?.version) / 10_000);
}

/** Whether it still replays its log. */
export async function isReplaying(client: Pick<Client, "query">): Promise<boolean> {
  const { rows } = await client.query<{ replaying: boolean }>("select pg_is_in_recovery() as replaying");
  return rows[0]?.replaying ?? true;
}

/** What a restore was told is not to be done again at the next start. */
export async function forgetRestoring(client: Pick<Client, "query">): Promise<void> {
  for (const name of ["restore_command", "recovery_target_time", "recovery_target_action"])
    await client.query(`alter system reset ${name}`);
}

/**
 * Each finished segment of the log is copied into the folder; one that is there already counts if it is the same. False where
 * the running PostgreSQL was started without an archive.
 */
export async function archiveInto(client: Pick<Client, "query">, folder: string): Promise<boolean> {
  const [from, to] = ['"%p"', `"${folder}/%f"`];
  const copy = `cp ${from} ${to}.part && sync ${to}.part && mv ${to}.part ${to}`;
  const command = `cmp -s ${from} ${to} || { test ! -f ${to} && ${copy}; }`;
  await client.query(`alter system set archive_command = ${quoted(command)}`);
  await client.query("select pg_reload_conf()");
  const { rows } = await client.query<{ mode: string }>("select current_setting('archive_mode') as mode");
  return rows[0]?.mode === "on";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
