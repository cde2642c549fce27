/** Disputes as operators see them. */
import type { Pool } from "pg";
import type { DisputeState } from "#core/dispute.machine.ts";
import type { Money } from "#core/money.ts";

export interface DisputeSummary extends Money {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly hash: Buffer;
  readonly merchantId: string;
  readonly groupCode: string;
  readonly serial: bigint;
  readonly guaranteedMinor: bigint;
  readonly state: DisputeState;
  /** Why the redemption was rejected. */
  readonly reason: string;
  /** Hash of the operation that was first; null where the voucher was redeemed through the API. */
  readonly evidence: Buffer | null;
  readonly openedAt: Date;
  readonly verdict: string | null;
  readonly because: string | null;
  readonly proposedBy: string | null;
  readonly decidedBy: string | null;
  readonly appeal: string | null;
}

/** The oldest first; those that are not ended unless `all`; whose hash begins so (hex). */
export async function listDisputes(
  pool: Pool,
  {
    hash = "",
    all = false,
    limit = 1000,
  }: { readonly hash?: string; readonly all?: boolean; readonly limit?: number },
): Promise<DisputeSummary[]> {
  const { rows } = await pool.query<DisputeSummary>(
    `select d.node_id as "nodeId", n.name as "nodeName", d.hash, d.merchant_id as "merchantId", d.group_code as "groupCode",
       d.voucher_serial as serial, d.currency, d.amount_minor as "amountMinor", d.guaranteed_minor as "guaranteedMinor",
       d.state, o.reason, o.evidence, d.opened_at as "openedAt", d.verdict, d.because, d.proposed_by as "proposedBy",
       d.decided_by as "decidedBy", d.appeal
     from disputes d join operations o using (node_id, hash) join nodes n on n.id = d.node_id
     where encode(d.hash, 'hex') like $1 || '%' and ($2 or d.state not in ('paid', 'refusedFinally', 'writtenOff'))
     order by d.opened_at, d.node_id limit $3`,
    [hash, all, limit],
  );
  return rows;
}
