/**
 * Makes a backup while the server goes on: of the server's own PostgreSQL a copy of its cluster, which write-ahead log that
 * is archived brings up to any later moment; of a PostgreSQL of yours what `pg_dump` writes. The server's keys are in neither.
 */
import { copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Client } from "pg";
import { formatHead } from "../audit/chain.ts";
import type { Config } from "../config.ts";
import { embeddedUrl } from "../postgres/embedded.ts";
import { filesIn } from "../postgres/embedded-files.ts";
import {
  connectForBackup,
  countRows,
  majorVersion,
  withBaseBackup,
  withSnapshot,
} from "../postgres/backup-session.ts";
import { readIdentity } from "../postgres/recovery-admin.ts";
import { copyCluster, copyWal } from "./copy-cluster.ts";
import { dumpDatabase, requireDumpProgram } from "./dump.ts";
import { BackupError, writeDurably, writeManifest } from "./manifest.ts";
import type { FileEntry, Manifest } from "./manifest.ts";

/** Writes into `target`, which must not be there yet; it is there only when the backup is whole. Throws BackupError. */
export async function makeBackup(
  config: Pick<Config, "databaseUrl" | "dataFolder">,
  target: string,
): Promise<Manifest> {
  const folder = resolve(target);
  if (await stat(folder).catch(() => undefined))
    throw new BackupError(`${folder} is there already: each backup needs a folder of its own`);
  const client = await connectForBackup(config.databaseUrl ?? (await embeddedUrl(config.dataFolder)));
  const unfinished = `${folder}.unfinished-${process.pid}`;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(unfinished, { mode: 0o700 });
    const begun = await whatItIs(client);
    const made =
      config.databaseUrl === undefined
        ? await backUpCluster(client, filesIn(config.dataFolder), unfinished)
        : await backUpByDump(client, config.databaseUrl, unfinished);
    const manifest = { ...begun, ...made, endedAt: new Date().toISOString() };
    await writeManifest(unfinished, manifest);
    await rename(unfinished, folder);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function whatItIs(client: Client) {
  const { generation, lastAudit, head } = await readIdentity(client);
  return {
    format: 1 as const,
    postgres: await majorVersion(client),
    begunAt: new Date().toISOString(),
    generation,
    lastAudit: String(lastAudit),
    head: formatHead(head),
  };
}

type Made = Pick<Manifest, "kind" | "rows" | "firstWal" | "files">;

async function backUpCluster(
  client: Client,
  { cluster, password }: { readonly cluster: string; readonly password: string },
  target: string,
): Promise<Made> {
  const to = join(target, "cluster");
  const rows = await countRows(client);
  let files: FileEntry[] = [];
  const backup = await withBaseBackup(client, async () => {
    files = await copyCluster(cluster, to);
  });
  files.push({ path: "backup_label", ...(await writeDurably(join(to, "backup_label"), backup.label)) });
  files.push(...(await copyWal(cluster, to, backup)));
  // The cluster asks for it, on this machine only; whoever has the cluster has no need of it.
  await copyFile(password, join(target, "password"));
  const inTarget = files.map((file) => ({ ...file, path: `cluster/${file.path}` }));
  return { kind: "cluster", rows, firstWal: backup.firstWal, files: inTarget };
}

async function backUpByDump(client: Client, url: string, target: string): Promise<Made> {
  await requireDumpProgram("pg_dump", await majorVersion(client));
  return withSnapshot(client, async (snapshot) => {
    const rows = await countRows(client);
    const file = await dumpDatabase(url, snapshot, target);
    return { kind: "dump", rows, files: [file] };
  });
}
