/** Claims on vouchers: at most one that lives for each voucher (the index `one_live_claim`). */
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
          sent_at: row.sentAt,
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
    async markSent(id) {
      const change = trx
        .updateTable("claims")
        .set({ sent_at: sql`coalesce(sent_at, clock_timestamp())`, tries: sql`tries + 1` })
        .where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `claim ${id}`);
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
      "sent_at",
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
    sentAt: row.sent_at,
  };
}
