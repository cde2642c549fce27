/** Ends what has been kept for its time, a little at once, so that nobody waits for it. */
import type { Pool } from "pg";
import { purge } from "../postgres/retention-rows.ts";
import { retentionNames } from "./policy.ts";

const atOnce = 1_000;
/** What remains waits for the next time. */
const mostTurns = 50;

export async function purgeByPolicy(pool: Pool): Promise<void> {
  for (const subject of retentionNames) {
    for (let turn = 0; turn < mostTurns; turn += 1) if ((await purge(pool, subject, atOnce)) < atOnce) break;
  }
}
