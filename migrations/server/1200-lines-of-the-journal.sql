-- why: what a line of the journal refers to is looked up once for all lines of a statement, and not for each line
-- expands: rules that refuse what foreign keys refused, and an account that is never deleted

-- A line's entry, its account and its voucher were asked for by foreign keys, row by row, which was a tenth of what a new
-- voucher costs the database; and two of the three were asked for again by the triggers that book the lines. Those now hold
-- all three. Nothing else can come between: lines, entries, accounts and vouchers are never deleted, and neither an entry's
-- number, nor an account's (accounts_through_journal), nor a voucher's (voucher_value_is_fixed) ever changes.
create or replace function book_journal_lines() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  wrong record;
begin
  select named.entry_id as id into wrong
    from (select distinct entry_id from added) as named left join journal_entries e on e.id = named.entry_id
    where e.created_in is distinct from pg_current_xact_id() limit 1;
  if found then
    raise exception 'journal entry % is closed, or there is none', wrong.id
      using errcode = 'check_violation', constraint = 'journal_entry_closed';
  end if;
  perform check_entry_balanced(entry_id) from (select distinct entry_id from added) as named;
  select moved.account_id as id, a.id is null as is_missing into wrong
    from (select distinct entry_id, account_id from added) as moved
    join journal_entries e on e.id = moved.entry_id left join accounts a on a.id = moved.account_id
    where a.currency is distinct from e.currency limit 1;
  if found and wrong.is_missing then
    raise exception 'a journal line moves the account %, which there is not', wrong.id
      using errcode = 'check_violation', constraint = 'journal_line_moves_an_account';
  elsif found then
    raise exception 'a journal line moves an account of another currency than its entry'
      using errcode = 'check_violation', constraint = 'journal_entry_in_one_currency';
  end if;
  perform from accounts where id in (select account_id from added) order by id for no key update;
  update accounts set balance_minor = balance_minor + moved.amount
    from (select account_id, sum(amount_minor)::bigint as amount from added group by account_id) as moved
    where accounts.id = moved.account_id;
  return null;
end $$;

create trigger accounts_kept before delete or truncate on accounts
  for each statement execute function refuse_change();

-- That a line's voucher is there, book_voucher_lines() asks already: a line of a reserve must name one of the reserve's
-- group, and any other line none (reserve_names_its_voucher).
alter table journal_lines
  drop constraint journal_lines_entry_id_fkey,
  drop constraint journal_lines_account_id_fkey,
  drop constraint journal_lines_voucher_serial_fkey;
