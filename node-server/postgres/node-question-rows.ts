/** What nodes ask of the server beside their operations: leases by quantity, the registry, a forgotten PIN. */
import { sql } from "kysely";
import type { NodeQuestionRows } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

/** Of this project's locks of two numbers; the second one is the voucher's. */
const doubtsLock = 1;

export function nodeQuestionRows(trx: Trx): NodeQuestionRows {
  return {
    async leaseRequest(nodeId, requestId) {
      const row = await trx
        .selectFrom("lease_requests")
        .selectAll()
        .where("node_id", "=", nodeId)
        .where("request_id", "=", requestId)
        .executeTakeFirst();
      if (!row) return undefined;
      const { group_code: group, quantity, granted, held, most, because } = row;
      return { group, quantity, granted, held, most, because };
    },
    async keepLeaseRequest(nodeId, requestId, { group, ...kept }) {
      await trx
        .insertInto("lease_requests")
        .values({ node_id: nodeId, request_id: requestId, group_code: group, ...kept })
        .execute();
    },
    async lockDoubts(serial) {
      await sql`select pg_advisory_xact_lock(${doubtsLock}, hashint8(${serial}))`.execute(trx);
    },
    async countDoubts(since, { nodeId, serial }) {
      const { fn } = trx;
      const of = (column: "node_id" | "voucher_serial", value: string | bigint) =>
        trx
          .selectFrom("registry_doubts")
          .select(fn.countAll<string>().as("count"))
          .where(column, "=", value)
          .where("at", ">", since)
          .executeTakeFirstOrThrow();
      const [node, voucher] = [await of("node_id", nodeId), await of("voucher_serial", serial)];
      return { node: Number(node.count), voucher: Number(voucher.count) };
    },
    async recordDoubt({ nodeId, serial }) {
      const row = await trx
        .insertInto("registry_doubts")
        .values({ node_id: nodeId, voucher_serial: serial })
        .returning("id")
        .executeTakeFirstOrThrow();
      return row.id;
    },
    async removeDoubt(id) {
      await trx.deleteFrom("registry_doubts").where("id", "=", id).execute();
    },
    async insertPinCode({ codeHash, nodeId, expiresAt }) {
      await trx
        .insertInto("pin_codes")
        .values({ code_hash: Buffer.from(codeHash), node_id: nodeId, expires_at: expiresAt })
        .execute();
    },
    async usePinCode(codeHash, nodeId, request) {
      const used = await trx
        .updateTable("pin_codes")
        .set((eb) => ({
          used_at: eb.fn.coalesce("used_at", eb.fn<Date>("clock_timestamp", [])),
          used_for: request,
        }))
        .where("code_hash", "=", Buffer.from(codeHash))
        .where("node_id", "=", nodeId)
        .where((eb) => eb.or([eb("used_for", "is", null), eb("used_for", "=", request)]))
        .where((eb) => eb("expires_at", ">", eb.fn<Date>("clock_timestamp", [])))
        .executeTakeFirst();
      return used.numUpdatedRows === 1n;
    },
    async forgetBefore(time) {
      await trx.deleteFrom("lease_requests").where("at", "<", time).execute();
      await trx.deleteFrom("registry_doubts").where("at", "<", time).execute();
      await trx.deleteFrom("pin_codes").where("expires_at", "<", time).execute();
    },
  };
}
