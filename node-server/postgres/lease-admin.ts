/** Leases as operators read them, and how many a node may hold. */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";
import { operatorChange } from "./operator-change.ts";

export interface LeaseSummary extends Money {
  readonly serial: bigint;
  readonly groupCode: string;
  readonly epoch: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly merchantId: string;
  readonly grantedAt: Date;
  readonly notAfter: Date;
  /** Since when the holder is asked to give it back. */
  readonly recalledAt: Date | null;
  /** What takes effect when it closes, unless a redemption comes first. */
  readonly pending: string | null;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
}

const columns = `l.voucher_serial as serial, v.group_code as "groupCode", v.amount_minor as "amountMinor", v.currency,
  l.epoch_generation || '.' || l.epoch_n as epoch, n.id as "nodeId", n.name as "nodeName",
  n.merchant_id as "merchantId", l.granted_at as "grantedAt", l.not_after as "notAfter", l.recalled_at as "recalledAt",
  case when l.closed_at is null then v.pending end as pending, l.closed_at as "closedAt", l.closed_by as "closedBy"`;

const joined = `from leases l join nodes n on n.id = l.node_id join vouchers v on v.serial = l.voucher_serial`;

/** Open leases, those that end first before the others; at most a thousand. A node is named by its id or its name. */
export async function readOpenLeases(
  pool: Pool,
  { node, group }: { readonly node: string | null; readonly group: string | null },
): Promise<LeaseSummary[]> {
  const { rows } = await pool.query<LeaseSummary>(
    `select ${columns} ${joined}
     where l.closed_at is null and ($1::text is null or n.id::text = $1 or n.name = $1)
       and ($2::text is null or v.group_code = $2)
     order by l.not_after, l.voucher_serial limit 1000`,
    [node, group],
  );
  return rows;
}

/** Every lease that the voucher ever had, in the order of its epochs. */
export async function readLeasesOf(pool: Pool, serial: bigint): Promise<LeaseSummary[]> {
  const { rows } = await pool.query<LeaseSummary>(
    `select ${columns} ${joined} where l.voucher_serial = $1 order by l.epoch_generation, l.epoch_n`,
    [serial],
  );
  return rows;
}

/** How many leases the node may hold at once; what it holds already it keeps. False where there is no such node. */
export async function setMostLeases(pool: Pool, nodeId: string, most: number): Promise<boolean> {
  const { exists } = await operatorChange(
    pool,
    {
      action: "node.most-leases",
      subject: `node:${nodeId}`,
      look: [
        `select jsonb_build_object('mostLeases', most_leases) as seen from nodes where id::text = $1`,
        nodeId,
      ],
    },
    (client) => client.query(`update nodes set most_leases = $2 where id::text = $1`, [nodeId, most]),
  );
  return exists;
}
