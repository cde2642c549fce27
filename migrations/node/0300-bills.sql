-- why: an agent's till sees the bills that it may take payments for, takes cash within its float, and pays with leased vouchers

create table billers (
  load integer not null,
  biller_id text not null,
  name text not null,
  prefix text not null,
  own_digits integer,
  check_digit text not null,
  time_zone text not null,
  voucher_groups text not null,
  primary key (load, biller_id)
) strict, without rowid;

create table bills (
  load integer not null,
  bill_id text not null,
  biller_id text not null,
  payer_name text,
  area text,
  currency text not null,
  amount_on_due_minor integer not null check (amount_on_due_minor > 0),
  amount_after_due_minor integer not null check (amount_after_due_minor > 0),
  due_on text,
  status text not null check (status in ('open', 'beingPaid', 'paid')),
  primary key (load, bill_id)
) strict, without rowid;

-- What the server knows of the agent's float, with this till's own operations up to `counted` in it.
create table floats (
  load integer not null,
  currency text not null,
  float_minor integer not null,
  debt_minor integer not null,
  counted integer not null,
  primary key (load, currency)
) strict, without rowid;

-- What this till took for bills. A bill has one live payment here; a rejected one is no longer live.
create table bill_payments (
  sequence integer primary key references operations,
  bill_id text not null,
  biller_id text not null,
  -- the voucher that pays; null for cash
  serial integer check (serial > 0),
  amount_minor integer not null check (amount_minor > 0),
  currency text not null,
  actor text not null,
  live integer not null default 1 check (live in (0, 1))
) strict;
create unique index one_live_bill_payment on bill_payments (bill_id) where live = 1;
create unique index one_live_paying_voucher on bill_payments (serial) where live = 1 and serial is not null;

create trigger bill_payments_end after update of state on operations
when new.state in ('rejected', 'writtenOff')
begin
  update bill_payments set live = 0 where sequence = new.sequence;
end;

-- A voucher is redeemed, given back, or pays a bill: one of them.
create trigger redeemed_voucher_pays_no_bill before insert on bill_payments
when exists (select 1 from redemptions where serial = new.serial and live = 1)
begin
  select raise(abort, 'this voucher was redeemed here');
end;
create trigger paying_voucher_is_not_redeemed before insert on redemptions
when exists (select 1 from bill_payments where serial = new.serial and live = 1)
begin
  select raise(abort, 'this voucher pays a bill');
end;
create trigger paying_voucher_is_not_given_back before insert on releases
when exists (select 1 from bill_payments where serial = new.serial and live = 1)
begin
  select raise(abort, 'this voucher pays a bill');
end;
