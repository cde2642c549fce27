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
  raise exception '% is append-only: % is refused', tg_table_name, tg_op;
end $$;

create trigger journal_entries_append_only before update or delete or truncate on journal_entries
  for each statement execute function refuse_change();
create trigger journal_lines_append_only before update or delete or truncate on journal_lines
  for each statement execute function refuse_change();
create trigger audit_entries_append_only before update or delete or truncate on audit_entries
  for each statement execute function refuse_change();

-- A line belongs to an entry of the same transaction and currency, and moves its account's balance.
create function book_journal_line() returns trigger language plpgsql as $$
declare
  entry journal_entries;
begin
  select * into strict entry from journal_entries where id = new.entry_id;
  if entry.created_in <> pg_current_xact_id() then
    raise exception 'journal entry % is closed', new.entry_id;
  end if;
  update accounts set balance_minor = balance_minor + new.amount_minor
    where id = new.account_id and currency = entry.currency;
  if not found then
    raise exception 'account % does not hold %', new.account_id, entry.currency;
  end if;
  return null;
end $$;
create trigger journal_lines_book after insert on journal_lines
  for each row execute function book_journal_line();

create function check_entry_balanced() returns trigger language plpgsql as $$
declare
  total numeric;
  lines int;
begin
  select coalesce(sum(amount_minor), 0), count(*) into total, lines from journal_lines where entry_id = new.id;
  if total <> 0 or lines < 2 then
    raise exception 'journal entry % is not balanced: % over % lines', new.id, total, lines;
  end if;
  return null;
end $$;
create constraint trigger journal_entries_balanced after insert on journal_entries
  deferrable initially deferred for each row execute function check_entry_balanced();

-- Balances move through the journal only.
create function refuse_direct_balance() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' and new.balance_minor <> 0 then
    raise exception 'account % must be opened empty', new.id;
  end if;
  if tg_op = 'UPDATE' and pg_trigger_depth() < 2 then
    raise exception 'account % is changed through the journal only', new.id;
  end if;
  return new;
end $$;
create trigger accounts_through_journal before insert or update on accounts
  for each row execute function refuse_direct_balance();
