/** What this till did, for looking back: pages of it, and sums. Reading only. */
import type { OperationState } from "#core/operation.machine.ts";
import type { NodeDatabase } from "../database.ts";

/** Kept apart wherever money is shown. Disputed: rejected after goods were handed over without the server's word. */
export type Standing = "pending" | "settled" | "disputed" | "rejected";

export interface HistorySearch {
  /** A part of a serial or of a cashier's name; empty for all. */
  readonly text: string;
  readonly standing: Standing | undefined;
  readonly before: number | undefined;
}

export interface StandingSum {
  readonly standing: Standing;
  readonly actor: string;
  readonly currency: string;
  readonly count: number;
  readonly amountMinor: bigint;
}

export interface HistoryStorage {
  /** Sequence numbers, the newest first, at most `limit`. */
  search(query: HistorySearch, limit: number): number[];
  /** Of operations from `fromMs` to before `untilMs`, by the time that the till wrote into them. */
  sums(fromMs: number, untilMs: number): StandingSum[];
  sumsOfShift(shift: number): StandingSum[];
  /** Of operations that wait to be sent, whenever they were made. */
  queuedSums(): Omit<StandingSum, "standing" | "actor">[];
}

export function standingOf(state: OperationState, mode: string): Standing {
  if (state === "applied") return "settled";
  if (state === "queued" || state === "held") return "pending";
  return mode === "online" ? "rejected" : "disputed";
}

const standing = `case when o.state = 'applied' then 'settled' when o.state in ('queued', 'held') then 'pending'
  when r.mode = 'online' then 'rejected' else 'disputed' end`;
const joined = "redemptions r join operations o using (sequence)";

interface SumRow {
  readonly standing: Standing;
  readonly actor: string;
  readonly currency: string;
  readonly count: bigint;
  readonly amount: bigint;
}

export function createHistoryStorage(database: NodeDatabase): HistoryStorage {
  const search = database.prepare<
    [{ text: string; standing: string | null; before: number; limit: number }],
    { sequence: bigint }
  >(
    `select sequence from ${joined} where sequence < @before
       and (@standing is null or ${standing} = @standing)
       and (@text = '' or instr(printf('%010d', r.serial), @text) > 0 or instr(lower(r.actor), lower(@text)) > 0)
     order by sequence desc limit @limit`,
  );
  const summed = (what: string) =>
    `select ${standing} as standing, r.actor, r.currency, count(*) as count, sum(r.amount_minor) as amount
     from ${joined} where ${what} group by 1, 2, 3 order by r.actor, r.currency, 1`;
  const sums = database.prepare<[number, number], SumRow>(summed("o.created_ms >= ? and o.created_ms < ?"));
  const ofShift = database.prepare<[number], SumRow>(summed("r.shift = ?"));
  const queued = database.prepare<[], { currency: string; count: bigint; amount: bigint }>(
    `select currency, count(*) as count, sum(amount_minor) as amount from operations o
       join (select sequence, currency, amount_minor from redemptions
         union all select sequence, currency, amount_minor from bill_payments) using (sequence)
     where o.state = 'queued' group by 1 order by 1`,
  );
  return {
    search: ({ text, standing: wanted, before }, limit) =>
      search
        .all({ text, standing: wanted ?? null, before: before ?? Number.MAX_SAFE_INTEGER, limit })
        .map(({ sequence }) => Number(sequence)),
    sums: (fromMs, untilMs) => sums.all(fromMs, untilMs).map(rowToSum),
    sumsOfShift: (shift) => ofShift.all(shift).map(rowToSum),
    queuedSums: () =>
      queued.all().map(({ currency, count, amount }) => ({
        currency,
        count: Number(count),
        amountMinor: amount,
      })),
  };
}

function rowToSum({ count, amount, ...sum }: SumRow): StandingSum {
  return { ...sum, count: Number(count), amountMinor: amount };
}
