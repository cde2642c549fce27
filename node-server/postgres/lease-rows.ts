/** Leases: at most one open for each voucher (the index `one_open_lease`), closed once. */
import type { LeaseRow, LeaseRows } from "../ports/store.ts";
import { bytes, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function leaseRows(trx: Trx): LeaseRows {
  return {
    async open(serial) {
      const row = await trx
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
        .where("voucher_serial", "=", serial)
        .where("closed_at", "is", null)
        .executeTakeFirst();
      return (
        row && {
          serial: row.voucher_serial,
          nodeId: row.node_id,
          epoch: { generation: row.epoch_generation, n: row.epoch_n },
          notAfter: row.not_after,
          document: bytes(row.document),
          renewable: row.renewable,
          recalledAt: row.recalled_at,
        }
      );
    },
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
    async wasGranted(serial, nodeId, epoch) {
      const row = await trx
        .selectFrom("leases")
        .select("voucher_serial")
        .where("voucher_serial", "=", serial)
        .where("epoch_generation", "=", epoch.generation)
        .where("epoch_n", "=", epoch.n)
        .where("node_id", "=", nodeId)
        .executeTakeFirst();
      return row !== undefined;
    },
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
    async close(serial, epoch, end, at) {
      const result = await trx
        .updateTable("leases")
        .set({ closed_at: at, closed_by: end })
        .where("voucher_serial", "=", serial)
        .where("epoch_generation", "=", epoch.generation)
        .where("epoch_n", "=", epoch.n)
        .where("closed_at", "is", null)
        .executeTakeFirst();
      expectOne(result, `open lease ${epoch.generation}.${epoch.n} of voucher ${serial}`);
    },
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
