/** The tables of nodes, their leases and operations, and what they read as kysely sees them; a part of `./schema.ts`. */
import type { DisputeState } from "#core/dispute.machine.ts";
import type { OperationState } from "#core/operation.machine.ts";
import type { LeaseEnd, NodeRow, OperationBranch } from "../ports/store.ts";
import type { Generated } from "kysely";

export interface NodeTables {
  nodes: Nodes;
  leases: Leases;
  enrolment_codes: EnrolmentCodes;
  node_sessions: { token_hash: Uint8Array; node_id: string; expires_at: Date };
  operations: Operations;
  held_decisions: HeldDecisions;
  disputes: Disputes;
  lease_requests: LeaseRequests;
  registry_doubts: RegistryDoubts;
  pin_codes: PinCodes;
  policies: Policies;
  node_contacts: { node_id: string; told_ms: bigint; policy_version: number };
  at_risk_uses: AtRiskUses;
  shape_leases: ShapeLeases;
  shape_elsewhere: { node_id: string; serial: bigint; till: string; not_after: Date };
  carried_files: CarriedFiles;
  shape_verdicts: { node_id: string; sequence: bigint; verdict_list: string };
  shape_denied: { node_id: string; chunk: number; serials: string };
  node_keys: NodeKeys;
  key_sets: { version: number; document: Uint8Array };
  shape_trust: { node_id: string; kind: string; version: number; document: string };
}

interface NodeKeys {
  node_id: string;
  key_from: bigint;
  public_key: Uint8Array;
  certificate: Uint8Array;
  replaced_at: Generated<Date>;
}

interface Nodes {
  id: string;
  merchant_id: string;
  name: string;
  public_key: Uint8Array;
  certificate: Uint8Array;
  key_from: Generated<bigint>;
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
