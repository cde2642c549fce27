-- why: whoever stands at the till signs in with a PIN, works a shift, and is named in what they do

create table cashiers (
  id integer primary key,
  name text not null unique check (length(name) between 1 and 60),
  -- scrypt of the PIN under a salt of its own
  salt blob not null check (length(salt) = 16),
  pin_hash blob not null check (length(pin_hash) = 32),
  -- wrong PINs since the last right one, and until when none is looked at
  wrong_pins integer not null default 0 check (wrong_pins >= 0),
  wait_until_ms integer not null default 0
) strict;

create table shifts (
  id integer primary key,
  cashier integer not null references cashiers,
  opened_ms integer not null,
  closed_ms integer check (closed_ms >= opened_ms)
) strict;
create unique index one_open_shift on shifts (cashier) where closed_ms is null;

create index operations_by_time on operations (created_ms);
