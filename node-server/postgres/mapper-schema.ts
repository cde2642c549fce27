/** The tables of the account mapper as kysely sees them; a part of `./schema.ts`. */
import type { BeneficiaryEvent, BeneficiaryState } from "#core/beneficiary.machine.ts";
import type { Modality } from "#core/payee-addresses.ts";
import type { ValidatedPayment, ValidationOutcome } from "../ports/account-validations.ts";
import type { MapperAction, MapperFace } from "../ports/mapper.ts";
import type { ColumnType, Generated } from "kysely";

export interface MapperTables {
  payees: Payees;
  payee_history: PayeeHistory;
  mapper_requests: MapperRequests;
  node_programmes: {
    node_id: string;
    program_id: string;
    institution_id: string;
    area: string | null;
    granted_by: string;
    granted_at: Generated<Date>;
  };
  mapper_items: MapperItems;
  account_validations: AccountValidations;
}

type PayeeState = Exclude<BeneficiaryState, "unregistered">;

interface Payees {
  id: Generated<bigint>;
  institution_id: string;
  payee_identity: string;
  program_id: string | null;
  area: string | null;
  state: PayeeState;
  preferred: number | null;
  last_n: number;
  version: number;
  created_at: Generated<Date>;
  changed_at: Generated<Date>;
}

interface PayeeHistory {
  payee: bigint;
  version: number;
  at: Generated<Date>;
  actor: string;
  cause: string;
  change: BeneficiaryEvent["type"];
  state: PayeeState;
  preferred: number | null;
  n: number | null;
  modality: Modality | null;
  institution_code: string | null;
  address_token: Uint8Array | null;
  active: boolean | null;
}

interface MapperRequests {
  id: Generated<bigint>;
  institution_id: string;
  action: MapperAction;
  face: MapperFace;
  request_id: string;
  request_key: string;
  batch_id: string | null;
  program_id: string | null;
  callback_url: string | null;
  about: bigint | null;
  created_at: Generated<Date>;
  completed_at: Date | null;
}

interface MapperItems {
  request: bigint;
  line: number;
  instruction_id: string | null;
  payee_identity: string | null;
  modality: string | null;
  institution_code: string | null;
  address_token: Uint8Array | null;
  replaces_token: Uint8Array | null;
  area: string | null;
  active: boolean | null;
  prefer: boolean | null;
  done: Generated<boolean>;
  failure_reason: string | null;
  reason_code: string | null;
  dated: string | null;
  details: boolean | null;
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
