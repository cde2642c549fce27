/** The tables of bulk disbursement as kysely sees them; a part of `./schema.ts`. */
import type { BatchState } from "#core/batch.machine.ts";
import type { CreditInstructionState } from "#core/credit-instruction.machine.ts";
import type { Generated } from "kysely";
import type { Language } from "../notifications/port.ts";
import type { ReceivingInstitution } from "../ports/execution.ts";
import type { AddressKind, BatchSource } from "../ports/disbursement.ts";

export interface DisbursementDatabase {
  payer_banks: { institution_id: string; url: string };
  disbursement_terms: DisbursementTermsTable;
  disbursement_fees: { institution_id: string; currency: string; fixed_minor: bigint; basis_points: number };
  batch_signatories: BatchSignatories;
  disbursement_batches: DisbursementBatches;
  credit_instructions: CreditInstructions;
  disbursement_reports: DisbursementReports;
  funds_authorisations: FundsAuthorisations;
  funds_questions: FundsQuestions;
  receiving_institutions: ReceivingInstitutions;
  default_receivers: { address_kind: AddressKind; institution_id: string };
  disbursement_chunks: DisbursementChunks;
  credit_attempts: CreditAttempts;
  credit_instruction_events: CreditInstructionEvents;
}

interface ReceivingInstitutions {
  id: string;
  name: string;
  rail: ReceivingInstitution["rail"];
  gateway: ReceivingInstitution["gateway"];
  url: string | null;
  per_second: number | null;
  paced_until: Generated<Date>;
}

interface DisbursementChunks {
  batch: bigint;
  n: number;
  institution_id: string | null;
  voucher_batch: bigint | null;
  planned_at: Generated<Date>;
}

interface CreditAttempts {
  batch: bigint;
  line: number;
  n: number;
  key: string;
  started_at: Generated<Date>;
  reference: string | null;
  outcome: "paid" | "failed" | null;
  ended_at: Date | null;
}

interface CreditInstructionEvents {
  id: Generated<bigint>;
  batch: bigint;
  line: number;
  at: Generated<Date>;
  state: CreditInstructionState;
  reason_code: string | null;
  reason: string | null;
}

interface DisbursementTermsTable {
  institution_id: string;
  payer_bank: string | null;
  payer_identifier: string;
  country_code: string | null;
  voucher_group: string | null;
  duplicate_days: Generated<number>;
  most_failed_percent: number | null;
  receipt_language: Generated<Language | null>;
}

interface BatchSignatories {
  institution_id: string;
  name: string;
  public_key: Uint8Array;
  proposed_by: string;
  proposed_at: Generated<Date>;
  approved_by: string | null;
  approved_at: Date | null;
}

interface DisbursementBatches {
  id: Generated<bigint>;
  batch_id: string;
  institution_id: string;
  external_id: string | null;
  source: BatchSource;
  request_id: string;
  program_id: string | null;
  callback_url: string | null;
  currency: string;
  total_count: number;
  total_minor: bigint;
  content_hash: Uint8Array;
  submitted_by: string;
  state: Generated<BatchState>;
  state_reason: string | null;
  execute_at: Date | null;
  after_batch: bigint | null;
  most_failed_percent: number | null;
  judged_from_failed: Generated<number>;
  judged_from_paid: Generated<number>;
  approved_by: string | null;
  approved_at: Date | null;
  approval_key: Uint8Array | null;
  approval_signature: Uint8Array | null;
  created_at: Generated<Date>;
  started_at: Date | null;
  settled_at: Date | null;
  combined: Generated<boolean>;
}

interface CreditInstructions {
  batch: bigint;
  line: number;
  unique_for: string | null;
  instruction_id: string;
  payee_identity: string | null;
  address_kind: AddressKind | null;
  address_sealed: Uint8Array | null;
  institution_code: string | null;
  payee_index: Uint8Array;
  payment_mode: string;
  payer_party: string | null;
  amount_minor: bigint;
  fee_minor: bigint;
  narration: string;
  fingerprint: Uint8Array;
  corrections: Generated<string[]>;
  state: Generated<CreditInstructionState>;
  paid_with: number | null;
  rail: "bank" | "non-bank" | "voucher" | null;
  chunk: number | null;
  paid_to_kind: AddressKind | null;
  paid_to_sealed: Uint8Array | null;
  reason_code: string | null;
  reason: string | null;
  ended_at: Date | null;
  transaction_id: string | null;
  voucher_serial: bigint | null;
}

interface DisbursementReports {
  id: Generated<bigint>;
  batch: bigint;
  at: Generated<Date>;
  note: string;
  ongoing: number;
  failed: number;
  completed: number;
  ongoing_minor: bigint;
  failed_minor: bigint;
  completed_minor: bigint;
}

interface FundsAuthorisations {
  batch: bigint;
  n: number;
  amount_minor: bigint;
  fee_minor: bigint;
  payer_bank: string | null;
  correlation_id: string;
  asked_at: Generated<Date>;
  tries: Generated<number>;
  last_error: string | null;
  answer: "Y" | "N" | null;
  reason: string | null;
  answered_at: Date | null;
}

interface FundsQuestions {
  id: Generated<bigint>;
  institution_id: string;
  request_id: string;
  batch_id: string;
  payer_identifier: string;
  currency: string;
  amount_minor: bigint;
  answer: "Y" | "N";
  reason: string;
  callback_url: string;
  created_at: Generated<Date>;
}
