/** What is kept only for a time: material of leases, answered requests, what operations seal for the server, rows aside, paid-out statements. */
import type { NodeDatabase } from "../database.ts";

const dayMs = 86_400_000;
/** The longest that a server's backup may be behind: until then it may ask for everything again. */
const keepForMs = 90 * dayMs;
/** No page waits for an answer that long. */
const keepRequestsForMs = 7 * dayMs;
/** A year's statement, and the month in which it is asked for. */
const keepPayoutsForMs = 400 * dayMs;

/** Forgets what is older than its time; what is deleted is overwritten (`secure_delete`). The chain stays whole. */
export function forgetOld(database: NodeDatabase, nowMs: number): void {
  const before = nowMs - keepForMs;
  database
    .transaction(() => {
      database
        .prepare(
          `update operations set sealed = null where sealed is not null and decided_ms < ?
             and state in ('applied', 'rejected', 'writtenOff')`,
        )
        .run(before);
      database
        .prepare(
          `update bill_payments set sealed_payer = null where sealed_payer is not null and sequence in
             (select sequence from operations where decided_ms < ? and state in ('applied', 'rejected', 'writtenOff'))`,
        )
        .run(before);
      database.prepare("delete from leases where not_after_ms < ?").run(before);
      database.prepare("delete from requests where at_ms < ?").run(nowMs - keepRequestsForMs);
      database.prepare("delete from rows_aside where seen_ms < ?").run(before);
      database.prepare("delete from payouts where paid_ms < ?").run(nowMs - keepPayoutsForMs);
    })
    .immediate();
}
