/** Callbacks as operators list them and ask for them again. */
import type { Pool } from "pg";

export interface CallbackSummary {
  readonly id: bigint;
  readonly institutionId: string;
  readonly kind: string;
  readonly url: string;
  readonly state: string;
  readonly tries: number;
  readonly requestedAt: Date;
  readonly lastTriedAt: Date | null;
  readonly lastError: string | null;
}

/** The newest thousand; those that were not delivered only, if `undelivered`. */
export async function listCallbacks(pool: Pool, undelivered: boolean): Promise<CallbackSummary[]> {
  const { rows } = await pool.query<CallbackSummary>(
    `select id, institution_id as "institutionId", kind, url, state, tries, requested_at as "requestedAt",
       last_tried_at as "lastTriedAt", last_error as "lastError"
     from callbacks where not $1 or state <> 'delivered' order by id desc limit 1000`,
    [undelivered],
  );
  return rows;
}

/** One callback, or every one that could not be delivered: of an institution, or of all (null). */
export type WhichCallbacks = { readonly id: bigint } | { readonly undeliverableOf: string | null };

/** Makes callbacks wait again, as old as those that the server takes for forgotten. Returns how many. */
export async function resendCallbacks(pool: Pool, which: WhichCallbacks, by: string): Promise<number> {
  const [id, institution] = "id" in which ? [which.id, null] : [null, which.undeliverableOf];
  const { rowCount } = await pool.query(
    `with again as (
       update callbacks set state = 'waiting', requested_at = clock_timestamp() - interval '20 seconds', tries = 0,
         last_tried_at = null, last_status = null, last_error = null, delivered_at = null
       where case when $1::bigint is not null then id = $1
         else state = 'undeliverable' and ($2::text is null or institution_id = $2) end
       returning id
     ), ended as (
       update alerts set ended_at = clock_timestamp() from again
       where kind = 'callback-undeliverable' and subject = 'callback:' || again.id and ended_at is null
     )
     insert into audit_entries (actor, action, subject)
     select 'operator:' || $3, 'callback.resend', 'callback:' || id from again`,
    [id, institution, by],
  );
  return rowCount ?? 0;
}
