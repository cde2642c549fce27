/** The files of a PostgreSQL cluster that belong into a backup (PostgreSQL manual, 25.3.4.2), copied while it is in use. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { copyFileDurably } from "./manifest.ts";
import type { FileEntry } from "./manifest.ts";

/** Made anew by whoever starts from the copy; the folders themselves must be there. The log is copied apart. */
const emptied = [
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
  "log",
];

/** Of the running server, or of an earlier restore. */
const leftOut =
  /^(postmaster\.(pid|opts).*|startup\.log|current_logfiles.*|backup_(label|manifest).*|tablespace_map.*|postgresql\.auto\.conf\.tmp)$|(^|\/)(pg_internal\.init.*|pgsql_tmp.*)$/;

/** The last one, since it says how far the others are. */
const controlFile = "global/pg_control";

export async function copyCluster(from: string, to: string): Promise<FileEntry[]> {
  await mkdir(to, { mode: 0o700 });
  const files: FileEntry[] = [];
  for (const path of await filesOf(from, to, "")) {
    if (path === controlFile) continue;
    const copied = await copyIfThere(join(from, path), join(to, path));
    if (copied) files.push({ path, ...copied });
  }
  files.push({
    path: controlFile,
    ...(await copyFileDurably(join(from, controlFile), join(to, controlFile))),
  });
  return files;
}

/** The segments of the log between two, and the histories of its timelines. */
export async function copyWal(
  cluster: string,
  to: string,
  { firstWal, lastWal }: { readonly firstWal: string; readonly lastWal: string },
): Promise<FileEntry[]> {
  const names = (await readdir(join(cluster, "pg_wal"))).toSorted();
  // The first 8 digits are the timeline, the same for all of them.
  const wanted = names.filter(
    (name) =>
      (/^[0-9A-F]{24}$/.test(name) && name >= firstWal && name <= lastWal) ||
      /^[0-9A-F]{8}\.history$/.test(name),
  );
  if (!wanted.includes(firstWal) || !wanted.includes(lastWal))
    throw new Error(`the write-ahead log from ${firstWal} to ${lastWal} is not there any more`);
  const files: FileEntry[] = [];
  for (const name of wanted) {
    const path = `pg_wal/${name}`;
    files.push({ path, ...(await copyFileDurably(join(cluster, path), join(to, path))) });
  }
  return files;
}

/** Makes the folders on its way. */
async function filesOf(from: string, to: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(join(from, folder), { withFileTypes: true }).catch(ifGone);
  for (const entry of entries ?? []) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (leftOut.test(path)) continue;
    if (entry.isFile()) found.push(path);
    if (!entry.isDirectory()) continue;
    await mkdir(join(to, path), { mode: 0o700 });
    if (!emptied.includes(path)) found.push(...(await filesOf(from, to, path)));
  }
  return found;
}

/** A table that is dropped meanwhile takes its files with it; the log tells the same to whoever starts from the copy. */
async function copyIfThere(from: string, to: string) {
  const copied = await copyFileDurably(from, to).catch(ifGone);
  if (!copied) await rm(to, { force: true });
  return copied;
}

function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
