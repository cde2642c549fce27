/** What payer banks are asked about accounts; the accounts themselves are sealed items of their requests. */
import { sql } from "kysely";
import type { AccountValidation, AccountValidationRows } from "../ports/account-validations.ts";
import type { Trx } from "./rows.ts";

export function accountValidationRows(trx: Trx): AccountValidationRows {
  return {
    async insert({ request, bank, correlationId, payments }) {
      await trx
        .insertInto("account_validations")
        .values({ request, bank, correlation_id: correlationId, terms: JSON.stringify(payments) })
        .execute();
    },
    async find(request) {
      const row = await select(trx).where("request", "=", request).executeTakeFirst();
      return row && validationOf(row);
    },
    async byCorrelation(correlationId) {
      const row = await select(trx).where("correlation_id", "=", correlationId).executeTakeFirst();
      return row && validationOf(row);
    },
    async noteTry(request, error) {
      await trx
        .updateTable("account_validations")
        .set({ tries: sql`tries + 1`, last_error: error })
        .where("request", "=", request)
        .where("outcome", "is", null)
        .execute();
    },
    async end(request, outcome) {
      await trx
        .updateTable("account_validations")
        .set({ outcome, ended_at: sql`clock_timestamp()` })
        .where("request", "=", request)
        .execute();
    },
  };
}

function select(trx: Trx) {
  return trx
    .selectFrom("account_validations")
    .select(["request", "bank", "correlation_id", "terms", "asked_at", "tries", "outcome"]);
}

function validationOf(
  row: Awaited<ReturnType<ReturnType<typeof select>["executeTakeFirstOrThrow"]>>,
): AccountValidation {
  const { request, bank, terms: payments, tries, outcome } = row;
  return {
    request,
    bank,
    correlationId: row.correlation_id,
    payments,
    askedAt: row.asked_at,
    tries,
    outcome,
  };
}
