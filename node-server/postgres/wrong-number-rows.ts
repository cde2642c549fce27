/** Wrong voucher numbers, counted for the voucher, for the agent and for the caller. */
import { sql } from "kysely";
import type { WrongNumberRows } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function wrongNumberRows(trx: Trx): WrongNumberRows {
  return {
    async record({ serial, agentId, institutionId }) {
      await trx
        .insertInto("wrong_numbers")
        .values({ voucher_serial: serial, agent_id: agentId, institution_id: institutionId })
        .execute();
    },
    async countSince(since, { serial, agentId, institutionId }) {
      // One index for each count; an equality with null counts nothing, as it should.
      const counted = await sql<{ voucher: number; agent: number; institution: number }>`
        select
          (select count(*)::int from wrong_numbers where voucher_serial = ${serial} and at > ${since}) as voucher,
          (select count(*)::int from wrong_numbers where agent_id = ${agentId} and at > ${since}) as agent,
          (select count(*)::int from wrong_numbers
            where institution_id = ${institutionId} and at > ${since}) as institution`.execute(trx);
      const [row] = counted.rows;
      if (!row) throw new Error("the counts are missing");
      return row;
    },
  };
}
