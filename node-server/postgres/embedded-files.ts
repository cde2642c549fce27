/** What the server's own PostgreSQL keeps under the data folder: `postgres/` with the cluster, its password and port. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { superuser } from "./cluster.ts";

export interface EmbeddedFiles {
  readonly folder: string;
  readonly cluster: string;
  /** Held by the one server that may use the cluster. */
  readonly lock: string;
  readonly password: string;
  /** The port of the last start, taken again if it is free, so that the URL usually stays the same. */
  readonly port: string;
}

export function filesIn(dataFolder: string): EmbeddedFiles {
  const folder = join(dataFolder, "postgres");
  return {
    folder,
    cluster: join(folder, "cluster"),
    lock: join(folder, "server.lock"),
    password: join(folder, "password"),
    port: join(folder, "port"),
  };
}

export function urlOf(password: string, port: number, database = "paypost"): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`;
}

/** Makes the folders that are missing. Started by root, they let PostgreSQL's user pass, but not look around. */
export async function makeFolders(dataFolder: string): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  for (const folder of [dataFolder, filesIn(dataFolder).folder]) {
    const made = await mkdir(folder, { recursive: true, mode: isRoot ? 0o711 : 0o700 });
    // The mode given to mkdir is cut by the umask.
    if (made !== undefined && isRoot) await chmod(folder, 0o711);
  }
}

/** The password of an existing file, or undefined. */
export async function readPassword(files: EmbeddedFiles): Promise<string | undefined> {
  const exists = await stat(files.password).catch(() => undefined);
  return exists && (await readFile(files.password, "utf8")).trim();
}

export async function makePassword(files: EmbeddedFiles): Promise<string> {
  const password = randomBytes(24).toString("hex");
  await writeFile(files.password, `${password}\n`, { mode: 0o600 });
  return password;
}

export async function readPort(files: EmbeddedFiles): Promise<number | undefined> {
  const text = await readFile(files.port, "utf8").catch(() => "");
  return /^[0-9]+\s*$/.test(text) ? Number(text) : undefined;
}

export async function writePort(files: EmbeddedFiles, port: number): Promise<void> {
  await writeFile(files.port, `${port}\n`);
}
