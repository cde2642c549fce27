/**
 * The server's tables as kysely sees them (`migrations/server`). Values arrive as the pool parses them: bigint for
 * int8, Date for timestamptz, bytes for bytea; columns that the database fills in by itself are `Generated`.
 */
import type { BeneficiaryEvent, BeneficiaryState } from "#core/beneficiary.machine.ts";
import type { DisputeState } from "#core/dispute.machine.ts";
import type { Generated } from "kysely";
import type { OperationState } from "#core/operation.machine.ts";
import type { RedemptionState } from "#core/redemption.machine.ts";
import type { Modality } from "#core/payee-addresses.ts";
import type { PendingEnd, VoucherState } from "#core/voucher.machine.ts";
import type { AccountKind } from "../ledger/entries.ts";
import type { BillTables } from "./bill-schema.ts";
import type { Contact } from "../notifications/port.ts";
import type { DisbursementDatabase } from "./disbursement-schema.ts";
import type { MapperTables } from "./mapper-schema.ts";
import type { Facts } from "../notifications/templates.ts";
import type { MapperAction, MapperFace } from "../ports/mapper.ts";
import type {
  CallbackRow,
  BatchKind,
  InstitutionRow,
  LeaseEnd,
  MerchantRow,
  NodeRow,
  NotificationRow,
  OperationBranch,
  PayoutAttempt,
  Permission,
  VoucherAction,
  VoucherCommand,
} from "../ports/store.ts";

export interface Database extends BillTables, DisbursementDatabase, MapperTables {
  institutions: Institutions;
  x_road_clients: { client: string; institution_id: string; scopes: string[] };
  voucher_groups: VoucherGroups;
  merchants: Merchants;
  fsps: { id: string; name: string; created_at: Generated<Date> };
  voucher_group_fees: VoucherGroupFees;
  payout_attempts: PayoutAttempts;
  merchant_groups: { code: string; name: string };
  merchant_group_members: { merchant_group: string; merchant_id: string };
  merchant_group_accepts: { merchant_group: string; voucher_group: string };
  accounts: Accounts;
  journal_entries: JournalEntries;
  journal_lines: JournalLines;
  audit_entries: AuditEntries;
  voucher_batches: VoucherBatches;
  voucher_instructions: VoucherInstructions;
  vouchers: Vouchers;
  voucher_deliveries: VoucherDeliveries;
  voucher_commands: VoucherCommands;
  voucher_command_items: VoucherCommandItems;
  claims: Claims;
  nodes: Nodes;
  leases: Leases;
  enrolment_codes: EnrolmentCodes;
  node_sessions: { token_hash: Uint8Array; node_id: string; expires_at: Date };
  operations: Operations;
  api_requests: ApiRequests;
  server_keys: { kind: string; public_key: Uint8Array };
  recoveries: Recoveries;
  held_decisions: HeldDecisions;
  disputes: Disputes;
  recovery_nodes: { generation: number; node_id: string; uploaded_at: Date | null };
  server_identity: { singleton: Generated<boolean>; generation: Generated<number> };
  redemption_requests: RedemptionRequests;
  wrong_numbers: WrongNumbers;
  lease_requests: LeaseRequests;
  registry_doubts: RegistryDoubts;
  pin_codes: PinCodes;
  institution_permissions: InstitutionPermissions;
  alerts: Alerts;
  callbacks: Callbacks;
  notifications: Notifications;
  payee_contacts: Contact & { institution_id: string; payee_functional_id: string };
  merchant_contacts: Contact & { merchant_id: string };
  sealed_answers: SealedAnswers;
  voucher_inventory: VoucherInventory;
  budgets: { program_id: string; group_code: string; currency: string; limit_minor: bigint };
  restock_levels: RestockLevels;
  policies: Policies;
  node_contacts: { node_id: string; told_ms: bigint; policy_version: number };
  at_risk_uses: AtRiskUses;
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
  shape_leases: ShapeLeases;
  shape_elsewhere: { node_id: string; serial: bigint; till: string; not_after: Date };
  carried_files: CarriedFiles;
  shape_verdicts: { node_id: string; sequence: bigint; verdict_list: string };
  shape_denied: { node_id: string; chunk: number; serials: string };
  shape_trust: { node_id: string; kind: string; version: number; document: string };
}

