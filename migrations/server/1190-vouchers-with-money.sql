-- why: a voucher is stored once, with its money, and the rules of the books are checked for many lines at once
-- expands: functions that accept what they accepted before, and vouchers that come in one statement with their lines

-- Entries and accounts are looked up once each, however many lines move them. The settings are why it is quick also where
-- its plans were made while the tables were small (migration 1170).
create or replace function book_journal_lines() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  wrong record;
begin
  select e.id into wrong
    from (select distinct entry_id from added) as named join journal_entries e on e.id = named.entry_id
    where e.created_in <> pg_current_xact_id() limit 1;
  if found then
    raise exception 'journal entry % is closed', wrong.id
      using errcode = 'check_violation', constraint = 'journal_entry_closed';
  end if;
  perform check_entry_balanced(entry_id) from (select distinct entry_id from added) as named;
  if exists (
    select from (select distinct entry_id, account_id from added) as moved
    join journal_entries e on e.id = moved.entry_id join accounts a on a.id = moved.account_id
    where a.currency <> e.currency
  ) then
    raise exception 'a journal line moves an account of another currency than its entry'
      using errcode = 'check_violation', constraint = 'journal_entry_in_one_currency';
  end if;
  perform from accounts where id in (select account_id from added) order by id for no key update;
  update accounts set balance_minor = balance_minor + moved.amount
    from (select account_id, sum(amount_minor)::bigint as amount from added group by account_id) as moved
    where accounts.id = moved.account_id;
  return null;
end $$;

-- A voucher that comes in one statement with the lines that reserve its money holds it from the start, and is not written
-- again for them. Only a row that this transaction wrote can be such a one: nobody else has written lines of it
-- meanwhile, so that it can be compared with all that there are.
create or replace function book_voucher_lines() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (
    select from (
      select added.account_id, added.voucher_serial is not null as is_named, v.group_code, v.currency
      from added left join vouchers v on v.serial = added.voucher_serial
      group by 1, 2, 3, 4
    ) as moved join accounts a on a.id = moved.account_id
    where case when a.kind = 'reserved'
      then moved.group_code is null or a.owner <> moved.group_code or a.currency <> moved.currency
      else moved.is_named end
  ) then
    raise exception 'a journal line must name the voucher whose reserve it moves, and no other may name one'
      using errcode = 'check_violation', constraint = 'reserve_names_its_voucher';
  end if;
  update vouchers set reserved_minor = reserved_minor + moved.amount
    from (
      select voucher_serial, sum(amount_minor)::bigint as amount from added
      where voucher_serial is not null group by voucher_serial
    ) as moved
    where vouchers.serial = moved.voucher_serial and not (
      vouchers.xmin = pg_current_xact_id()::xid and vouchers.reserved_minor = (
        select sum(amount_minor) from journal_lines where voucher_serial = moved.voucher_serial
      ));
  return null;
end $$;

-- A new voucher has no money yet, or is free and has just what the journal reserves for it.
create function check_new_vouchers() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (
    select from added where reserved_minor <> 0 and (
      state <> 'preActivated' or reserved_minor <> amount_minor or reserved_minor is distinct from (
        select sum(amount_minor) from journal_lines where voucher_serial = added.serial
      ))
  ) then
    raise exception 'the reserve of a new voucher is what the journal holds for it'
      using errcode = 'check_violation', constraint = 'vouchers_through_journal';
  end if;
  return null;
end $$;
create trigger vouchers_check_new after insert on vouchers referencing new table as added
  for each statement execute function check_new_vouchers();

-- What these ask of a new voucher that has its money, the one above has found for all vouchers of the statement; and
-- whatever binds or changes it later is checked for itself.
drop trigger vouchers_guard on vouchers;
create trigger vouchers_guard before update on vouchers for each row execute function guard_voucher();
drop trigger vouchers_consistent on vouchers;
create constraint trigger vouchers_consistent after update on vouchers
  deferrable initially deferred for each row execute function check_voucher_row();
create constraint trigger new_vouchers_consistent after insert on vouchers
  deferrable initially deferred for each row when (new.reserved_minor = 0) execute function check_voucher_row();
