/** The payments of a batch one by one, and where its money is. */
import { sql } from "kysely";
import type { BatchDetailRow, BatchDetailRows, BatchMoney, InstructionEvent } from "../ports/batch-detail.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function batchDetailRows(trx: Trx): BatchDetailRows {
  return {
    async list(batch, { payee, states, instructionId }, { afterLine = 0, offset = 0, limit }) {
      let query = select(trx).where("i.batch", "=", batch).where("i.line", ">", afterLine);
      if (payee)
        query = query.where(
          "i.payee_index",
          "=",
          sql<Uint8Array>`any(${payee.map((index) => Buffer.from(index))}::bytea[])`,
        );
      if (states) query = query.where("i.state", "in", states);
      if (instructionId !== undefined) query = query.where("i.instruction_id", "=", instructionId);
      const rows = await query.orderBy("i.line").offset(offset).limit(limit).execute();
      return rows.map(detailOf);
    },
    async history(batch, line) {
      const rows = await trx
        .selectFrom("credit_instruction_events")
        .select(["at", "state", "reason_code", "reason"])
        .where("batch", "=", batch)
        .where("line", "=", line)
        .orderBy("id")
        .execute();
      return rows.map(({ at, state, reason_code: reasonCode, reason }): InstructionEvent => ({
        at,
        state,
        reasonCode,
        reason,
      }));
    },
    async money(batch) {
      const added = sql<BatchMoney>`
        select
          (select coalesce(sum(amount_minor + fee_minor), 0)::bigint from funds_authorisations
            where batch = ${batch} and answer = 'Y') as "authorisedMinor",
          coalesce(sum(amount_minor) filter (where rail <> 'voucher'), 0)::bigint as "paidMinor",
          coalesce(sum(amount_minor) filter (where rail = 'voucher'), 0)::bigint as "vouchersMinor",
          coalesce(sum(fee_minor) filter (where rail <> 'voucher'), 0)::bigint as "feesMinor",
          (select coalesce(-sum(l.amount_minor), 0)::bigint from journal_lines l join journal_entries e on e.id = l.entry_id
            where l.account_id = 'disbursement:' || ${batch}::text || ':' || b.currency
              and e.kind = 'return-from-batch') as "returnedMinor",
          (select coalesce(sum(balance_minor), 0)::bigint from accounts
            where id = 'disbursement:' || ${batch}::text || ':' || b.currency) as "heldMinor"
        from disbursement_batches b
        left join credit_instructions i on i.batch = b.id and i.state = 'paid'
        where b.id = ${batch} group by b.id`;
      const [row] = (await added.execute(trx)).rows;
      if (!row) throw new Error(`no disbursement batch ${batch}`);
      return row;
    },
  };
}

function select(trx: Trx) {
  return trx
    .selectFrom("credit_instructions as i")
    .leftJoin("disbursement_chunks as c", (join) =>
      join.onRef("c.batch", "=", "i.batch").onRef("c.n", "=", "i.chunk"),
    )
    .select([
      "i.line",
      "i.instruction_id",
      "i.state",
      "i.reason_code",
      "i.reason",
      "i.payee_identity",
      "i.address_kind",
      "i.address_sealed",
      "i.rail",
      "i.payer_party",
      "i.amount_minor",
      "i.fee_minor",
      "i.narration",
      "i.transaction_id",
      "i.voucher_serial",
      "i.corrections",
      "i.ended_at",
      "c.institution_id",
      sql<Date | null>`(select min(started_at) from credit_attempts a
        where a.batch = i.batch and a.line = coalesce(i.paid_with, i.line))`.as("started_at"),
    ]);
}

type Selected = Awaited<ReturnType<ReturnType<typeof select>["execute"]>>[number];

function detailOf(row: Selected): BatchDetailRow {
  return {
    line: row.line,
    instructionId: row.instruction_id,
    state: row.state,
    reasonCode: row.reason_code,
    reason: row.reason,
    payeeIdentity: row.payee_identity,
    address:
      row.address_kind && row.address_sealed
        ? { kind: row.address_kind, sealed: bytes(row.address_sealed) }
        : null,
    receiver: row.institution_id,
    rail: row.rail,
    payerParty: row.payer_party,
    amountMinor: row.amount_minor,
    feeMinor: row.fee_minor,
    narration: row.narration,
    transactionId: row.transaction_id,
    voucherSerial: row.voucher_serial,
    corrections: row.corrections,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}
