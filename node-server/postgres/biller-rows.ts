/** Billers, payer FIs and how they are linked. */
import { sql } from "kysely";
import type { BillerRow, BillerRows, PayerFiRow } from "../ports/bill-rows.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function billerRows(trx: Trx): BillerRows {
  return {
    async find(id) {
      const row = await selectBillers(trx).where("id", "=", id).executeTakeFirst();
      return row && biller(row);
    },
    async ofBill(billId) {
      const row = await selectBillers(trx)
        .where(sql<boolean>`starts_with(${billId}, prefix)`)
        .executeTakeFirst();
      return row && biller(row);
    },
    async ofPayerFi(payerFiId) {
      const rows = await selectBillers(trx)
        .where("status", "=", "active")
        .where((eb) =>
          eb.exists(
            eb
              .selectFrom("biller_payer_fis")
              .select("biller_id")
              .whereRef("biller_id", "=", "billers.id")
              .where("payer_fi_id", "=", payerFiId),
          ),
        )
        .orderBy("id")
        .execute();
      return rows.map(biller);
    },
    async isLinked(billerId, payerFiId) {
      const row = await trx
        .selectFrom("biller_payer_fis")
        .select("biller_id")
        .where("biller_id", "=", billerId)
        .where("payer_fi_id", "=", payerFiId)
        .executeTakeFirst();
      return row !== undefined;
    },
    async payerFisOf(billerId) {
      const rows = await trx
        .selectFrom("biller_payer_fis")
        .innerJoin("payer_fis", "payer_fis.id", "biller_payer_fis.payer_fi_id")
        .select("payer_fis.id")
        .where("biller_id", "=", billerId)
        .where("status", "=", "active")
        .orderBy("payer_fis.id")
        .execute();
      return rows.map(({ id }) => id);
    },
    async payerFi(id) {
      const row = await selectPayerFis(trx).where("id", "=", id).executeTakeFirst();
      return row && payerFi(row);
    },
    async payerFiByBic(bic) {
      const row = await selectPayerFis(trx).where("bic", "=", bic).executeTakeFirst();
      return row && payerFi(row);
    },
    async alias(type, index) {
      const row = await trx
        .selectFrom("payer_aliases")
        .select(["payer_fi_id", "sealed_address"])
        .where("alias_type", "=", type)
        .where("alias_index", "=", index)
        .executeTakeFirst();
      return row && { payerFiId: row.payer_fi_id, sealedAddress: bytes(row.sealed_address) };
    },
  };
}

function selectBillers(trx: Trx) {
  return trx.selectFrom("billers").selectAll();
}

function selectPayerFis(trx: Trx) {
  return trx.selectFrom("payer_fis").selectAll();
}

function biller(row: Awaited<ReturnType<ReturnType<typeof selectBillers>["execute"]>>[number]): BillerRow {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    ownDigits: row.own_digits,
    checkDigit: row.check_digit,
    endpointUrl: row.endpoint_url,
    inquiry: row.inquiry,
    answerSeconds: row.answer_seconds,
    timeZone: row.time_zone,
    account: row.account,
    codes: row.codes,
    voucherGroups: row.voucher_groups,
    status: row.status,
  };
}

function payerFi(row: Awaited<ReturnType<ReturnType<typeof selectPayerFis>["execute"]>>[number]): PayerFiRow {
  const { id, name, bic, account, status } = row;
  return { id, name, bic, endpointUrl: row.endpoint_url, account, status };
}
