/** What this node did to vouchers, in SQLite: business rows that are written in the transaction of their operation. */
import type { OperationState } from "#core/operation.machine.ts";
import type { Epoch } from "#sync/documents/lease.ts";
import type { AuthenticationOutcome, RedemptionMode } from "#sync/documents/operation.ts";
import type { Used } from "#sync/limits.ts";
import type { NodeDatabase } from "../database.ts";

export interface NewRedemption {
  readonly sequence: number;
  readonly serial: bigint;
  readonly mode: RedemptionMode;
  readonly epoch: Epoch | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly actor: string;
  /** Whether its time was that of an anchored clock. */
  readonly anchored: boolean;
  /** The contact that it named. */
  readonly lastServerTimeMs: number;
  /** Null for what no cashier did. */
  readonly shift: number | null;
  /** What an agent kept of what was paid out in cash; null where goods were given. */
  readonly cashFeeMinor: bigint | null;
  readonly authentication: AuthenticationOutcome | null;
}

/** A redemption together with what became of its operation. */
export interface RedemptionRecord extends NewRedemption {
  readonly operationId: string;
  readonly hash: Uint8Array;
  readonly live: boolean;
  readonly createdMs: number;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly transactionId: string | null;
  readonly decidedMs: number | null;
  /** The signed list with the last verdict. */
  readonly verdictList: Uint8Array | null;
}

export interface RedemptionStorage {
  /** Throws when the voucher has a live redemption (the unique index is the second statement of that rule). */
  insert(redemption: NewRedemption): void;
  /** All redemptions of one voucher on this node, the newest first. */
  ofVoucher(serial: bigint): RedemptionRecord[];
  find(sequence: number): RedemptionRecord | undefined;
  /** In order of their operations, at most `limit`, after the given sequence number. */
  list(after: number, limit: number): RedemptionRecord[];
  /** What was redeemed at risk since the contact, or is not sent yet; the sum in one currency. */
  usedAtRisk(lastServerTimeMs: number, currency: string): Used;
  /** The sum redeemed under leases by a clock that was not anchored since the contact, or not sent yet. */
  usedUnanchored(lastServerTimeMs: number, currency: string): bigint;
  /** How many operations are in each state. */
  countByState(): Record<OperationState, number>;
  /** Of those that have not ended, without counting the others. */
  countOpen(): Record<"queued" | "held", number>;
  /** The latest time that an operation wrote down; 0 before the first. */
  latestMs(): number;
}

interface RedemptionRow {
  readonly sequence: bigint;
  readonly serial: bigint;
  readonly mode: RedemptionMode;
  readonly epoch_generation: bigint | null;
  readonly epoch_n: bigint | null;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly actor: string;
  readonly live: bigint;
  readonly anchored: bigint;
  readonly last_server_ms: bigint;
  readonly shift: bigint | null;
  readonly cash_fee_minor: bigint | null;
  readonly recognised_by: AuthenticationOutcome["method"] | null;
  readonly recognised: AuthenticationOutcome["result"] | null;
  readonly operation_id: string;
  readonly hash: Buffer;
  readonly created_ms: bigint;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly transaction_id: string | null;
  readonly decided_ms: bigint | null;
  readonly document: Buffer | null;
}

const joined = `select r.*, o.operation_id, o.hash, o.created_ms, o.state, o.reason, o.transaction_id, o.decided_ms, v.document
  from redemptions r join operations o using (sequence) left join verdict_lists v on v.id = o.verdict_list`;

