/** The tables of the account mapper as they are when all migrations have run, for the query builder's types. */
import type { ColumnType, Generated } from "kysely";
import type { ValidatedPayment, ValidationOutcome } from "../ports/account-validations.ts";

export interface MapperTables {
  account_validations: AccountValidations;
}

interface AccountValidations {
  request: bigint;
  bank: string;
  correlation_id: string;
  terms: ColumnType<readonly ValidatedPayment[], string, never>;
  asked_at: Generated<Date>;
  tries: Generated<number>;
  last_error: Generated<string | null>;
  outcome: Generated<ValidationOutcome | null>;
  ended_at: Generated<Date | null>;
}
