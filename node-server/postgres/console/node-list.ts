/** Nodes as the console lists them, and the policy that one keeps to. */
import type { Pool } from "pg";
import type { PolicyRow } from "../../ports/store.ts";
import type { NodeSummary } from "../registry-admin.ts";
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

export interface ListedNode extends NodeSummary {
  readonly merchantName: string;
  readonly enrolledAt: Date;
  readonly heldOperations: bigint;
  /** When the node told what follows; null where it told nothing. */
  readonly reportedAt: Date | null;
  readonly version: string | null;
  /** Operations that waited for this server. */
  readonly waiting: bigint | null;
  readonly oldestAt: Date | null;
  readonly worth: readonly { readonly currency: string; readonly amountMinor: string }[] | null;
}

export const nodeList: ListSource<ListedNode> = {
  query: `
    select n.id, n.name, n.merchant_id as "merchantId", m.name as "merchantName", n.status, n.last_sequence as "lastSequence",
      n.enrolled_at as "enrolledAt", n.last_contact_at as "lastContactAt",
      coalesce(n.last_contact_at, n.enrolled_at) as "seenAt", n.most_leases as "mostLeases",
      n.clock_offset_ms as "clockOffsetMs",
      (select count(*) from leases where node_id = n.id and closed_at is null) as "openLeases",
      (select count(*) from operations where node_id = n.id and state = 'held') as "heldOperations",
      t.at as "reportedAt", t.version, t.waiting, t.oldest_at as "oldestAt", t.worth
    from nodes n join merchants m on m.id = n.merchant_id left join node_reports t on t.node_id = n.id`,
  key: { column: "id", type: "uuid" },
  sorts: {
    contact: { column: "seenAt", type: "timestamptz" },
    name: { column: "name", type: "text" },
    merchant: { column: "merchantName", type: "text" },
  },
  descending: true,
  filters: {
    search: (text) =>
      `r.name ilike '%' || ${text} || '%' or r."merchantName" ilike '%' || ${text} || '%' or r.id::text = ${text}`,
    status: is("status"),
    merchant: is("merchantId"),
    version: is("version"),
    silentHours: (text) =>
      `r.status = 'active' and r."seenAt" < clock_timestamp() - make_interval(hours => ${text}::int)`,
  },
  own: { merchant: "merchantId" },
};

type ToldPolicy = Pick<PolicyRow, "version" | "document">;

/** The policy that was current at the node's last contact: null where it had none, undefined where there is no such node. */
export async function toldPolicy(pool: Pool, nodeId: string): Promise<ToldPolicy | null | undefined> {
  const { rows } = await pool.query<{ version: number | null; document: Buffer | null }>(
    `select p.version, p.document from nodes n
     left join lateral (
       select policy_version from node_contacts where node_id = n.id order by told_ms desc limit 1
     ) c on true
     left join policies p on p.version = c.policy_version
     where n.id = $1`,
    [nodeId],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { version, document } = row;
  return version === null || document === null ? null : { version, document };
}
