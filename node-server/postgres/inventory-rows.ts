/** Serials and numbers that nobody has asked for yet. */
import type { InventoryRow, InventoryRows } from "../ports/store.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function inventoryRows(trx: Trx): InventoryRows {
  return {
    async insert(row) {
      await trx
        .insertInto("voucher_inventory")
        .values({
          serial: row.serial,
          number_index: row.numberIndex,
          group_code: row.groupCode,
          amount_minor: row.amountMinor,
          currency: row.currency,
        })
        .execute();
    },
    async find(serial) {
      const row = await trx
        .selectFrom("voucher_inventory")
        .selectAll()
        .where("serial", "=", serial)
        .executeTakeFirst();
      return row && inventory(row);
    },
    async byNumber(numberIndex) {
      const row = await trx
        .selectFrom("voucher_inventory")
        .selectAll()
        .where("number_index", "=", numberIndex)
        .executeTakeFirst();
      return row && inventory(row);
    },
  };
}

function inventory(row: {
  serial: bigint;
  number_index: Uint8Array;
  group_code: string;
  amount_minor: bigint;
  currency: string;
}): InventoryRow {
  return {
    serial: row.serial,
    numberIndex: bytes(row.number_index),
    groupCode: row.group_code,
    amountMinor: row.amount_minor,
    currency: row.currency,
  };
}
