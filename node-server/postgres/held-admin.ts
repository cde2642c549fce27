/** Held operations and what has become of all of them, as operators see them. */
import type { Pool } from "pg";
import type { HeldVerdict } from "../ports/store.ts";

export interface HeldSummary {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly merchantId: string;
  readonly hash: Buffer;
  readonly sequence: bigint;
  readonly branch: string;
  readonly type: string;
  readonly serial: bigint | null;
  readonly reason: string;
  readonly receivedAt: Date;
  readonly proposed: HeldVerdict | null;
  readonly because: string | null;
  readonly proposedBy: string | null;
}

/** Those that were held first before the others; of one node or all, or whose hash begins so (hex). */
export async function listHeld(
  pool: Pool,
  { hash = "", limit = 1000 }: { readonly hash?: string; readonly limit?: number } = {},
): Promise<HeldSummary[]> {
  const { rows } = await pool.query<HeldSummary>(
    `select o.node_id as "nodeId", n.name as "nodeName", n.merchant_id as "merchantId", o.hash, o.sequence, o.branch, o.type,
       o.voucher_serial as serial, o.reason, o.received_at as "receivedAt",
       d.verdict as proposed, d.because, d.proposed_by as "proposedBy"
     from operations o join nodes n on n.id = o.node_id
     left join held_decisions d on d.node_id = o.node_id and d.hash = o.hash and d.withdrawn_at is null
     where o.state = 'held' and encode(o.hash, 'hex') like $1 || '%'
     order by o.received_at, o.node_id, o.sequence limit $2`,
    [hash, limit],
  );
  return rows;
}

export interface OperationCounts {
  readonly nodeId: string;
  readonly nodeName: string;
  /** Operations that the server has of the node, whatever branch they are on. */
  readonly submitted: bigint;
  readonly open: bigint;
  readonly ended: bigint;
  /** Those of the chain, which are as many as the last one's number says. */
  readonly inChain: bigint;
  readonly lastSequence: bigint;
}

/** Design section 4.7: every operation is open or ended; open and ended ones are those that were submitted. */
export async function countOperations(pool: Pool): Promise<OperationCounts[]> {
  const { rows } = await pool.query<OperationCounts>(
    `select n.id as "nodeId", n.name as "nodeName", n.last_sequence as "lastSequence",
       count(o.hash) as submitted,
       count(*) filter (where o.state in ('queued', 'held')) as open,
       count(*) filter (where o.state in ('applied', 'rejected', 'writtenOff')) as ended,
       count(*) filter (where o.branch = 'chain') as "inChain"
     from nodes n left join operations o on o.node_id = n.id group by n.id order by n.name, n.id`,
  );
  return rows;
}
