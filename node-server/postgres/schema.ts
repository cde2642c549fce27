/**
 * The server's tables as kysely sees them (`migrations/server`). Values arrive as the pool parses them: bigint for
 * int8, Date for timestamptz, bytes for bytea; columns that the database fills in by itself are `Generated`.
 */
import type { AccountKind } from "../ledger/entries.ts";
import type { Contact } from "../notifications/port.ts";
import type { Facts } from "../notifications/templates.ts";
import type {
  CallbackRow,
  InstitutionRow,
  MerchantRow,
  NotificationRow,
  Permission,
} from "../ports/store.ts";
import type { BillTables } from "./bill-schema.ts";
import type { DisbursementDatabase } from "./disbursement-schema.ts";
import type { MapperTables } from "./mapper-schema.ts";
import type { NodeTables } from "./node-schema.ts";
import type { VoucherTables } from "./voucher-schema.ts";
import type { Generated } from "kysely";

export interface Database extends BillTables, DisbursementDatabase, MapperTables, NodeTables, VoucherTables {
  institutions: Institutions;
  x_road_clients: { client: string; institution_id: string; scopes: string[] };
  merchants: Merchants;
  fsps: { id: string; name: string; created_at: Generated<Date> };
  merchant_groups: { code: string; name: string };
  merchant_group_members: { merchant_group: string; merchant_id: string };
  merchant_group_accepts: { merchant_group: string; voucher_group: string };
  accounts: Accounts;
  journal_entries: JournalEntries;
  journal_lines: JournalLines;
  audit_entries: AuditEntries;
  api_requests: ApiRequests;
  server_keys: { kind: string; public_key: Uint8Array };
  recoveries: Recoveries;
  recovery_nodes: { generation: number; node_id: string; uploaded_at: Date | null };
  server_identity: { singleton: Generated<boolean>; generation: Generated<number> };
  institution_permissions: InstitutionPermissions;
  alerts: Alerts;
  callbacks: Callbacks;
  notifications: Notifications;
  payee_contacts: Contact & { institution_id: string; payee_functional_id: string };
  merchant_contacts: Contact & { merchant_id: string };
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
  origin: Generated<string | null>;
  id: Generated<bigint>;
  at: Generated<Date>;
  actor: string;
  action: string;
  subject: string;
  /** JSON text on the way in, a parsed value on the way out. */
  before: unknown;
  after: unknown;
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
