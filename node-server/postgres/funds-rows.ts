/** Authorisations of what batches need, and what others ask us as their payer bank. */
import { sql } from "kysely";
import type { FundsAuthorisation, FundsQuestion, FundsRows } from "../ports/disbursement.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function fundsRows(trx: Trx): FundsRows {
  return {
    async payerBank(id) {
      const row = await trx
        .selectFrom("payer_banks")
        .selectAll()
        .where("institution_id", "=", id)
        .executeTakeFirst();
      return row && { id: row.institution_id, url: row.url };
    },
    async fee(institutionId, currency) {
      const row = await trx
        .selectFrom("disbursement_fees")
        .select(["fixed_minor", "basis_points"])
        .where("institution_id", "=", institutionId)
        .where("currency", "=", currency)
        .executeTakeFirst();
      return { feeFixedMinor: row?.fixed_minor ?? 0n, feeBasisPoints: row?.basis_points ?? 0 };
    },
    async needed(batch, state) {
      const added = sql<{ amountMinor: bigint; feeMinor: bigint }>`
        select coalesce(sum(amount_minor), 0)::bigint as "amountMinor", coalesce(sum(fee_minor), 0)::bigint as "feeMinor"
        from credit_instructions where batch = ${batch} and state = ${state}`;
      const [row] = (await added.execute(trx)).rows;
      if (!row) throw new Error("a sum has one row");
      return row;
    },
    async ask({ batch, n, amountMinor, feeMinor, payerBank, correlationId }) {
      await trx
        .insertInto("funds_authorisations")
        .values({
          batch,
          n,
          amount_minor: amountMinor,
          fee_minor: feeMinor,
          payer_bank: payerBank,
          correlation_id: correlationId,
        })
        .execute();
    },
    async last(batch) {
      const row = await select(trx).where("batch", "=", batch).orderBy("n", "desc").executeTakeFirst();
      return row && authorisationOf(row);
    },
    async byCorrelation(correlationId) {
      const row = await select(trx).where("correlation_id", "=", correlationId).executeTakeFirst();
      return row && authorisationOf(row);
    },
    async noteTry({ batch, n }, error) {
      await trx
        .updateTable("funds_authorisations")
        .set({ tries: sql`tries + 1`, last_error: error })
        .where("batch", "=", batch)
        .where("n", "=", n)
        .where("answer", "is", null)
        .execute();
    },
    async answer({ batch, n }, answer, reason) {
      const result = await trx
        .updateTable("funds_authorisations")
        .set({ answer, reason, answered_at: sql`clock_timestamp()` })
        .where("batch", "=", batch)
        .where("n", "=", n)
        .where("answer", "is", null)
        .executeTakeFirst();
      expectOne(result, `open authorisation ${n} of batch ${batch}`);
    },
    async insertQuestion(question) {
      const { id } = await trx
        .insertInto("funds_questions")
        .values({
          institution_id: question.institutionId,
          request_id: question.requestId,
          batch_id: question.batchId,
          payer_identifier: question.payerIdentifier,
          currency: question.currency,
          amount_minor: question.amountMinor,
          answer: question.answer,
          reason: question.reason,
          callback_url: question.callbackUrl,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },
    async findQuestion(id) {
      const row = await trx.selectFrom("funds_questions").selectAll().where("id", "=", id).executeTakeFirst();
      return row && questionOf(row);
    },
    async questionOf(institutionId, requestId) {
      const row = await trx
        .selectFrom("funds_questions")
        .selectAll()
        .where("institution_id", "=", institutionId)
        .where("request_id", "=", requestId)
        .executeTakeFirst();
      return row && questionOf(row);
    },
  };
}

function select(trx: Trx) {
  return trx
    .selectFrom("funds_authorisations")
    .select([
      "batch",
      "n",
      "amount_minor",
      "fee_minor",
      "payer_bank",
      "correlation_id",
      "asked_at",
      "tries",
      "answer",
    ]);
}

type Selected = Awaited<ReturnType<ReturnType<typeof select>["execute"]>>[number];

function authorisationOf(row: Selected): FundsAuthorisation {
  return {
    batch: row.batch,
    n: row.n,
    amountMinor: row.amount_minor,
    feeMinor: row.fee_minor,
    payerBank: row.payer_bank,
    correlationId: row.correlation_id,
    askedAt: row.asked_at,
    tries: row.tries,
    answer: row.answer,
  };
}

function questionOf(row: {
  id: bigint;
  institution_id: string;
  request_id: string;
  batch_id: string;
  payer_identifier: string;
  currency: string;
  amount_minor: bigint;
  answer: "Y" | "N";
  reason: string;
  callback_url: string;
}): FundsQuestion {
  return {
    id: row.id,
    institutionId: row.institution_id,
    requestId: row.request_id,
    batchId: row.batch_id,
    payerIdentifier: row.payer_identifier,
    currency: row.currency,
    amountMinor: row.amount_minor,
    answer: row.answer,
    reason: row.reason,
    callbackUrl: row.callback_url,
  };
}
