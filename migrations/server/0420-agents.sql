-- why: agents take cash for bills without a network, within a float that they paid in; what cannot be paid is listed for refund

-- Whose bills a merchant's nodes take payments for, and see.
create table agent_billers (
  merchant_id text not null references merchants,
  biller_id text not null references billers,
  -- the area whose bills its nodes see; null for all
  area text,
  primary key (merchant_id, biller_id)
);

-- float: what an agent paid in for the cash that it takes. What it took beyond that it owes: `external:agent-debt-…`.
alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check
  check (kind in ('external', 'funding', 'reserved', 'owed', 'merchant', 'fsp', 'fspHeld', 'fspDue', 'fees',
    'guarantee', 'billHeld', 'biller', 'float'));

alter table bill_payments
  -- the operation that it came by; its verdict waits for the biller's answer
  add column node_id uuid,
  add column operation_hash bytea,
  -- how much of it the float did not cover
  add column debt_minor bigint not null default 0,
  add foreign key (node_id, operation_hash) references operations (node_id, hash),
  add unique (node_id, operation_hash),
  add constraint agents_pay_by_operation check ((merchant_id is null) = (operation_hash is null)
    and (node_id is null) = (operation_hash is null)),
  add constraint debt_is_of_cash check (debt_minor = 0
    or (means = 'cash' and debt_minor > 0 and debt_minor <= amount_minor));

create or replace function guard_bill_payment() returns trigger language plpgsql as $$
begin
  if (new.id, new.biller_id, new.bill_id, new.payer_fi_id, new.merchant_id, new.request_id, new.reference, new.means,
      new.amount_minor, new.currency, new.claim_id, new.request_to_pay, new.created_at, new.node_id,
      new.operation_hash, new.debt_minor)
    is distinct from (old.id, old.biller_id, old.bill_id, old.payer_fi_id, old.merchant_id, old.request_id,
      old.reference, old.means, old.amount_minor, old.currency, old.claim_id, old.request_to_pay, old.created_at,
      old.node_id, old.operation_hash, old.debt_minor)
    or (old.state <> 'advised' and (new.state, new.reject_reason, new.answered_at)
      is distinct from (old.state, old.reject_reason, old.answered_at)) then
    raise exception 'payment % of bill % is % and stays what it is', old.id, old.bill_id, old.state
      using errcode = 'check_violation', constraint = 'bill_payment_is_final';
  end if;
  return new;
end $$;

-- Cash that was taken and pays nothing: the agent gives it back, and says so once.
create table bill_refunds (
  payment bigint primary key references bill_payments,
  merchant_id text not null references merchants,
  listed_at timestamptz not null default clock_timestamp(),
  refunded_at timestamptz,
  refunded_by text,
  check ((refunded_at is null) = (refunded_by is null))
);
create index open_bill_refunds on bill_refunds (listed_at) where refunded_at is null;

-- At commit cash that pays nothing is listed, and only that.
create function check_refund_listed() returns trigger language plpgsql as $$
begin
  if (new.means = 'cash' and new.state in ('rejected', 'refused'))
    <> exists (select from bill_refunds where payment = new.id) then
    raise exception 'payment % of bill % is % and its refund is listed wrongly', new.id, new.bill_id, new.state
      using errcode = 'check_violation', constraint = 'cash_that_pays_nothing_is_refunded';
  end if;
  return null;
end $$;
create constraint trigger bill_payments_refunded after insert or update on bill_payments
  deferrable initially deferred for each row execute function check_refund_listed();
