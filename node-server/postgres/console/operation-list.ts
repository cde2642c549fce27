/** Operations of nodes as the console lists them, and disputes about those that lost. */
import type { Money } from "#core/money.ts";
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

export interface ListedOperation {
  /** In hexadecimal. */
  readonly hash: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly merchantId: string;
  readonly sequence: bigint;
  readonly branch: string;
  readonly type: string;
  readonly serial: bigint | null;
  readonly state: string;
  readonly reason: string | null;
  readonly transactionId: string | null;
  readonly receivedAt: Date;
  readonly proposed: string | null;
  readonly proposedBy: string | null;
}

export const operationList: ListSource<ListedOperation> = {
  query: `
    select encode(o.hash, 'hex') as hash, o.node_id as "nodeId", n.name as "nodeName", n.merchant_id as "merchantId",
      o.sequence, o.branch, o.type, o.voucher_serial as serial, o.state, o.reason, o.transaction_id as "transactionId",
      o.received_at as "receivedAt", d.verdict as proposed, d.proposed_by as "proposedBy"
    from operations o join nodes n on n.id = o.node_id
    left join held_decisions d on d.node_id = o.node_id and d.hash = o.hash
      and d.withdrawn_at is null and d.decided_at is null`,
  key: { column: "hash", type: "text" },
  sorts: { received: { column: "receivedAt", type: "timestamptz" } },
  descending: true,
  filters: {
    state: is("state"),
    type: is("type"),
    node: (text) => `r."nodeId"::text = ${text} or r."nodeName" = ${text}`,
    sequence: (text) => `r.sequence = case when ${text} ~ '^[0-9]{1,15}$' then ${text}::bigint end`,
    serial: (text) => `r.serial = case when ${text} ~ '^[0-9]{1,16}$' then ${text}::bigint end`,
    reason: is("reason"),
  },
  own: { merchant: "merchantId" },
};

export interface ListedDispute extends Money {
  /** In hexadecimal. */
  readonly hash: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly merchantId: string;
  readonly groupCode: string;
  readonly serial: bigint;
  readonly guaranteedMinor: bigint;
  readonly state: string;
  readonly reason: string | null;
  readonly openedAt: Date;
  readonly verdict: string | null;
  readonly because: string | null;
  readonly proposedBy: string | null;
  readonly decidedBy: string | null;
  readonly appeal: string | null;
}

export const disputeList: ListSource<ListedDispute> = {
  query: `
    select encode(d.hash, 'hex') as hash, d.node_id as "nodeId", n.name as "nodeName", d.merchant_id as "merchantId",
      d.group_code as "groupCode", d.voucher_serial as serial, d.currency, d.amount_minor as "amountMinor",
      d.guaranteed_minor as "guaranteedMinor", d.state, o.reason, d.opened_at as "openedAt", d.verdict, d.because,
      d.proposed_by as "proposedBy", d.decided_by as "decidedBy", d.appeal
    from disputes d join operations o using (node_id, hash) join nodes n on n.id = d.node_id`,
  key: { column: "hash", type: "text" },
  sorts: { opened: { column: "openedAt", type: "timestamptz" } },
  descending: true,
  filters: {
    state: is("state"),
    open: (text) => `${text} <> 'yes' or r.state not in ('paid', 'refusedFinally', 'writtenOff')`,
    merchant: is("merchantId"),
    serial: (text) => `r.serial = case when ${text} ~ '^[0-9]{1,16}$' then ${text}::bigint end`,
  },
  own: { merchant: "merchantId" },
};
