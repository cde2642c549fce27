/**
 * The books. PostgreSQL itself keeps the rules (`migrations/server/0010`, `0020`): entries balance, balances move
 * through the journal only, and no voucher's reserve is debited twice.
 */
import { sql } from "kysely";
import type { RawBuilder } from "kysely";
import { accountId } from "../ledger/entries.ts";
import type { Account, AccountKind, JournalEntry, JournalLine } from "../ledger/entries.ts";
import type { LedgerRows } from "../ports/store.ts";
import { int4Array, int8Array, textArray } from "./arrays.ts";
import type { Trx } from "./rows.ts";

export function ledgerRows(trx: Trx): LedgerRows {
  return {
    post: async (entry) => (await postAll(trx, [entry]))[0] === true,
    postAll: (entries) => postAll(trx, entries),
    async lockBalance(id) {
      await openAccounts(trx, [accountOf(id)]);
      const row = await trx
        .selectFrom("accounts")
        .select("balance_minor")
        .where("id", "=", id)
        .forNoKeyUpdate()
        .executeTakeFirstOrThrow();
      return row.balance_minor;
    },
  };
}

async function postAll(trx: Trx, entries: readonly JournalEntry[]): Promise<boolean[]> {
  const { ids, lines } = await openEntries(trx, entries);
  if (lines.length > 0) await insertionOfLines(lines).execute(trx);
  return entries.map(({ idempotencyKey }) => ids.has(idempotencyKey));
}

/** Inserts those that are not booked yet, and says what lines complete them. */
export async function openEntries(
  trx: Trx,
  entries: readonly JournalEntry[],
): Promise<{ readonly ids: ReadonlyMap<string, bigint>; readonly lines: readonly NumberedLine[] }> {
  const inserted = await sql<{ id: bigint; idempotency_key: string }>`
    insert into journal_entries (idempotency_key, kind, currency)
    select * from unnest(
      ${entries.map(({ idempotencyKey }) => idempotencyKey)}::text[],
      ${entries.map(({ kind }) => kind)}::text[],
      ${entries.map(({ currency }) => currency)}::text[])
    on conflict (idempotency_key) do nothing
    returning id, idempotency_key`.execute(trx);
  const ids = new Map(inserted.rows.map((row) => [row.idempotency_key, row.id]));
  const booked = entries.filter(({ idempotencyKey }) => ids.has(idempotencyKey));
  if (booked.length > 0) await openAccounts(trx, accountsOf(booked));
  return {
    ids,
    lines: booked.flatMap(({ idempotencyKey, lines }) => numbered(ids.get(idempotencyKey) ?? 0n, lines)),
  };
}

/** Accounts come into being when they are first named; in id order, so that two openings never wait crosswise. */
async function openAccounts(trx: Trx, accounts: readonly Account[]): Promise<void> {
  await sql`
    insert into accounts (id, kind, owner, currency)
    select * from unnest(
      ${accounts.map(accountId)}::text[],
      ${accounts.map((account) => account.kind)}::text[],
      ${accounts.map((account) => account.owner)}::text[],
      ${accounts.map((account) => account.currency)}::text[])
    on conflict do nothing`.execute(trx);
}

interface NumberedLine {
  readonly entryId: bigint;
  readonly n: number;
  /** Of its account. */
  readonly id: string;
  readonly amountMinor: bigint;
  readonly serial: bigint | undefined;
}

function numbered(entryId: bigint, lines: readonly JournalLine[]): NumberedLine[] {
  return lines
    .map(({ account, amountMinor, serial }) => ({ id: accountId(account), amountMinor, serial }))
    .toSorted((a, b) => compareText(a.id, b.id))
    .map(({ id, amountMinor, serial }, index) => ({ entryId, n: index + 1, id, amountMinor, serial }));
}

/** All lines of an entry come in one statement: the database refuses it when they do not leave it balanced. */
export function insertionOfLines(lines: readonly NumberedLine[]): RawBuilder<unknown> {
  return sql`
    insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial)
    select
      unnest(${int8Array(lines.map(({ entryId }) => entryId))}::bigint[]),
      unnest(${int4Array(lines.map(({ n }) => n))}::int[]),
      unnest(${textArray(lines.map(({ id }) => id))}::text[]),
      unnest(${int8Array(lines.map(({ amountMinor }) => amountMinor))}::bigint[]),
      unnest(${int8Array(lines.map(({ serial }) => serial ?? null))}::bigint[])`;
}

function accountsOf(entries: readonly JournalEntry[]): Account[] {
  const lines = entries.flatMap((entry) => entry.lines);
  const byId = new Map(lines.map(({ account }) => [accountId(account), account]));
  return [...byId.keys()].toSorted(compareText).flatMap((id) => byId.get(id) ?? []);
}

/** The inverse of `accountId`; an owner may hold colons of its own. */
function accountOf(id: string): Account {
  const match = /^([a-zA-Z]+):(.+):([A-Z]{3})$/.exec(id);
  if (!match?.[1] || !match[2] || !match[3]) throw new Error(`not an account id: ${id}`);
  return { kind: match[1] as AccountKind, owner: match[2], currency: match[3] };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
