/** `backup.json`: what a backup holds and of when it is, so that a restore can tell whether it is whole. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { fillFile } from "../durable-file.ts";

const fileEntry = z.object({ path: z.string(), bytes: z.number(), sha256: z.string() });

const manifestSchema = z.object({
  format: z.literal(1),
  /** A copy of the server's own cluster, or what `pg_dump` wrote. */
  kind: z.enum(["cluster", "dump"]),
  /** Major version of the PostgreSQL that it is of. */
  postgres: z.number(),
  begunAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  generation: z.number(),
  /** Of the audit trail: the last entry, and the head of its chain, as they were when the backup began. */
  lastAudit: z.string(),
  head: z.string(),
  /** Rows of each table: of the dump exactly; when the copy of a cluster began. */
  rows: z.record(z.string(), z.string()),
  /** The first segment of the write-ahead log that the copy of a cluster needs. */
  firstWal: z.string().optional(),
  files: z.array(fileEntry),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type FileEntry = z.infer<typeof fileEntry>;

/** The backup cannot be used; the message says why. */
export class BackupError extends Error {}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeDurably(join(folder, "backup.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** Throws BackupError. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, "backup.json");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new BackupError(`${folder} is no backup, or one that was not finished: it has no backup.json`);
  });
  const read = manifestSchema.safeParse(parse(text));
  if (!read.success) throw new BackupError(`${path} is damaged, or of another version of this program`);
  return read.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Copies a file to the disk, and tells what was copied. Throws ENOENT when it is not there any more. */
export async function copyFileDurably(from: string, to: string): Promise<Omit<FileEntry, "path">> {
  const hash = createHash("sha256");
  let bytes = 0;
  await fillFile(to, "wx", (file) =>
    pipeline(createReadStream(from), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        await file.writeFile(chunk);
      }
    }),
  );
  return { bytes, sha256: hash.digest("hex") };
}

export async function writeDurably(path: string, content: string): Promise<Omit<FileEntry, "path">> {
  await fillFile(path, "w", (file) => file.writeFile(content));
  return { bytes: Buffer.byteLength(content), sha256: createHash("sha256").update(content).digest("hex") };
}

/** Throws BackupError where the file is not the one that was backed up. */
export async function requireFile(folder: string, entry: FileEntry): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(folder, entry.path)), hash).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new BackupError(`${join(folder, entry.path)} is missing from the backup`);
  });
  if (hash.digest("hex") !== entry.sha256)
    throw new BackupError(`${join(folder, entry.path)} is damaged: it is not the file that was backed up`);
}
