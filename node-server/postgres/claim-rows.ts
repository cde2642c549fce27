/** Claims on vouchers, at most one that lives for each (the index `one_live_claim`), and their credits by providers. */
import { sql } from "kysely";
import type { ClaimRow, ClaimRows, PayoutAttempt } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { expectAll, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function claimRows(trx: Trx): ClaimRows {
  return {
    insert: (row) => insertAll(trx, [row]),
    insertAll: (rows) => insertAll(trx, rows),
    find: async (id) => (await findAll(trx, [id]))[0],
    findAll: (ids) => findAll(trx, ids),
    live: async (serial) => (await liveOf(trx, [serial]))[0],
    liveOf: (serials) => liveOf(trx, serials),
    update: (id, state, endedAt) => updateAll(trx, [{ id, state, endedAt }]),
    updateAll: (changes) => updateAll(trx, changes),
    async markLiquidityHeld(id) {
      const change = trx.updateTable("claims").set({ liquidity_held: true }).where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `claim ${id}`);
    },
    noteTry: (id, failure) => noteTries(trx, [{ id, failure }]),
    noteTries: (tries) => noteTries(trx, tries),
    attempts: async (id) => (await attemptsOf(trx, [id])).map(({ n, outcome }) => ({ n, outcome })),
    attemptsOf: (ids) => attemptsOf(trx, ids),
    async startAttempt(id, n) {
      await trx.insertInto("payout_attempts").values({ claim_id: id, n }).execute();
    },
    async endAttempt(id, n, outcome) {
      const change = trx
        .updateTable("payout_attempts")
        .set({ outcome, ended_at: sql`clock_timestamp()` })
        .where("claim_id", "=", id)
        .where("n", "=", n);
      expectOne(await change.executeTakeFirst(), `credit ${n} of claim ${id}`);
    },
    async paidOfNode({ id, merchantId }, after, limit) {
      const rows = await trx
        .selectFrom("claims as c")
        .innerJoin("operations as o", "o.claim_id", "c.id")
        .innerJoin("merchants as m", "m.id", "c.merchant_id")
        .leftJoin("fsps as f", "f.id", "c.fsp_id")
        .select(["c.transaction_id", "c.voucher_serial", "c.currency", "c.amount_minor", "c.fee_minor"])
        .select(["c.ended_at", "o.sequence", "m.account", "f.name as fsp_name"])
        .where("c.merchant_id", "=", merchantId)
        .where("c.state", "=", "paid")
        .where("o.node_id", "=", id)
        .$if(after !== null, (paid) =>
          paid.where(
            sql<boolean>`(c.ended_at, c.id) > (select ended_at, id from claims where transaction_id = ${after})`,
          ),
        )
        .orderBy("c.ended_at")
        .orderBy("c.id")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        transactionId: row.transaction_id,
        sequence: Number(row.sequence),
        serial: row.voucher_serial,
        currency: row.currency,
        amountMinor: row.amount_minor,
        feeMinor: row.fee_minor,
        paidAt: row.ended_at ?? new Date(0),
        account: row.account,
        fspName: row.fsp_name,
      }));
    },
  };
}

async function insertAll(trx: Trx, rows: readonly ClaimRow[]): Promise<void> {
  await sql`
    insert into claims (id, voucher_serial, merchant_id, biller_id, amount_minor, currency, offline, state,
      transaction_id, fsp_id, fee_minor, liquidity_held)
    select * from unnest(
      ${rows.map(({ id }) => id)}::uuid[],
      ${rows.map(({ serial }) => serial)}::bigint[],
      ${rows.map(({ merchantId }) => merchantId)}::text[],
      ${rows.map(({ billerId }) => billerId)}::text[],
      ${rows.map(({ amountMinor }) => amountMinor)}::bigint[],
      ${rows.map(({ currency }) => currency)}::text[],
      ${rows.map(({ offline }) => offline)}::boolean[],
      ${rows.map(({ state }) => state)}::text[],
      ${rows.map(({ transactionId }) => transactionId)}::text[],
      ${rows.map(({ fspId }) => fspId)}::text[],
      ${rows.map(({ feeMinor }) => feeMinor)}::bigint[],
      ${rows.map(({ liquidityHeld }) => liquidityHeld)}::boolean[])`.execute(trx);
}

const claimsOfIds = keptQuery((trx, ids: readonly string[]) =>
  selectClaims(trx).where(sql<boolean>`id = any(${ids}::uuid[])`),
);

async function findAll(trx: Trx, ids: readonly string[]): Promise<ClaimRow[]> {
  return (await claimsOfIds(trx, ids)).rows.map(claim);
}

const liveClaims = keptQuery((trx, serials: readonly bigint[]) =>
  selectClaims(trx)
    .where(sql<boolean>`voucher_serial = any(${serials}::bigint[])`)
    .where("state", "<>", "released"),
);

async function liveOf(trx: Trx, serials: readonly bigint[]): Promise<ClaimRow[]> {
  return (await liveClaims(trx, serials)).rows.map(claim);
}

async function updateAll(trx: Trx, changes: Parameters<ClaimRows["updateAll"]>[0]): Promise<void> {
  const updated = await sql`
    update claims set state = changed.state, ended_at = changed.ended_at
    from unnest(
      ${changes.map(({ id }) => id)}::uuid[],
      ${changes.map(({ state }) => state)}::text[],
      ${changes.map(({ endedAt }) => endedAt)}::timestamptz[]) as changed (id, state, ended_at)
    where claims.id = changed.id`.execute(trx);
  expectAll(updated, changes.length, "claims");
}

async function noteTries(trx: Trx, tries: Parameters<ClaimRows["noteTries"]>[0]): Promise<void> {
  const noted = await sql`
    update claims set tries = tries + 1, last_failure = tried.failure
    from unnest(
      ${tries.map(({ id }) => id)}::uuid[],
      ${tries.map(({ failure }) => failure)}::text[]) as tried (id, failure)
    where claims.id = tried.id`.execute(trx);
  expectAll(noted, tries.length, "claims");
}

const attemptsOfClaims = keptQuery((trx, ids: readonly string[]) =>
  trx
    .selectFrom("payout_attempts")
    .select(["claim_id", "n", "outcome"])
    .where(sql<boolean>`claim_id = any(${ids}::uuid[])`)
    .orderBy("n"),
);

async function attemptsOf(
  trx: Trx,
  ids: readonly string[],
): Promise<(PayoutAttempt & { readonly claimId: string })[]> {
  const { rows } = await attemptsOfClaims(trx, ids);
  return rows.map(({ claim_id: claimId, ...attempt }) => ({ claimId, ...attempt }));
}

function selectClaims(trx: Trx) {
  return trx
    .selectFrom("claims")
    .select([
      "id",
      "voucher_serial",
      "merchant_id",
      "biller_id",
      "amount_minor",
      "currency",
      "offline",
      "state",
      "transaction_id",
      "fsp_id",
      "fee_minor",
      "liquidity_held",
    ]);
}

type SelectedClaim = Awaited<ReturnType<ReturnType<typeof selectClaims>["execute"]>>[number];

function claim(row: SelectedClaim): ClaimRow {
  return {
    id: row.id,
    serial: row.voucher_serial,
    merchantId: row.merchant_id,
    billerId: row.biller_id,
    amountMinor: row.amount_minor,
    currency: row.currency,
    offline: row.offline,
    state: row.state,
    transactionId: row.transaction_id,
    fspId: row.fsp_id,
    feeMinor: row.fee_minor,
    liquidityHeld: row.liquidity_held,
  };
}
