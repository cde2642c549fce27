/**
 * The tables of vouchers, what is issued and redeemed of them, and who is paid for it as kysely sees them; a part of
 * `./schema.ts`.
 */
import type { RedemptionState } from "#core/redemption.machine.ts";
import type { PendingEnd, VoucherState } from "#core/voucher.machine.ts";
import type { BatchKind, PayoutAttempt, VoucherAction, VoucherCommand } from "../ports/store.ts";
import type { Generated } from "kysely";

export interface VoucherTables {
  voucher_groups: VoucherGroups;
  voucher_group_fees: VoucherGroupFees;
  voucher_batches: VoucherBatches;
  voucher_instructions: VoucherInstructions;
  vouchers: Vouchers;
  voucher_deliveries: VoucherDeliveries;
  voucher_commands: VoucherCommands;
  voucher_command_items: VoucherCommandItems;
  claims: Claims;
  payout_attempts: PayoutAttempts;
  redemption_requests: RedemptionRequests;
  wrong_numbers: WrongNumbers;
  voucher_inventory: VoucherInventory;
  budgets: { program_id: string; group_code: string; currency: string; limit_minor: bigint };
  restock_levels: RestockLevels;
  sealed_answers: SealedAnswers;
}

interface SealedAnswers {
  institution_id: string;
  call: string;
  request_id: string;
  sealed: Uint8Array | null;
  created_at: Generated<Date>;
}

interface VoucherInventory {
  serial: bigint;
  number_index: Uint8Array;
  group_code: string;
  amount_minor: bigint;
  currency: string;
}

interface VoucherGroups {
  code: string;
  name: string;
  validity_days: Generated<number>;
  reservation_days: Generated<number>;
  at_risk: Generated<boolean>;
  created_at: Generated<Date>;
}

interface VoucherGroupFees {
  group_code: string;
  currency: string;
  fixed_minor: bigint;
  basis_points: number;
}

interface VoucherBatches {
  id: Generated<bigint>;
  kind: Generated<BatchKind>;
  institution_id: string;
  batch_id: string;
  request_id: string;
  program_id: string;
  callback_url: string | null;
  created_at: Generated<Date>;
  completed_at: Date | null;
}

interface VoucherInstructions {
  batch: bigint;
  /** The institution, for an item of its files. */
  unique_for: string | null;
  line: number;
  instruction_id: string;
  group_code: string;
  currency: string;
  amount: string;
  payee_functional_id: string | null;
  narration: Generated<string>;
  made: Generated<boolean>;
  replaces: string | null;
  reason: string | null;
  failure_reason: string | null;
}

interface Vouchers {
  serial: bigint;
  batch: bigint;
  line: number;
  group_code: string;
  amount_minor: bigint;
  currency: string;
  state: VoucherState;
  pending: PendingEnd | null;
  reserved_minor: Generated<bigint>;
  number_index: Uint8Array;
  number_verifier: Uint8Array;
  token_key_id: Uint8Array | null;
  token: string | null;
  created_at: Generated<Date>;
  activated_at: Date | null;
  expires_at: Date;
  replaces: bigint | null;
  denied_chunk: Generated<number | null>;
  denied_since: Generated<Date | null>;
  dispensed_by: string | null;
}

interface VoucherDeliveries {
  serial: bigint;
  ciphertext: string | null;
  delivered_at: Date | null;
}

interface VoucherCommands {
  id: Generated<bigint>;
  institution_id: string;
  request_id: string;
  batch_id: string;
  command: VoucherCommand;
  callback_url: string;
  created_at: Generated<Date>;
  completed_at: Date | null;
}

interface VoucherCommandItems {
  command: bigint;
  line: number;
  action: VoucherAction;
  pending: PendingEnd | null;
  pending_until: Date | null;
  serial_number: string;
  lease_to: string | null;
  lease_until: Date | null;
  dispensed_by: string | null;
  done: Generated<boolean>;
  failure_reason: string | null;
}

interface Claims {
  id: string;
  voucher_serial: bigint;
  merchant_id: string | null;
  biller_id: string | null;
  amount_minor: bigint;
  currency: string;
  offline: boolean;
  state: RedemptionState;
  transaction_id: string;
  created_at: Generated<Date>;
  ended_at: Date | null;
  fsp_id: string | null;
  fee_minor: Generated<bigint>;
  liquidity_held: Generated<boolean>;
  tries: Generated<number>;
  last_failure: string | null;
}

interface PayoutAttempts {
  claim_id: string;
  n: number;
  started_at: Generated<Date>;
  outcome: PayoutAttempt["outcome"];
  ended_at: Date | null;
}

interface RedemptionRequests {
  id: Generated<bigint>;
  institution_id: string;
  request_id: string;
  serial_number: string;
  callback_url: string;
  claim_id: string | null;
  refusal: string | null;
  created_at: Generated<Date>;
}

interface WrongNumbers {
  id: Generated<bigint>;
  at: Generated<Date>;
  voucher_serial: bigint | null;
  agent_id: string | null;
  institution_id: string;
}

interface RestockLevels {
  group_code: string;
  currency: string;
  least_funding_minor: bigint | null;
  least_vouchers: number | null;
}
