/** Disclosures of payees' addresses; that one takes two people is the constraint `disclosure_takes_two`. */
import { sql } from "kysely";
import type { DisclosureRow, DisclosureRows } from "../ports/disclosures.ts";
import type { Trx } from "./rows.ts";

export function disclosureRows(trx: Trx): DisclosureRows {
  return {
    async propose(payee, because, by) {
      const { rows } = await sql<{ id: bigint }>`
        insert into disclosures (payee, because, proposed_by) values (${payee}, ${because}, ${by}) returning id`.execute(
        trx,
      );
      const [row] = rows;
      if (!row) throw new Error("a disclosure was not stored");
      return row.id;
    },
    async lock(id) {
      const { rows } = await sql<DisclosureRow>`${selected} where d.id = ${id} for update of d`.execute(trx);
      return rows[0];
    },
    async end(id, outcome, by) {
      await sql`update disclosures set outcome = ${outcome}, ended_by = ${by}, ended_at = clock_timestamp()
        where id = ${id}`.execute(trx);
    },
    async list(since) {
      const { rows } = await sql<DisclosureRow>`${selected}
        where d.outcome is null or (d.outcome = 'released' and d.ended_at > ${since}) order by d.id`.execute(
        trx,
      );
      return rows;
    },
  };
}

const selected = sql`
  select d.id, d.payee, p.institution_id as "institutionId", p.payee_identity as "payeeIdentity", d.because,
    d.proposed_by as "proposedBy", d.proposed_at as "proposedAt", d.outcome, d.ended_by as "endedBy",
    d.ended_at as "endedAt"
  from disclosures d join payees p on p.id = d.payee`;
