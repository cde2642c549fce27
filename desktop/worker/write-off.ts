/** Two people give up what was never sent: each names the amount that the till shows (design section 3). */
import type { NodeDatabase } from "./database.ts";
import { unsynced } from "./unsynced.ts";
import type { Unsynced } from "./unsynced.ts";

export interface WriteOffWish {
  /** As the till shows it. */
  readonly amount: string;
  readonly because: string;
  readonly by: string;
}

export type WriteOffOutcome =
  | { readonly ok: true; readonly step: "proposed" | "decided"; readonly unsynced: Unsynced }
  | { readonly ok: false; readonly code: "nothing-unsynced" }
  | {
      readonly ok: false;
      /** `another-amount`: it is not what the till shows; `same-person`: whoever proposed it has come again. */
      readonly code: "another-amount" | "same-person";
      readonly unsynced: Unsynced;
    };

/** The first to come proposes; somebody else, who says the same, decides. A proposal about less than is there now is void. */
export function writeOff(database: NodeDatabase, wish: WriteOffWish, nowMs: number): WriteOffOutcome {
  return database
    .transaction((): WriteOffOutcome => {
      const found = unsynced(database);
      if (!found) return { ok: false, code: "nothing-unsynced" };
      if (wish.amount !== found.amount) return { ok: false, code: "another-amount", unsynced: found };
      const { amount, because, by } = wish;
      const proposal = database
        .prepare<[number, string], { id: bigint; proposed_by: string }>(
          `select id, proposed_by from write_offs
           where up_to_sequence = ? and amount = ? and decided_by is null order by id desc limit 1`,
        )
        .get(found.lastSequence, amount);
      if (proposal?.proposed_by === by) return { ok: false, code: "same-person", unsynced: found };
      if (proposal) {
        database
          .prepare("update write_offs set decided_by = ?, decided_ms = ? where id = ?")
          .run(by, nowMs, proposal.id);
        return { ok: true, step: "decided", unsynced: found };
      }
      database
        .prepare(
          `insert into write_offs (up_to_sequence, amount, because, proposed_by, proposed_ms)
           values (?, ?, ?, ?, ?)`,
        )
        .run(found.lastSequence, amount, because, by, nowMs);
      return { ok: true, step: "proposed", unsynced: found };
    })
    .immediate();
}

export interface WrittenOff {
  readonly upToSequence: number;
  readonly amount: string;
  readonly because: string;
  readonly proposedBy: string;
  readonly decidedBy: string;
}

export function writtenOff(database: NodeDatabase): WrittenOff[] {
  return database
    .prepare<[], Omit<WrittenOff, "upToSequence"> & { upToSequence: bigint }>(
      `select up_to_sequence as "upToSequence", amount, because, proposed_by as "proposedBy", decided_by as "decidedBy"
       from write_offs where decided_by is not null order by id`,
    )
    .all()
    .map((row) => ({ ...row, upToSequence: Number(row.upToSequence) }));
}
