-- why: payers' names lie sealed; what is taken for bills belongs to a shift, is taken once however often it is asked for, and is given back

-- Under the till's own key. `payer_name` holds names of rows that an earlier version wrote, until the key is there.
alter table bills add column sealed_payer blob check (sealed_payer is null or payer_name is null);
create index bills_in_clear on bills (bill_id) where payer_name is not null;

-- what the page calls its request, so that asking again is answered again
alter table bill_payments add column request_key text;
alter table bill_payments add column shift integer references shifts;
-- whose bill it was, for the receipt; sealed
alter table bill_payments add column sealed_payer blob;
create unique index bill_payments_by_key on bill_payments (request_key) where request_key is not null;
create index bill_payments_by_shift on bill_payments (shift);

-- Cash that was given back to whoever had paid it. A payment is given back once.
create table bill_refunds (
  sequence integer primary key references operations,
  payment integer not null unique references bill_payments,
  request_key text unique,
  amount_minor integer not null check (amount_minor > 0),
  currency text not null,
  actor text not null,
  shift integer references shifts
) strict;
create index bill_refunds_by_shift on bill_refunds (shift);

create trigger only_rejected_cash_is_given_back before insert on bill_refunds
when not exists (
  select 1 from bill_payments p join operations o using (sequence)
  where p.sequence = new.payment and p.serial is null and o.state in ('rejected', 'writtenOff')
    and p.amount_minor = new.amount_minor and p.currency = new.currency
)
begin
  select raise(abort, 'only cash that paid nothing is given back');
end;

-- As the server tells them. What an answer leaves out stays: the server tells the newest only.
create table told_refunds (
  -- of the payment
  sequence integer primary key,
  refunded_ms integer,
  -- who was first, and who gave it back, as JSON
  sealed blob not null
) strict;

create table float_top_ups (
  id integer primary key,
  currency text not null,
  amount_minor integer not null,
  -- how much of it settled a debt
  settled_minor integer not null,
  -- the float right after it
  float_minor integer not null,
  at_ms integer not null
) strict;
