-- why: whoever stands at the till signs in with a PIN, works a shift, counts its cash, and is named in what they do

create table cashiers (
  id integer primary key,
  -- one that is gone keeps the name: the history must not mix two people
  name text not null unique check (length(name) between 1 and 60),
  role text not null check (role in ('supervisor', 'cashier')),
  -- scrypt of the PIN under a salt of its own
  salt blob not null check (length(salt) = 16),
  pin_hash blob not null check (length(pin_hash) = 32),
  -- wrong PINs since the last right one, and until when none is looked at
  wrong_pins integer not null default 0 check (wrong_pins >= 0),
  wait_until_ms integer not null default 0,
  removed_ms integer
) strict;

create table shifts (
  id integer primary key,
  cashier integer not null references cashiers,
  opened_ms integer not null,
  closed_ms integer check (closed_ms >= opened_ms)
) strict;
create unique index one_open_shift on shifts (cashier) where closed_ms is null;
create index shifts_by_time on shifts (opened_ms);

-- What was said about the cash of a shift. What was paid out is the redemptions' own.
create table shift_cash (
  shift integer not null references shifts,
  kind text not null check (kind in ('opening', 'in', 'out', 'counted')),
  currency text not null,
  amount_minor integer not null check (amount_minor >= 0),
  note text not null default '',
  at_ms integer not null
) strict;
create index cash_of_shift on shift_cash (shift);
create unique index one_opening_and_one_count on shift_cash (shift, kind, currency) where kind in ('opening', 'counted');

-- in which shift it was made; null for what no cashier did
alter table redemptions add column shift integer references shifts;
-- what an agent kept of a voucher that was paid out in cash; null where goods were given
alter table redemptions add column cash_fee_minor integer check (cash_fee_minor between 0 and amount_minor - 1);
-- how the beneficiary was recognised, and with which outcome
alter table redemptions add column recognised_by text check (recognised_by in ('printed-data', 'photo', 'registry'));
alter table redemptions add column recognised text check (recognised in ('confirmed', 'not-confirmed'));
create index redemptions_by_shift on redemptions (shift);

create index operations_by_time on operations (created_ms);
create index operations_by_state on operations (state);
create index lease_ends on leases (load, not_after_ms, serial);
