/** The tables of bills as kysely sees them (`migrations/server/0400`, `0410`); a part of `./schema.ts`. */
import type { Generated } from "kysely";
import type { CheckDigit } from "#core/bill.ts";
import type { RequestToPayState } from "#core/request-to-pay.machine.ts";
import type {
  AliasType,
  BillerRow,
  BillInquiryRow,
  BillPaymentRow,
  BillRow,
  PayerFiRow,
  RejectReason,
  RequestToPayRow,
} from "../ports/bill-rows.ts";

export interface BillTables {
  billers: Billers;
  payer_fis: PayerFis;
  biller_payer_fis: { biller_id: string; payer_fi_id: string };
  bills: Bills;
  bill_inquiries: BillInquiries;
  bill_payments: BillPayments;
  requests_to_pay: RequestsToPay;
  request_to_pay_inquiries: {
    id: Generated<bigint>;
    request_to_pay: bigint;
    correlation_id: string;
    asked_at: Generated<Date>;
  };
  agent_billers: { merchant_id: string; biller_id: string; area: string | null };
  bill_refunds: {
    payment: bigint;
    merchant_id: string;
    listed_at: Generated<Date>;
    refunded_at: Date | null;
    refunded_by: string | null;
  };
  payer_aliases: {
    alias_type: AliasType;
    alias_index: Uint8Array;
    payer_fi_id: string;
    sealed_address: Uint8Array;
  };
}

interface Billers {
  id: string;
  name: string;
  prefix: string;
  own_digits: number | null;
  check_digit: CheckDigit;
  endpoint_url: string;
  inquiry: BillerRow["inquiry"];
  answer_seconds: number;
  time_zone: string;
  account: string | null;
  codes: BillerRow["codes"];
  voucher_groups: string[];
  status: BillerRow["status"];
}

interface PayerFis {
  id: string;
  name: string;
  bic: string | null;
  endpoint_url: string;
  account: string | null;
  status: PayerFiRow["status"];
}

interface Bills {
  id: string;
  biller_id: string;
  payer_name: string | null;
  payer_type: BillRow["payerType"];
  payer_id: string | null;
  area: string | null;
  currency: string;
  amount_on_due_minor: bigint;
  amount_after_due_minor: bigint;
  /** `YYYY-MM-DD`. */
  due_on: string | null;
  state: BillRow["state"];
  changed_at: Generated<Date>;
}

interface BillInquiries {
  id: Generated<bigint>;
  payer_fi_id: string;
  request_id: string;
  correlation_id: string;
  biller_id: string;
  bill_id: string;
  callback_url: string;
  asked_at: Generated<Date>;
  due_at: Date;
  state: BillInquiryRow["state"];
  reason: string | null;
  quoted_minor: bigint | null;
  currency: string | null;
  answered_at: Date | null;
}

interface BillPayments {
  id: Generated<bigint>;
  biller_id: string;
  bill_id: string;
  payer_fi_id: string | null;
  merchant_id: string | null;
  request_id: string;
  reference: string;
  means: BillPaymentRow["means"];
  callback_url: string | null;
  amount_minor: bigint | null;
  currency: string | null;
  claim_id: string | null;
  request_to_pay: bigint | null;
  state: BillPaymentRow["state"];
  reject_reason: RejectReason | null;
  reason: string | null;
  duplicate_of: bigint | null;
  created_at: Generated<Date>;
  answered_at: Date | null;
  reminders: Generated<number>;
  remind_at: Date | null;
  node_id: string | null;
  operation_hash: Uint8Array | null;
  debt_minor: Generated<bigint>;
}

interface RequestsToPay {
  id: Generated<bigint>;
  biller_id: string;
  request_id: string;
  rtp_id: bigint;
  bill_id: string;
  payer_fi_id: string;
  sealed_address: Uint8Array | null;
  biller_name: string;
  currency: string;
  amount_minor: bigint;
  state: Generated<RequestToPayState>;
  is_accepted: Generated<boolean>;
  reject_reason: RequestToPayRow["rejectReason"];
  reason: string | null;
  expires_at: Date;
  created_at: Generated<Date>;
  changed_at: Generated<Date>;
}
