/** What this till took for bills, for looking back: pages of it, and sums. Reading only. */
import type { NodeDatabase } from "../database.ts";
import { isToGiveBack } from "./refunds.ts";

/**
 * Kept apart wherever money is shown. Refund: cash that paid nothing and is to be given back. Ended: nothing is open any more
 * and nothing was paid: the cash was given back, or the voucher is free.
 */
export type BillStanding = "pending" | "settled" | "refund" | "ended";

export interface BillSearch {
  /** A part of a bill's number or of a cashier's name; empty for all. */
  readonly text: string;
  readonly standing: BillStanding | undefined;
  readonly before: number | undefined;
}

export interface BillSum {
  readonly standing: BillStanding;
  readonly billerId: string;
  readonly actor: string;
  /** Null for what no cashier did. */
  readonly shift: number | null;
  readonly means: "cash" | "voucher";
  readonly currency: string;
  readonly count: number;
  readonly amountMinor: bigint;
}

export interface BillHistoryStorage {
  /** Sequence numbers, the newest first, at most `limit`. */
  search(query: BillSearch, limit: number): number[];
  standingOf(sequence: number): BillStanding | undefined;
  /** Of payments from `fromMs` to before `untilMs`, by the time that the till wrote into them. */
  sums(fromMs: number, untilMs: number): BillSum[];
  /** Whether this till ever took anything for a bill. */
  isUsed(): boolean;
}

const joined = "bill_payments p join operations o using (sequence)";
const standing = `case when o.state = 'applied' then 'settled' when o.state in ('queued', 'held') then 'pending'
  when ${isToGiveBack} then 'refund' else 'ended' end`;

interface SumRow {
  readonly standing: BillStanding;
  readonly biller_id: string;
  readonly actor: string;
  readonly shift: bigint | null;
  readonly means: BillSum["means"];
  readonly currency: string;
  readonly count: bigint;
  readonly amount: bigint;
}

export function createBillHistoryStorage(database: NodeDatabase): BillHistoryStorage {
  const search = database.prepare<
    [{ text: string; standing: string | null; before: number; limit: number }],
    { sequence: bigint }
  >(
    `select p.sequence from ${joined} where p.sequence < @before and (@standing is null or ${standing} = @standing)
       and (@text = '' or instr(lower(p.bill_id), lower(@text)) > 0 or instr(lower(p.actor), lower(@text)) > 0)
     order by p.sequence desc limit @limit`,
  );
  const of = database.prepare<[number], { standing: BillStanding }>(
    `select ${standing} as standing from ${joined} where p.sequence = ?`,
  );
  const sums = database.prepare<[number, number], SumRow>(
    `select ${standing} as standing, p.biller_id, p.actor, p.shift,
       case when p.serial is null then 'cash' else 'voucher' end as means, p.currency, count(*) as count,
       sum(p.amount_minor) as amount
     from ${joined} where o.created_ms >= ? and o.created_ms < ?
     group by 1, 2, 3, 4, 5, 6 order by p.biller_id, p.actor, p.shift, p.currency, 1, 5`,
  );
  const any = database.prepare<[], { sequence: bigint }>("select sequence from bill_payments limit 1");
  return {
    search: ({ text, standing: wanted, before }, limit) =>
      search
        .all({ text, standing: wanted ?? null, before: before ?? Number.MAX_SAFE_INTEGER, limit })
        .map(({ sequence }) => Number(sequence)),
    standingOf: (sequence) => of.get(sequence)?.standing,
    sums: (fromMs, untilMs) =>
      sums.all(fromMs, untilMs).map(({ biller_id: billerId, shift, count, amount, ...sum }) => ({
        ...sum,
        billerId,
        shift: shift === null ? null : Number(shift),
        count: Number(count),
        amountMinor: amount,
      })),
    isUsed: () => any.get() !== undefined,
  };
}
