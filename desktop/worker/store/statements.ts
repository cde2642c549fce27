/** What the server told of disputes and payouts, in SQLite, so that it can be read without a connection, with its age. */
import type { DisputeStanding, ToldDispute, ToldPayout } from "#sync/documents/statement.ts";
import type { NodeDatabase } from "../database.ts";
import { openText, sealText } from "../vault.ts";
import type { Vault } from "../vault.ts";

export type StatementKind = "disputes" | "payouts";

export interface StatementStorage {
  /** Those that are not ended before the others, the newest first. */
  disputes(limit: number): ToldDispute[];
  /** Replaces what was told before. */
  keepDisputes(disputes: readonly ToldDispute[], asOfMs: number): void;
  /** The newest first, after the one of that reference; null for the first page. */
  payouts(before: string | null, limit: number): ToldPayout[];
  /** Adds what is new. `asOfMs` is given with the last page. */
  keepPayouts(payouts: readonly ToldPayout[], asOfMs: number | undefined): void;
  /** The newest payout that is this much older than the newest of all: what was committed late comes after it. */
  payoutBefore(overlapMs: number): string | null;
  asOfMs(kind: StatementKind): number | undefined;
}

interface DisputeRow {
  readonly sequence: bigint;
  readonly serial: bigint;
  readonly currency: string;
  readonly amount_minor: bigint;
  readonly guaranteed_minor: bigint;
  readonly reason: string;
  readonly state: DisputeStanding;
  readonly opened_ms: bigint;
  readonly decided_ms: bigint | null;
  readonly sealed_words: Buffer;
}

interface PayoutRow {
  readonly reference: string;
  readonly sequence: bigint;
  readonly serial: bigint;
  readonly currency: string;
  readonly amount_minor: bigint;
  readonly fee_minor: bigint;
  readonly paid_ms: bigint;
  readonly sealed_account: Buffer;
}

type Words = Pick<ToldDispute, "because" | "appeal">;
type Account = Pick<ToldPayout, "account" | "provider">;

export function createStatementStorage(database: NodeDatabase, vault: Vault): StatementStorage {
  const disputes = database.prepare<[number], DisputeRow>(
    `select * from disputes order by state in ('paid', 'refusedFinally', 'writtenOff'), opened_ms desc limit ?`,
  );
  const dropDisputes = database.prepare("delete from disputes");
  const insertDispute = database.prepare(
    `insert into disputes (sequence, serial, currency, amount_minor, guaranteed_minor, reason, state, opened_ms, decided_ms,
       sealed_words)
     values (@sequence, @serial, @currency, @amountMinor, @guaranteedMinor, @reason, @state, @openedAtMs, @decidedAtMs, @words)`,
  );
  const payouts = database.prepare<[{ before: string | null; limit: number }], PayoutRow>(
    `select * from payouts where @before is null
       or (paid_ms, reference) < (select paid_ms, reference from payouts where reference = @before)
     order by paid_ms desc, reference desc limit @limit`,
  );
  const insertPayout = database.prepare(
    `insert into payouts (reference, sequence, serial, currency, amount_minor, fee_minor, paid_ms, sealed_account)
     values (@reference, @sequence, @serial, @currency, @amountMinor, @feeMinor, @paidAtMs, @sealed) on conflict do nothing`,
  );
  const overlapped = database.prepare<[number], { reference: string }>(
    `select reference from payouts where paid_ms <= (select max(paid_ms) from payouts) - ?
     order by paid_ms desc, reference desc limit 1`,
  );
  const age = database.prepare<[StatementKind], { as_of_ms: bigint }>(
    "select as_of_ms from statement_ages where kind = ?",
  );
  const setAge = database.prepare("insert or replace into statement_ages (kind, as_of_ms) values (?, ?)");
  const rowToDispute = (row: DisputeRow): ToldDispute => ({
    sequence: Number(row.sequence),
    serial: row.serial,
    currency: row.currency,
    amountMinor: row.amount_minor,
    guaranteedMinor: row.guaranteed_minor,
    reason: row.reason,
    state: row.state,
    openedAtMs: Number(row.opened_ms),
    decidedAtMs: row.decided_ms === null ? null : Number(row.decided_ms),
    ...((readSealed(vault, row.sealed_words) ?? { because: null, appeal: null }) as Words),
  });
  const rowToPayout = (row: PayoutRow): ToldPayout => ({
    reference: row.reference,
    sequence: Number(row.sequence),
    serial: row.serial,
    currency: row.currency,
    amountMinor: row.amount_minor,
    feeMinor: row.fee_minor,
    paidAtMs: Number(row.paid_ms),
    ...((readSealed(vault, row.sealed_account) ?? { account: null, provider: null }) as Account),
  });
  return {
    disputes: (limit) => disputes.all(limit).map(rowToDispute),
    keepDisputes: (told, asOfMs) =>
      database
        .transaction(() => {
          dropDisputes.run();
          for (const { because, appeal, ...dispute } of told) {
            const words = sealText(vault, JSON.stringify({ because, appeal } satisfies Words));
            insertDispute.run({ ...dispute, words });
          }
          setAge.run("disputes", asOfMs);
        })
        .immediate(),
    payouts: (before, limit) => payouts.all({ before, limit }).map(rowToPayout),
    keepPayouts: (told, asOfMs) =>
      database
        .transaction(() => {
          for (const { account, provider, ...payout } of told) {
            const sealed = sealText(vault, JSON.stringify({ account, provider } satisfies Account));
            insertPayout.run({ ...payout, sealed });
          }
          if (asOfMs !== undefined) setAge.run("payouts", asOfMs);
        })
        .immediate(),
    payoutBefore: (overlapMs) => overlapped.get(overlapMs)?.reference ?? null,
    asOfMs(kind) {
      const row = age.get(kind);
      return row && Number(row.as_of_ms);
    },
  };
}

/** What cannot be opened is left out: the server tells it again. */
function readSealed(vault: Vault, sealed: Uint8Array): unknown {
  const text = openText(vault, sealed);
  return text === undefined ? undefined : JSON.parse(text);
}
