/**
 * Vouchers, leases and their money as the server would have left them, straight into the tables: a million made
 * one by one would take an hour. The verifiers are chance, since each costs milliseconds; all else fits, so
 * that the vouchers can be redeemed.
 */
import type { PoolClient } from "pg";
import { encodeLease } from "#sync/documents/lease.ts";
import { encodeVoucherToken, tokenToText } from "#sync/documents/voucher-token.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { signDocument } from "#sync/signing/cose.ts";
import type { BenchKeys } from "./bed.ts";
import { inTransaction } from "../../node-server/postgres/transaction.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { drawNumber, indexOfNumber, keepNumber } from "../../node-server/vouchers/numbers.ts";
import type { VerifierScrypt } from "../../node-server/vouchers/numbers.ts";
import { group } from "./bed.ts";

export interface PlantedVoucher {
  readonly serialNumber: string;
  /** 16 digits. */
  readonly number: string;
}

export const amountMinor = 700n;
const currency = "USD";
const dayMs = 86_400_000;
const mostAtOnce = 10_000;

export interface PlantOptions {
  /** Of the node that the vouchers are leased to; they are nobody's if unset. */
  readonly nodeId?: string;
  /** Makes the verifiers too, so that a node can check the numbers. */
  readonly scrypt?: VerifierScrypt;
}

/** Activated vouchers. */
export async function plantVouchers(
  client: DatabaseClient,
  keys: BenchKeys,
  count: number,
  options: PlantOptions = {},
): Promise<PlantedVoucher[]> {
  const planted: PlantedVoucher[] = [];
  while (planted.length < count) {
    const some = Math.min(mostAtOnce, count - planted.length);
    planted.push(...(await plantSome(client, keys, some, options)));
  }
  return planted;
}

async function plantSome(
  { pool }: DatabaseClient,
  keys: BenchKeys,
  count: number,
  { nodeId, scrypt }: PlantOptions,
) {
  const expiresAt = new Date(Date.now() + 90 * dayMs);
  const notAfter = new Date(Date.now() + 30 * dayMs);
  return inTransaction(pool, beginUnchecked, async (db) => {
    const serials = await drawSerials(db, count);
    const vouchers = serials.map((serial) => ({ serial, number: drawNumber(webRandomBytes) }));
    const tokens = await Promise.all(
      vouchers.map(async ({ serial, number }) => {
        const making = scrypt && { keys: keys.numbers, scrypt };
        const kept = making && (await keepNumber(making, serial, number));
        return tokenOf(keys, serial, expiresAt, kept?.numberVerifier ?? webRandomBytes(16));
      }),
    );
    await db.query(
      `create temp table planted on commit drop as
      select row_number() over ()::int as line, * from unnest($1::bigint[], $2::bytea[], $3::text[])
        as wanted (serial, number_index, token)`,
      [serials, vouchers.map(({ number }) => Buffer.from(indexOfNumber(keys.indexKey, number))), tokens],
    );
    await insertPlanted(db, expiresAt, nodeId === undefined ? "activated" : "leased");
    if (nodeId !== undefined) await leasePlanted(db, keys, { serials, nodeId, notAfter });
    return vouchers.map(({ serial, number }) => ({ serialNumber: String(serial), number }));
  });
}

/** Vouchers that only stand beside those that are measured: nobody knows their numbers. */
export async function plantFiller({ pool }: DatabaseClient, count: number): Promise<void> {
  const expiresAt = new Date(Date.now() + 90 * dayMs);
  await inTransaction(pool, beginUnchecked, async (db) => {
    await db.query(
      `create temp table planted on commit drop as
        select line, serial, sha256(serial::text::bytea) as number_index, 'PV1:' || repeat('F', 300) as token
        from (select line, nextval('voucher_serials') as serial from generate_series(1, $1::int) as line) drawn`,
      [count],
    );
    await insertPlanted(db, expiresAt, "activated");
  });
  await pool.query("vacuum analyze");
}

/** The checks at commit look at each row alone; here the rows are right by construction. */
export const beginUnchecked = "begin; set local session_replication_role = replica";

