/** The beginning of a recovery (design section 4.8): for a database that somebody says was restored. */
import type { Pool } from "pg";
import { beginRecovery, readIdentity } from "../postgres/recovery-admin.ts";
import { readSeen, writeSeen } from "./generation-file.ts";

/** While no server runs on the database. Gives its new generation, above every one that this installation has seen. */
export async function beginRestored(
  pool: Pool,
  keysFolder: string,
  { by, graceHours }: { readonly by: string; readonly graceHours: number },
): Promise<number> {
  const seen = await readSeen(keysFolder);
  const identity = await readIdentity(pool);
  const generation = Math.max(identity.generation, seen?.generation ?? 0) + 1;
  await beginRecovery(pool, { generation, by, graceHours, numbersSeen: seen?.numbers ?? [] });
  await writeSeen(keysFolder, await readIdentity(pool));
  return generation;
}
