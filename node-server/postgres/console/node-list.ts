/** Nodes as the console lists them. */
import type { NodeSummary } from "../registry-admin.ts";
import type { ListSource } from "./page-of.ts";

export interface ListedNode extends NodeSummary {
  readonly merchantName: string;
  readonly enrolledAt: Date;
  readonly heldOperations: bigint;
}

export const nodeList: ListSource<ListedNode> = {
  query: `
    select n.id, n.name, n.merchant_id as "merchantId", m.name as "merchantName", n.status, n.last_sequence as "lastSequence",
      n.enrolled_at as "enrolledAt", n.last_contact_at as "lastContactAt",
      coalesce(n.last_contact_at, n.enrolled_at) as "seenAt", n.most_leases as "mostLeases",
      n.clock_offset_ms as "clockOffsetMs",
      (select count(*) from leases where node_id = n.id and closed_at is null) as "openLeases",
      (select count(*) from operations where node_id = n.id and state = 'held') as "heldOperations"
    from nodes n join merchants m on m.id = n.merchant_id`,
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
    status: (text) => `r.status = ${text}`,
    merchant: (text) => `r."merchantId" = ${text}`,
    silentHours: (text) =>
      `r.status = 'active' and r."seenAt" < clock_timestamp() - make_interval(hours => ${text}::int)`,
  },
  own: { merchant: "merchantId" },
};
