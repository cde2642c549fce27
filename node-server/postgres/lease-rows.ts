/** Leases: at most one open for each voucher (the index `one_open_lease`), closed once. */
import { sql } from "kysely";
import type { LeaseRow, LeaseRows, OpenLease } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { bytes, expectAll, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function leaseRows(trx: Trx): LeaseRows {
  return {
    open: async (serial) => (await openOf(trx, [serial]))[0],
    openOf: (serials) => openOf(trx, serials),
    async ofNode(nodeId, limit) {
      const rows = await trx
        .selectFrom("leases")
        .select("voucher_serial")
        .where("node_id", "=", nodeId)
        .where("closed_at", "is", null)
        .orderBy("not_after")
        .orderBy("voucher_serial")
        .limit(limit)
        .execute();
      return rows.map((row) => row.voucher_serial);
    },
    async countOpen(nodeId) {
      const { count } = await trx
        .selectFrom("leases")
        .select((eb) => eb.fn.countAll<bigint>().as("count"))
        .where("node_id", "=", nodeId)
        .where("closed_at", "is", null)
        .executeTakeFirstOrThrow();
      return Number(count);
    },
    async lastEpochN(serial, generation) {
      const row = await trx
        .selectFrom("leases")
        .select((eb) => eb.fn.max("epoch_n").as("last"))
        .where("voucher_serial", "=", serial)
        .where("epoch_generation", "=", generation)
        .executeTakeFirst();
      // An aggregate over no rows is null, which kysely's type does not say.
      return (row?.last as number | null | undefined) ?? 0;
    },
    wasGranted: async (serial, nodeId, epoch) =>
      (await wereGranted(trx, [{ serial, nodeId, epoch }]))[0] === true,
    wereGranted: (leases) => wereGranted(trx, leases),
    async insert(row) {
      await trx.insertInto("leases").values(columns(row)).execute();
    },
    async insertClosed(row, at) {
      const closed = { closed_at: at, closed_by: "expired" } as const;
      await trx
        .insertInto("leases")
        .values({ ...columns(row), ...closed })
        .execute();
    },
    close: (serial, epoch, end, at) => closeAll(trx, [{ serial, epoch, end, at }]),
    closeAll: (leases) => closeAll(trx, leases),
    async markRecalled(serial, epoch, at) {
      const result = await trx
        .updateTable("leases")
        .set({ recalled_at: at })
        .where("voucher_serial", "=", serial)
        .where("epoch_generation", "=", epoch.generation)
        .where("epoch_n", "=", epoch.n)
        .executeTakeFirst();
      expectOne(result, `lease ${epoch.generation}.${epoch.n} of voucher ${serial}`);
    },
    async overdue(before, limit) {
      const rows = await trx
        .selectFrom("leases")
        .select("voucher_serial")
        .where("closed_at", "is", null)
        .where("not_after", "<", before)
        .orderBy("not_after")
        .limit(limit)
        .execute();
      return rows.map((row) => row.voucher_serial);
    },
  };
}

const openLeases = keptQuery((trx, serials: readonly bigint[]) =>
  trx
    .selectFrom("leases")
    .select([
      "voucher_serial",
      "node_id",
      "epoch_generation",
      "epoch_n",
      "not_after",
      "document",
      "recalled_at",
      "renewable",
    ])
    .where(sql<boolean>`voucher_serial = any(${serials}::bigint[])`)
    .where("closed_at", "is", null),
);

async function openOf(trx: Trx, serials: readonly bigint[]): Promise<OpenLease[]> {
  const { rows } = await openLeases(trx, serials);
  return rows.map((row) => ({
    serial: row.voucher_serial,
    nodeId: row.node_id,
    epoch: { generation: row.epoch_generation, n: row.epoch_n },
    notAfter: row.not_after,
    document: bytes(row.document),
    renewable: row.renewable,
    recalledAt: row.recalled_at,
  }));
}

async function wereGranted(trx: Trx, leases: Parameters<LeaseRows["wereGranted"]>[0]): Promise<boolean[]> {
  const { rows } = await sql<{ granted: boolean }>`
    select lease.node_id is not null as granted
    from unnest(
      ${leases.map(({ serial }) => serial)}::bigint[],
      ${leases.map(({ epoch }) => epoch.generation)}::int[],
      ${leases.map(({ epoch }) => epoch.n)}::int[],
      ${leases.map(({ nodeId }) => nodeId)}::uuid[]) with ordinality
        as asked (serial, generation, n, node_id, place)
    left join leases lease on lease.voucher_serial = asked.serial and lease.epoch_generation = asked.generation
      and lease.epoch_n = asked.n and lease.node_id = asked.node_id
    order by place`.execute(trx);
  return rows.map(({ granted }) => granted);
}

async function closeAll(trx: Trx, leases: Parameters<LeaseRows["closeAll"]>[0]): Promise<void> {
  const closed = await sql`
    update leases set closed_at = ended.at, closed_by = ended.by
    from unnest(
      ${leases.map(({ serial }) => serial)}::bigint[],
      ${leases.map(({ epoch }) => epoch.generation)}::int[],
      ${leases.map(({ epoch }) => epoch.n)}::int[],
      ${leases.map(({ end }) => end)}::text[],
      ${leases.map(({ at }) => at)}::timestamptz[]) as ended (serial, generation, n, by, at)
    where leases.voucher_serial = ended.serial and leases.epoch_generation = ended.generation
      and leases.epoch_n = ended.n and leases.closed_at is null`.execute(trx);
  expectAll(closed, leases.length, "open leases");
}

function columns(row: LeaseRow) {
  return {
    voucher_serial: row.serial,
    epoch_generation: row.epoch.generation,
    epoch_n: row.epoch.n,
    node_id: row.nodeId,
    not_after: row.notAfter,
    document: row.document,
    renewable: row.renewable,
  };
}