interface Institutions {
  id: string;
  name: string;
  callback_base_url: string | null;
  callback_method: Generated<InstitutionRow["callbackMethod"]>;
  box_public_key: Uint8Array | null;
  signing_key: Generated<Uint8Array | null>;
  profile: Generated<InstitutionRow["profile"]>;
  created_at: Generated<Date>;
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

interface Merchants {
  id: string;
  name: string;
  status: Generated<MerchantRow["status"]>;
  fsp_id: string | null;
  account: string | null;
  area: string | null;
  phone: string | null;
  created_at: Generated<Date>;
}

interface VoucherGroupFees {
  group_code: string;
  currency: string;
  fixed_minor: bigint;
  basis_points: number;
}

interface Accounts {
  id: string;
  kind: AccountKind;
  owner: string;
  currency: string;
  balance_minor: Generated<bigint>;
}

interface JournalEntries {
  id: Generated<bigint>;
  idempotency_key: string;
  kind: string;
  currency: string;
  created_at: Generated<Date>;
}

interface JournalLines {
  entry_id: bigint;
  line: number;
  account_id: string;
  amount_minor: bigint;
  voucher_serial: bigint | null;
}

interface AuditEntries {
  id: Generated<bigint>;
  at: Generated<Date>;
  actor: string;
  action: string;
  subject: string;
  /** JSON text on the way in, a parsed value on the way out. */
  before: unknown;
  after: unknown;
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

interface Nodes {
  id: string;
  merchant_id: string;
  name: string;
  public_key: Uint8Array;
  certificate: Uint8Array;
  status: Generated<NodeRow["status"]>;
  last_sequence: Generated<bigint>;
  last_hash: Uint8Array;
  assertion_counter: Generated<bigint>;
  enrolled_at: Generated<Date>;
  last_contact_at: Date | null;
  clock_offset_ms: bigint | null;
  most_leases: Generated<number>;
}

interface Leases {
  voucher_serial: bigint;
  epoch_generation: number;
  epoch_n: number;
  node_id: string;
  not_after: Date;
  document: Uint8Array;
  granted_at: Generated<Date>;
  closed_at: Date | null;
  closed_by: LeaseEnd | null;
  recalled_at: Date | null;
  renewable: Generated<boolean>;
}

interface EnrolmentCodes {
  code_hash: Uint8Array;
  merchant_id: string;
  node_name: string;
  expires_at: Date;
  used_at: Date | null;
  node_id: string | null;
  agent: Generated<boolean>;
}

interface Operations {
  node_id: string;
  hash: Uint8Array;
  sequence: bigint;
  /** Null where the operation could not be read. */
  operation_id: string | null;
  branch: OperationBranch;
  type: string;
  signed: Uint8Array;
  sealed: Uint8Array | null;
  state: OperationState;
  reason: string | null;
  transaction_id: string | null;
  evidence: Uint8Array | null;
  claim_id: string | null;
  voucher_serial: bigint | null;
  guaranteed_minor: bigint | null;
  received_at: Generated<Date>;
  decided_at: Date | null;
}

interface Policies {
  version: number;
  document: Uint8Array;
  late_settlement_hours: number;
  issued_by: string;
  issued_at: Generated<Date>;
}

interface AtRiskUses {
  node_id: string;
  operation_hash: Uint8Array;
  told_ms: bigint;
  currency: string;
  amount_minor: bigint;
}

interface ApiRequests {
  institution_id: string;
  call: string;
  request_id: string;
  body_hash: Uint8Array;
  status: number | null;
  response: string | null;
  created_at: Generated<Date>;
}

interface ShapeLeases {
  node_id: string;
  serial: bigint;
  epoch_generation: number;
  epoch_n: number;
  not_after: Date;
  lease: string;
  token: string;
  recalled_at: Date | null;
}

interface CarriedFiles {
  hash: Uint8Array;
  node_id: string;
  first_sequence: bigint;
  last_sequence: bigint;
  handed_in_by: string;
  acknowledgement: Uint8Array;
  received_at: Generated<Date>;
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

interface LeaseRequests {
  node_id: string;
  request_id: string;
  group_code: string;
  quantity: number;
  granted: number;
  held: number;
  most: number;
  because: string | null;
  at: Generated<Date>;
}

interface PinCodes {
  code_hash: Buffer;
  node_id: string;
  expires_at: Date;
  used_at: Date | null;
  used_for: string | null;
}

interface RegistryDoubts {
  id: Generated<bigint>;
  node_id: string;
  voucher_serial: bigint;
  at: Generated<Date>;
}

interface WrongNumbers {
  id: Generated<bigint>;
  at: Generated<Date>;
  voucher_serial: bigint | null;
  agent_id: string | null;
  institution_id: string;
}

interface InstitutionPermissions {
  institution_id: string;
  permission: Permission;
  proposed_by: string;
  proposed_at: Generated<Date>;
  approved_by: string | null;
  approved_at: Date | null;
}

interface Alerts {
  id: Generated<bigint>;
  at: Generated<Date>;
  kind: string;
  subject: string;
  /** JSON text on the way in, a parsed value on the way out. */
  detail: unknown;
  ended_at: Date | null;
  told_at: Date | null;
}

interface RestockLevels {
  group_code: string;
  currency: string;
  least_funding_minor: bigint | null;
  least_vouchers: number | null;
}

interface Callbacks {
  id: Generated<bigint>;
  institution_id: string;
  kind: CallbackRow["kind"];
  subject: bigint;
  url: string;
  state: Generated<CallbackRow["state"]>;
  requested_at: Generated<Date>;
  tries: Generated<number>;
  last_tried_at: Date | null;
  last_status: number | null;
  last_error: string | null;
  delivered_at: Date | null;
  correlation_id: string | null;
}

interface Notifications extends Contact {
  id: Generated<bigint>;
  kind: Facts["kind"];
  subject: string;
  /** JSON text on the way in, a parsed value on the way out. */
  facts: unknown;
  state: Generated<NotificationRow["state"]>;
  created_at: Generated<Date>;
  requested_at: Generated<Date>;
  tries: Generated<number>;
  last_tried_at: Date | null;
  last_error: string | null;
}

interface Recoveries {
  generation: number;
  begun_at: Generated<Date>;
  begun_by: string;
  until: Date;
  proposed_by: string | null;
  ended_at: Date | null;
  ended_how: "all-uploaded" | "time-passed" | "overridden" | null;
  ended_by: string | null;
}

interface HeldDecisions {
  id: Generated<bigint>;
  node_id: string;
  hash: Uint8Array;
  verdict: "apply" | "reject" | "write-off";
  because: string;
  proposed_by: string;
  proposed_at: Generated<Date>;
  decided_by: string | null;
  decided_at: Date | null;
  withdrawn_at: Date | null;
}

export interface Disputes {
  node_id: string;
  hash: Uint8Array;
  opened_at: Generated<Date>;
  merchant_id: string;
  group_code: string;
  voucher_serial: bigint;
  currency: string;
  amount_minor: bigint;
  guaranteed_minor: bigint;
  state: Generated<DisputeState>;
  verdict: "pay" | "refuse" | "write-off" | null;
  because: string | null;
  proposed_by: string | null;
  decided_by: string | null;
  decided_at: Date | null;
  first_decided_by: string | null;
  appeal: string | null;
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
