/**
 * The books. PostgreSQL itself keeps the rules (`migrations/server/0010`, `0020`): entries balance, balances move
 * through the journal only, and no voucher's reserve is debited twice.
 */
import { sql } from "kysely";
import { accountId } from "../ledger/entries.ts";
import type { Account, AccountKind, JournalEntry, JournalLine } from "../ledger/entries.ts";
import type { LedgerRows } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function ledgerRows(trx: Trx): LedgerRows {
  return {
    async post(entry) {
      const inserted = await trx
        .insertInto("journal_entries")
        .values({ idempotency_key: entry.idempotencyKey, kind: entry.kind, currency: entry.currency })
        .onConflict((conflict) => conflict.column("idempotency_key").doNothing())
        .returning("id")
        .executeTakeFirst();
      if (!inserted) return false;
      await openAccounts(trx, accountsOf(entry));
      await insertLines(trx, inserted.id, entry.lines);
      return true;
    },
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

async function insertLines(trx: Trx, entryId: bigint, lines: readonly JournalLine[]): Promise<void> {
  const ordered = lines.toSorted((a, b) => compareText(accountId(a.account), accountId(b.account)));
  await sql`
    insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial)
    select ${entryId}::bigint, * from unnest(
      ${ordered.map((_, index) => index + 1)}::int[],
      ${ordered.map((line) => accountId(line.account))}::text[],
      ${ordered.map((line) => line.amountMinor)}::bigint[],
      ${ordered.map((line) => line.serial ?? null)}::bigint[])`.execute(trx);
}

function accountsOf(entry: JournalEntry): Account[] {
  const byId = new Map(entry.lines.map((line) => [accountId(line.account), line.account]));
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
