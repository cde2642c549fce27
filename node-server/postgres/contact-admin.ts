/** Where merchants and beneficiaries are reached, and the notifications that went there; addresses are not audited. */
import type { Pool } from "pg";
import type { Contact } from "../notifications/port.ts";

export async function putMerchantContact(pool: Pool, merchantId: string, contact: Contact): Promise<void> {
  await pool.query(
    `with put as (
       insert into merchant_contacts (merchant_id, channel, address, language) values ($1, $2, $3, $4)
       on conflict (merchant_id) do update set channel = $2, address = $3, language = $4
       returning merchant_id, channel, language
     )
     insert into audit_entries (actor, action, subject, after)
     select 'operator', 'contact.put', 'merchant:' || merchant_id,
       jsonb_build_object('channel', channel, 'language', language) from put`,
    [merchantId, contact.channel, contact.address, contact.language],
  );
}

export async function putPayeeContact(
  pool: Pool,
  payee: { readonly institutionId: string; readonly payeeFunctionalId: string },
  contact: Contact,
): Promise<void> {
  await pool.query(
    `with put as (
       insert into payee_contacts (institution_id, payee_functional_id, channel, address, language)
       values ($1, $2, $3, $4, $5)
       on conflict (institution_id, payee_functional_id) do update set channel = $3, address = $4, language = $5
       returning institution_id, channel, language
     )
     insert into audit_entries (actor, action, subject, after)
     select 'operator', 'contact.put', 'institution:' || institution_id,
       jsonb_build_object('payee', $2::text, 'channel', channel, 'language', language) from put`,
    [payee.institutionId, payee.payeeFunctionalId, contact.channel, contact.address, contact.language],
  );
}

export interface NotificationSummary {
  readonly id: bigint;
  readonly kind: string;
  readonly subject: string;
  readonly channel: string;
  readonly state: string;
  readonly tries: number;
  readonly lastError: string | null;
}

/** The newest thousand; those that were not sent only, unless `all`. */
export async function listNotifications(pool: Pool, all: boolean): Promise<NotificationSummary[]> {
  const { rows } = await pool.query<NotificationSummary>(
    `select id, kind, subject, channel, state, tries, last_error as "lastError"
     from notifications where $1 or state <> 'sent' order by id desc limit 1000`,
    [all],
  );
  return rows;
}

/** Makes one notification, or every one that has failed, wait again, unless its address was erased. Returns how many. */
export async function resendNotifications(pool: Pool, id: bigint | "failed", by: string): Promise<number> {
  const { rowCount } = await pool.query(
    `with again as (
       update notifications set state = 'waiting', tries = 0, last_tried_at = null, last_error = null,
         requested_at = clock_timestamp() - interval '20 seconds'
       where case when $1::bigint is null then state = 'failed' else id = $1 end and address <> '' returning id
     )
     insert into audit_entries (actor, action, subject)
     select 'operator:' || $2, 'notification.resend', 'notification:' || id from again`,
    [id === "failed" ? null : id, by],
  );
  return rowCount ?? 0;
}