async function drawSerials(db: PoolClient, count: number): Promise<bigint[]> {
  const { rows } = await db.query<{ serial: bigint }>(
    "select nextval('voucher_serials') as serial from generate_series(1, $1::int)",
    [count],
  );
  return rows.map(({ serial }) => serial);
}

/** Batch, instructions, vouchers, and the journal entry that set their money aside. */
async function insertPlanted(db: PoolClient, expiresAt: Date, state: "activated" | "leased"): Promise<void> {
  const reference = Buffer.from(webRandomBytes(6)).toString("hex");
  await db.query(
    `with batch as (
        insert into voucher_batches (institution_id, batch_id, request_id, program_id, callback_url, completed_at)
        values ('welfare', $1, $1, 'relief', 'http://127.0.0.1:9', now()) returning id
      ), instructions as (
        insert into voucher_instructions (batch, line, instruction_id, group_code, currency, amount, made)
        select id, line, 'i-' || line, $2, $3, '7.00', true from planted, batch
      )
      insert into vouchers (serial, batch, line, group_code, amount_minor, currency, state, reserved_minor,
          number_index, number_verifier, token, activated_at, expires_at)
        select serial, id, line, $2, $4::bigint, $3, $6, $4::bigint, number_index,
          substring(sha256(number_index) for 16), token, now(), $5 from planted, batch`,
    [reference, group, currency, amountMinor, expiresAt, state],
  );
  await db.query(
    `insert into accounts (id, kind, owner, currency) values ('reserved:' || $1 || ':' || $2, 'reserved', $1, $2)
      on conflict do nothing`,
    [group, currency],
  );
  await db.query(
    `with entry as (
        insert into journal_entries (idempotency_key, kind, currency)
        values ('reserve:planted:' || $1, 'reserve-voucher', $2) returning id
      ), lines as (
        insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial)
        select id, 0, 'funding:' || $3 || ':' || $2, -$4::bigint * (select count(*) from planted), null from entry
        union all
        select id, line, 'reserved:' || $3 || ':' || $2, $4::bigint, serial from entry, planted
      )
      update accounts set balance_minor = balance_minor
          + case kind when 'reserved' then 1 else -1 end * $4::bigint * (select count(*) from planted)
        where id in ('reserved:' || $3 || ':' || $2, 'funding:' || $3 || ':' || $2)`,
    [reference, currency, group, amountMinor],
  );
}

async function leasePlanted(
  db: PoolClient,
  keys: BenchKeys,
  { serials, nodeId, notAfter }: { serials: readonly bigint[]; nodeId: string; notAfter: Date },
): Promise<void> {
  const epoch = { generation: 1, n: 1 };
  const documents = await Promise.all(
    serials.map((serial) =>
      signDocument(
        keys.ring.signers.lease,
        encodeLease({ serial, nodeId, epoch, notAfterMs: notAfter.getTime() }),
      ),
    ),
  );
  await db.query(
    `insert into leases (voucher_serial, epoch_generation, epoch_n, node_id, not_after, document)
      select serial, 1, 1, $1::uuid, $2, document from unnest($3::bigint[], $4::bytea[]) as granted (serial, document)`,
    [nodeId, notAfter, serials, documents.map((document) => Buffer.from(document))],
  );
  // The nodes' own log of changes is kept as ever.
  await db.query("set local session_replication_role = origin");
  await db.query(
    `insert into shape_leases (node_id, serial, epoch_generation, epoch_n, not_after, lease, token)
      select $1, serial, 1, 1, $2, rtrim(replace(encode(document, 'base64'), E'\\n', '')), token
      from leases join planted on serial = voucher_serial`,
    [nodeId, notAfter],
  );
}

async function tokenOf(
  { ring }: BenchKeys,
  serial: bigint,
  expiresAt: Date,
  verifier: Uint8Array,
): Promise<string> {
  const token = {
    serial,
    amountMinor,
    currency,
    expiresAtMs: expiresAt.getTime(),
    group,
    programme: "relief",
    atRisk: false,
    verifier,
  };
  return tokenToText(await signDocument(ring.signers["voucher-token"], encodeVoucherToken(token)));
}