export function createRedemptionStorage(database: NodeDatabase): RedemptionStorage {
  const insert = database.prepare(
    `insert into redemptions (sequence, serial, mode, epoch_generation, epoch_n, amount_minor, currency, actor,
       anchored, last_server_ms, shift, cash_fee_minor, recognised_by, recognised)
     values (@sequence, @serial, @mode, @generation, @n, @amountMinor, @currency, @actor,
       @anchored, @lastServerTimeMs, @shift, @cashFeeMinor, @method, @result)`,
  );
  const bySerial = database.prepare<[bigint], RedemptionRow>(
    `${joined} where r.serial = ? order by r.sequence desc`,
  );
  const isAnyOf = database.prepare<[bigint], object>("select 1 from redemptions where serial = ? limit 1");
  const following = database.prepare<[number, number], RedemptionRow>(
    `${joined} where r.sequence > ? order by r.sequence limit ?`,
  );
  // What is not sent yet counts, although an answer to a part of the queue has been a contact since. Two look-ups by
  // index are put together, since one with an "or" would read every redemption.
  const uses = (what: string) =>
    database.prepare<[{ currency: string; contact: number }], { count: bigint; sum: bigint }>(
      `select count(*) as count, coalesce(sum(case when currency = @currency then amount_minor end), 0) as sum
       from (select sequence, currency, amount_minor from redemptions where ${what} and last_server_ms = @contact
         union select sequence, currency, amount_minor from operations join redemptions using (sequence)
         where ${what} and operations.state = 'queued')`,
    );
  const atRisk = uses("mode = 'at-risk'");
  const unanchored = uses("mode = 'leased' and anchored = 0");
  const states = database.prepare<[], { state: OperationState; count: bigint }>(
    "select state, count(*) as count from operations group by state",
  );
  const open = database.prepare<[string], { count: bigint }>(
    "select count(*) as count from operations where state = ?",
  );
  const latest = database.prepare<[], { latest: bigint | null }>(
    "select max(created_ms) as latest from operations",
  );
  return {
    insert({ epoch, anchored, authentication, ...redemption }) {
      insert.run({
        ...redemption,
        anchored: anchored ? 1 : 0,
        generation: epoch?.generation ?? null,
        n: epoch?.n ?? null,
        method: authentication?.method ?? null,
        result: authentication?.result ?? null,
      });
    },
    // Mostly there is none, and the other statement takes ten times as long to find that out.
    ofVoucher: (serial) => (isAnyOf.get(serial) ? bySerial.all(serial).map(rowToRecord) : []),
    find(sequence) {
      const row = following.get(sequence - 1, 1);
      return row && Number(row.sequence) === sequence ? rowToRecord(row) : undefined;
    },
    list: (after, limit) => following.all(after, limit).map(rowToRecord),
    usedAtRisk(contact, currency) {
      const used = atRisk.get({ contact, currency });
      return { count: Number(used?.count ?? 0n), sumMinor: used?.sum ?? 0n };
    },
    usedUnanchored: (contact, currency) => unanchored.get({ contact, currency })?.sum ?? 0n,
    countByState() {
      const counts = { queued: 0, held: 0, applied: 0, rejected: 0, writtenOff: 0 };
      for (const { state, count } of states.all()) counts[state] = Number(count);
      return counts;
    },
    countOpen: () => ({
      queued: Number(open.get("queued")?.count ?? 0n),
      held: Number(open.get("held")?.count ?? 0n),
    }),
    latestMs: () => Number(latest.get()?.latest ?? 0n),
  };
}

function rowToRecord(row: RedemptionRow): RedemptionRecord {
  const { epoch_generation: generation, epoch_n: n, recognised_by: method, recognised: result } = row;
  return {
    sequence: Number(row.sequence),
    serial: row.serial,
    mode: row.mode,
    epoch: generation === null || n === null ? null : { generation: Number(generation), n: Number(n) },
    amountMinor: row.amount_minor,
    currency: row.currency,
    actor: row.actor,
    operationId: row.operation_id,
    hash: Uint8Array.from(row.hash),
    live: row.live === 1n,
    anchored: row.anchored === 1n,
    lastServerTimeMs: Number(row.last_server_ms),
    shift: row.shift === null ? null : Number(row.shift),
    cashFeeMinor: row.cash_fee_minor,
    authentication: method === null || result === null ? null : { method, result },
    createdMs: Number(row.created_ms),
    state: row.state,
    reason: row.reason,
    transactionId: row.transaction_id,
    decidedMs: row.decided_ms === null ? null : Number(row.decided_ms),
    verdictList: row.document ? Uint8Array.from(row.document) : null,
  };
}
