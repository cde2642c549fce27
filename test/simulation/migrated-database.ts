/** A node's database as its migrations leave it, made once in a process: each simulated machine begins with a copy. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../desktop/worker/database.ts";

let made: Buffer | undefined;

export function migratedDatabase(): Buffer {
  made ??= make();
  return made;
}

function make(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "paypost-simulation-"));
  const path = join(folder, "node.db");
  openDatabase(path).close();
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  return bytes;
}
