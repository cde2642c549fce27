/** Claims on vouchers: at most one that lives for each voucher (the index `one_live_claim`). */
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
  };
}
