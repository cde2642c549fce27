/** The rows that nodes read as shapes; triggers log each change (`migrations/server/0030-shapes.sql`). */
import { toBase64 } from "#sync/base64.ts";
import { sql } from "kysely";
import type { ProjectionRows } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function projectionRows(trx: Trx): ProjectionRows {
  return {
    async putLease(row, token) {
      const change = {
        epoch_generation: row.epoch.generation,
        epoch_n: row.epoch.n,
        not_after: row.notAfter,
        lease: toBase64(row.document),
        token,
        recalled_at: null,
      };
      await trx
        .insertInto("shape_leases")
        .values({ node_id: row.nodeId, serial: row.serial, ...change })
        .onConflict((conflict) => conflict.columns(["node_id", "serial"]).doUpdateSet(change))
        .execute();
    },
    removeLease: (nodeId, serial) => removeLeases(trx, [{ nodeId, serial }]),
    removeLeases: (leases) => removeLeases(trx, leases),
    async recallLease(nodeId, serial, at) {
      await trx
        .updateTable("shape_leases")
        .set({ recalled_at: at })
        .where("node_id", "=", nodeId)
        .where("serial", "=", serial)
        .execute();
    },
    async putElsewhere(row) {
      await sql`
        insert into shape_elsewhere (node_id, serial, till, not_after)
        select other.id::text, ${row.serial}::bigint, holder.name, ${row.notAfter}::timestamptz
        from nodes holder join nodes other on other.merchant_id = holder.merchant_id and other.id <> holder.id
        where holder.id = ${row.nodeId}::uuid and other.status = 'active'
        order by other.id
        on conflict (node_id, serial) do update set till = excluded.till, not_after = excluded.not_after
      `.execute(trx);
    },
    removeElsewhere: (serial) => removeElsewhere(trx, [serial]),
    removeAllElsewhere: (serials) => removeElsewhere(trx, serials),
    async tellNewNode(nodeId) {
      await sql`
        insert into shape_elsewhere (node_id, serial, till, not_after)
        select fresh.id::text, lease.voucher_serial, holder.name, lease.not_after
        from nodes fresh join nodes holder on holder.merchant_id = fresh.merchant_id and holder.id <> fresh.id
        join leases lease on lease.node_id = holder.id and lease.closed_at is null
        where fresh.id = ${nodeId}::uuid
        on conflict (node_id, serial) do update set till = excluded.till, not_after = excluded.not_after
      `.execute(trx);
    },
    async putVerdict(nodeId, sequence, verdictList) {
      const change = { verdict_list: toBase64(verdictList) };
      await trx
        .insertInto("shape_verdicts")
        .values({ node_id: nodeId, sequence: BigInt(sequence), ...change })
        .onConflict((conflict) => conflict.columns(["node_id", "sequence"]).doUpdateSet(change))
        .execute();
    },
    async deniedChunks() {
      const rows = await trx.selectFrom("shape_denied").select("chunk").orderBy("chunk").execute();
      return rows.map(({ chunk }) => chunk);
    },
    async rewriteDenied(chunk) {
      await sql`select rewrite_denied(${chunk}::int)`.execute(trx);
    },
    async tellKeySet(nodeId) {
      // Waits for a key set that is being published, which does not see this node yet.
      await sql`lock table key_sets in row exclusive mode`.execute(trx);
      const newest = await trx
        .selectFrom("key_sets")
        .select(["version", "document"])
        .orderBy("version", "desc")
        .limit(1)
        .executeTakeFirstOrThrow();
      const document = bytes(newest.document);
      const change = { version: newest.version, document: toBase64(document) };
      await trx
        .insertInto("shape_trust")
        .values({ node_id: nodeId, kind: "key-set", ...change })
        .onConflict((conflict) => conflict.columns(["node_id", "kind"]).doUpdateSet(change))
        .execute();
      return document;
    },
  };
}

async function removeLeases(
  trx: Trx,
  leases: readonly { readonly nodeId: string; readonly serial: bigint }[],
): Promise<void> {
  await sql`
    delete from shape_leases s using unnest(
      ${leases.map(({ nodeId }) => nodeId)}::text[],
      ${leases.map(({ serial }) => serial)}::bigint[]) as gone (node_id, serial)
    where s.node_id = gone.node_id and s.serial = gone.serial`.execute(trx);
}

const removalElsewhere = keptQuery((trx, serials: readonly bigint[]) =>
  trx.deleteFrom("shape_elsewhere").where(sql<boolean>`serial = any(${serials}::bigint[])`),
);

async function removeElsewhere(trx: Trx, serials: readonly bigint[]): Promise<void> {
  await removalElsewhere(trx, serials);
}
