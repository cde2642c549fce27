-- why: what is worth stealing lies sealed under the till's key, and the till keeps what the server told of disputes and payouts

-- SQLite cannot let a column be null later, so the table is built anew.
drop index lease_ends;
create table leases_anew (
  load integer not null,
  serial integer not null,
  epoch_generation integer not null,
  epoch_n integer not null,
  not_after_ms integer not null,
  withdrawn_ms integer,
  recalled_ms integer,
  asked_ms integer,
  amount_minor integer,
  currency text,
  -- lease and token under the till's own key
  sealed blob,
  -- the same in clear, of rows that an earlier version wrote; they are sealed as soon as the key is there
  lease blob,
  token text,
  primary key (load, serial),
  check ((lease is null) = (sealed is not null)),
  check ((lease is null) = (token is null))
) strict, without rowid;
insert into leases_anew (load, serial, epoch_generation, epoch_n, not_after_ms, withdrawn_ms, recalled_ms, asked_ms, lease, token)
  select load, serial, epoch_generation, epoch_n, not_after_ms, withdrawn_ms, recalled_ms, asked_ms, lease, token from leases;
drop table leases;
alter table leases_anew rename to leases;
create index lease_ends on leases (load, not_after_ms, serial);
create index leases_in_clear on leases (serial) where sealed is null;
create index recalled_leases on leases (load, recalled_ms) where recalled_ms is not null;

-- As the server tells them; each answer replaces the one before.
create table disputes (
  sequence integer primary key,
  serial integer not null,
  currency text not null,
  amount_minor integer not null,
  guaranteed_minor integer not null,
  reason text not null,
  state text not null,
  opened_ms integer not null,
  decided_ms integer,
  -- what people wrote: why it was decided so, and the merchant's appeal
  sealed_words blob not null
) strict;

create table payouts (
  reference text primary key,
  sequence integer not null,
  serial integer not null,
  currency text not null,
  -- what was paid, and what the fee took of the voucher's amount
  amount_minor integer not null,
  fee_minor integer not null,
  paid_ms integer not null,
  -- to which account, and by whom it is kept
  sealed_account blob not null
) strict, without rowid;
create index payouts_by_time on payouts (paid_ms, reference);

create table statement_ages (
  kind text primary key check (kind in ('disputes', 'payouts')),
  as_of_ms integer not null
) strict;
