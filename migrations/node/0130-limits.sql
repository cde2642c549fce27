-- why: what may be redeemed at risk: the policy that counts, the deny list and its age, the groups, and what was used of the limits

-- The policy that was current at the contact whose time the anchor is; 0 for none.
alter table clock_anchor add column policy_version integer not null default 0;

-- SQLite cannot change a check, so the table is built anew.
drop trigger redemptions_end;
create table redemptions_anew (
  sequence integer primary key references operations,
  serial integer not null check (serial > 0),
  mode text not null check (mode in ('leased', 'at-risk', 'online')),
  epoch_generation integer,
  epoch_n integer,
  amount_minor integer not null check (amount_minor > 0),
  currency text not null,
  actor text not null,
  live integer not null default 1 check (live in (0, 1)),
  -- whether its time was that of an anchored clock, and which contact it named
  anchored integer not null default 1 check (anchored in (0, 1)),
  last_server_ms integer not null default 0,
  check ((mode = 'leased') = (epoch_n is not null)),
  check ((epoch_generation is null) = (epoch_n is null))
) strict;
insert into redemptions_anew
  (sequence, serial, mode, epoch_generation, epoch_n, amount_minor, currency, actor, live)
  select sequence, serial, mode, epoch_generation, epoch_n, amount_minor, currency, actor, live from redemptions;
drop table redemptions;
alter table redemptions_anew rename to redemptions;
create unique index one_live_redemption on redemptions (serial) where live = 1;
create index redemptions_by_contact on redemptions (last_server_ms);
create trigger redemptions_end after update of state on operations
when new.state in ('rejected', 'writtenOff')
begin
  update redemptions set live = 0 where sequence = new.sequence;
end;

-- Serials that must be denied at risk, as they came; which of them a row spans is kept beside it for looking up.
create table denied (
  load integer not null,
  chunk integer not null,
  first_serial integer not null,
  last_serial integer not null,
  serials blob not null,
  primary key (load, chunk)
) strict, without rowid;

-- As of when a shape was known to be complete, by the trusted time at which it was asked for.
create table shape_ages (
  shape text primary key,
  as_of_ms integer not null
) strict;

-- The voucher groups that this node's merchant may redeem.
create table accepted_groups (code text primary key) strict, without rowid;
