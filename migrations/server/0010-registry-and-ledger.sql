-- why: who takes part (institutions, merchants, groups) and the double-entry books that their money is kept in

create table institutions (
  id text primary key check (length(id) between 1 and 20),
  name text not null,
  callback_base_url text,
  callback_method text not null default 'POST' check (callback_method in ('POST', 'PUT')),
  -- X25519 key that voucher numbers are encrypted for; without one the institution cannot create vouchers
  box_public_key bytea check (length(box_public_key) = 32),
  created_at timestamptz not null default clock_timestamp()
);

create table voucher_groups (
  code text primary key check (code ~ '^[A-Z0-9]{3}$'),
  name text not null unique,
  validity_days int not null default 365 check (validity_days > 0),
  created_at timestamptz not null default clock_timestamp()
);

create table merchants (
  id text primary key check (length(id) between 1 and 10),
  name text not null,
  status text not null default 'active' check (status in ('active', 'closed')),
  created_at timestamptz not null default clock_timestamp()
);

create table merchant_groups (
  code text primary key,
  name text not null
);

create table merchant_group_members (
  merchant_group text not null references merchant_groups,
  merchant_id text not null references merchants,
  primary key (merchant_group, merchant_id)
);

-- which merchant group may redeem which voucher group
create table merchant_group_accepts (
  merchant_group text not null references merchant_groups,
  voucher_group text not null references voucher_groups,
  primary key (merchant_group, voucher_group)
);

create table accounts (
  id text primary key,
  kind text not null check (kind in ('external', 'funding', 'reserved', 'owed', 'merchant')),
  owner text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  balance_minor bigint not null default 0,
  unique (kind, owner, currency),
  -- money comes from outside through `external`, the only account that may be negative
  constraint account_not_overdrawn check (kind = 'external' or balance_minor >= 0)
);

create table journal_entries (
  id bigint generated always as identity primary key,
  -- derived from the voucher, claim or request that causes it, so that nothing is booked twice
  idempotency_key text not null unique,
  kind text not null,
  currency text not null,
  created_at timestamptz not null default clock_timestamp(),
  created_in xid8 not null default pg_current_xact_id()
);

create table journal_lines (
  entry_id bigint not null references journal_entries,
  line int not null,
  account_id text not null references accounts,
  -- positive: credit, the account's balance grows; negative: debit
  amount_minor bigint not null check (amount_minor <> 0),
  voucher_serial bigint,
  primary key (entry_id, line)
);
create index journal_lines_by_account on journal_lines (account_id);
create index journal_lines_by_voucher on journal_lines (voucher_serial) where voucher_serial is not null;

create table audit_entries (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null,
  subject text not null,
  before jsonb,
  after jsonb
);
create index audit_entries_by_subject on audit_entries (subject);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op
    using errcode = 'check_violation', constraint = tg_table_name || '_append_only';
end $$;

create trigger journal_entries_append_only before update or delete or truncate on journal_entries
  for each statement execute function refuse_change();
create trigger journal_lines_append_only before update or delete or truncate on journal_lines
  for each statement execute function refuse_change();
create trigger audit_entries_append_only before update or delete or truncate on audit_entries
  for each statement execute function refuse_change();

create function check_entry_balanced(entry bigint) returns void language plpgsql as $$
declare
  total numeric;
  lines int;
begin
  select coalesce(sum(amount_minor), 0), count(*) into total, lines from journal_lines where entry_id = entry;
  if total <> 0 or lines < 2 then
    raise exception 'journal entry % is not balanced: % over % lines', entry, total, lines
      using errcode = 'check_violation', constraint = 'journal_entry_balanced';
  end if;
end $$;

-- Lines belong to an entry of their own transaction and currency and leave it balanced, so one statement inserts all
-- lines of an entry. An account's balance moves once by their sum, in the order of the accounts' ids: a long entry
-- does not write a busy account again and again, and two entries never wait for each other crosswise.
create function book_journal_lines() returns trigger language plpgsql as $$
declare
  entry record;
begin
  for entry in select distinct e.id, e.created_in from added join journal_entries e on e.id = added.entry_id loop
    if entry.created_in <> pg_current_xact_id() then
      raise exception 'journal entry % is closed', entry.id
        using errcode = 'check_violation', constraint = 'journal_entry_closed';
    end if;
    perform check_entry_balanced(entry.id);
  end loop;
  if exists (
    select from added join journal_entries e on e.id = added.entry_id join accounts a on a.id = added.account_id
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
create trigger journal_lines_book after insert on journal_lines referencing new table as added
  for each statement execute function book_journal_lines();

-- An entry without lines has no statement of its own that could find it out.
create function check_new_entry() returns trigger language plpgsql as $$
begin
  perform check_entry_balanced(new.id);
  return null;
end $$;
create constraint trigger journal_entries_balanced after insert on journal_entries
  deferrable initially deferred for each row execute function check_new_entry();

-- Balances move through the journal only.
create function refuse_direct_balance() returns trigger language plpgsql as $$
begin
  if (tg_op = 'INSERT' and new.balance_minor <> 0) or (tg_op = 'UPDATE' and pg_trigger_depth() < 2) then
    raise exception 'account % is opened empty and changed through the journal only', new.id
      using errcode = 'check_violation', constraint = 'accounts_through_journal';
  end if;
  return new;
end $$;
create trigger accounts_through_journal before insert or update on accounts
  for each row execute function refuse_direct_balance();
