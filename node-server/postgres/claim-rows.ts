/** Claims on vouchers, at most one that lives for each (the index `one_live_claim`), and their credits by providers. */
import { sql } from "kysely";
import type { ClaimRow, ClaimRows } from "../ports/store.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function claimRows(trx: Trx): ClaimRows {
  return {
    async insert(row) {
      await trx
        .insertInto("claims")
        .values({
          id: row.id,
          voucher_serial: row.serial,
          merchant_id: row.merchantId,
          amount_minor: row.amountMinor,
          currency: row.currency,
          offline: row.offline,
          state: row.state,
          transaction_id: row.transactionId,
          fsp_id: row.fspId,
          fee_minor: row.feeMinor,
          liquidity_held: row.liquidityHeld,
        })
        .execute();
    },
    async find(id) {
      const row = await selectClaims(trx).where("id", "=", id).executeTakeFirst();
      return row && claim(row);
    },
    async live(serial) {
      const row = await selectClaims(trx)
        .where("voucher_serial", "=", serial)
        .where("state", "<>", "released")
        .executeTakeFirst();
      return row && claim(row);
    },
    async update(id, state, endedAt) {
      const result = await trx
        .updateTable("claims")
        .set({ state, ended_at: endedAt })
        .where("id", "=", id)
        .executeTakeFirst();
      expectOne(result, `claim ${id}`);
    },
    async markLiquidityHeld(id) {
      const change = trx.updateTable("claims").set({ liquidity_held: true }).where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `claim ${id}`);
    },
    async noteTry(id, failure) {
      const change = trx
        .updateTable("claims")
        .set({ tries: sql`tries + 1`, last_failure: failure })
        .where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `claim ${id}`);
    },
    attempts: (id) =>
      trx
        .selectFrom("payout_attempts")
        .select(["n", "outcome"])
        .where("claim_id", "=", id)
        .orderBy("n")
        .execute(),
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

function selectClaims(trx: Trx) {
  return trx
    .selectFrom("claims")
    .select([
      "id",
      "voucher_serial",
      "merchant_id",
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
