/** Files of operations that were handed in, each with its acknowledgement. */
import type { CarriedRows } from "../ports/store.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function carriedRows(trx: Trx): CarriedRows {
  return {
    async find(hash) {
      const row = await trx
        .selectFrom("carried_files")
        .select(["hash", "node_id", "first_sequence", "last_sequence", "handed_in_by", "acknowledgement"])
        .where("hash", "=", hash)
        .executeTakeFirst();
      return (
        row && {
          hash: bytes(row.hash),
          nodeId: row.node_id,
          firstSequence: Number(row.first_sequence),
          lastSequence: Number(row.last_sequence),
          handedInBy: row.handed_in_by,
          acknowledgement: bytes(row.acknowledgement),
        }
      );
    },
    async keep(row) {
      await trx
        .insertInto("carried_files")
        .values({
          hash: row.hash,
          node_id: row.nodeId,
          first_sequence: BigInt(row.firstSequence),
          last_sequence: BigInt(row.lastSequence),
          handed_in_by: row.handedInBy,
          acknowledgement: row.acknowledgement,
        })
        .onConflict((conflict) => conflict.column("hash").doNothing())
        .execute();
    },
  };
}
