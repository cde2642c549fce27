-- why: bills, who asked about them, who paid them and who was asked to pay; B1 (a bill is paid once) as a constraint

create table bills (
  id text primary key check (length(id) between 2 and 20),
  biller_id text not null references billers,
  payer_name text check (length(payer_name) <= 100),
  payer_type text not null default 'person' check (payer_type in ('person', 'organisation')),
  -- an organisation's or a person's id with the biller
  payer_id text check (length(payer_id) <= 34),
  area text check (length(area) <= 50),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount_on_due_minor bigint not null check (amount_on_due_minor > 0),
  amount_after_due_minor bigint not null check (amount_after_due_minor > 0),
  -- the last day, at the biller's place, of the first amount
  due_on date,
  -- `paidElsewhere`: so says its biller
  state text not null default 'open' check (state in ('open', 'withdrawn', 'paidElsewhere')),
  changed_at timestamptz not null default clock_timestamp()
);
create index bills_by_biller on bills (biller_id, id);

-- A payer FI's question about a bill; its id is what a payment names.
create table bill_inquiries (
  id bigint generated always as identity primary key,
  payer_fi_id text not null references payer_fis,
  request_id text not null,
  correlation_id text not null,
  biller_id text not null references billers,
  bill_id text not null,
  callback_url text not null,
  asked_at timestamptz not null default clock_timestamp(),
  -- by when the biller is to have answered
  due_at timestamptz not null,
  state text not null check (state in ('asking', 'found', 'notFound', 'late')),
  reason text,
  -- what was due when it was answered, which holds for a day
  quoted_minor bigint check (quoted_minor > 0),
  currency text,
  answered_at timestamptz,
  check ((state = 'found') = (quoted_minor is not null and currency is not null and answered_at is not null))
);
create index bill_inquiries_by_request on bill_inquiries (payer_fi_id, request_id, id desc);
create index unanswered_bill_inquiries on bill_inquiries (bill_id) where state in ('asking', 'late');
create index bill_inquiries_in_time on bill_inquiries (due_at) where state = 'asking';

create table requests_to_pay (
  id bigint generated always as identity primary key,
  biller_id text not null references billers,
  request_id text not null,
  -- the biller's own number of it
  rtp_id bigint not null check (rtp_id between 0 and 9007199254740991),
  bill_id text not null references bills,
  payer_fi_id text not null references payer_fis,
  -- who is asked, as the payer FI knows them; sealed, and erased when it has ended
  sealed_address bytea,
  biller_name text not null,
  currency text not null,
  amount_minor bigint not null check (amount_minor > 0),
  state text not null default 'pending' check (state in
    ('pending', 'accepted', 'paying', 'completed', 'rejected', 'expired', 'cancelled')),
  is_accepted boolean not null default false,
  reject_reason text check (reject_reason in ('R', 'E', 'W')),
  reason text,
  expires_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  unique (biller_id, rtp_id),
  check ((state in ('rejected', 'expired')) = (reject_reason is not null)),
  constraint ended_request_forgets_address
    check (sealed_address is null or state in ('pending', 'accepted', 'paying'))
);
create index requests_to_pay_by_bill on requests_to_pay (bill_id) where state in ('pending', 'accepted', 'paying');
create index requests_to_pay_in_time on requests_to_pay (expires_at) where state in ('pending', 'accepted');

-- Why a biller asks about one of its requests: the answer goes out by callback.
create table request_to_pay_inquiries (
  id bigint generated always as identity primary key,
  request_to_pay bigint not null references requests_to_pay,
  correlation_id text not null,
  asked_at timestamptz not null default clock_timestamp()
);

-- Whose customer somebody is, by an alias; keyed index and sealed address, since both are personal data.
create table payer_aliases (
  alias_type text not null check (alias_type in ('00', '01', '02')),
  alias_index bytea not null check (length(alias_index) = 32),
  payer_fi_id text not null references payer_fis,
  sealed_address bytea not null,
  primary key (alias_type, alias_index)
);

create table bill_payments (
  id bigint generated always as identity primary key,
  biller_id text not null references billers,
  -- a refused payment may name a bill that is not there
  bill_id text not null,
  payer_fi_id text references payer_fis,
  -- the agent who took it, where no FI did
  merchant_id text references merchants,
  request_id text not null,
  -- the payer FI's reference of the payment
  reference text not null,
  means text not null check (means in ('account', 'voucher', 'cash')),
  callback_url text,
  amount_minor bigint check (amount_minor > 0),
  currency text,
  claim_id uuid unique references claims,
  request_to_pay bigint references requests_to_pay,
  state text not null check (state in ('advised', 'acknowledged', 'rejected', 'refused')),
  reject_reason text check (reject_reason in ('Def', 'Dup', 'Und')),
  reason text,
  -- the payment that pays the bill, where that is why this one does not
  duplicate_of bigint references bill_payments,
  created_at timestamptz not null default clock_timestamp(),
  answered_at timestamptz,
  -- the biller was told, and is told again then
  reminders int not null default 0,
  remind_at timestamptz,
  constraint payment_has_one_payer check ((payer_fi_id is null) <> (merchant_id is null)),
  constraint payment_has_amount check (state = 'refused' or (amount_minor is not null and currency is not null)),
  constraint payment_by_voucher_has_claim check (claim_id is null or means = 'voucher'),
  check ((reject_reason is not null) = (state in ('rejected', 'refused'))),
  check ((remind_at is not null) = (state = 'advised'))
);
-- B1
create unique index one_live_bill_payment on bill_payments (bill_id) where state in ('advised', 'acknowledged');
create unique index bill_payments_by_request on bill_payments (payer_fi_id, request_id, means);
create index bill_payments_to_remind on bill_payments (remind_at) where state = 'advised';
create index bill_payments_by_answer on bill_payments (biller_id, answered_at) where state = 'acknowledged';

-- What is being paid, or paid, stays as it was paid.
create function guard_bill() returns trigger language plpgsql as $$
begin
  if exists (select from bill_payments where bill_id = old.id and state in ('advised', 'acknowledged')) then
    raise exception 'bill % is being paid or paid, and stays what it is', old.id
      using errcode = 'check_violation', constraint = 'paid_bill_is_fixed';
  end if;
  return new;
end $$;
create trigger bills_guard before update on bills for each row execute function guard_bill();

create function guard_bill_payment() returns trigger language plpgsql as $$
begin
  if (new.id, new.biller_id, new.bill_id, new.payer_fi_id, new.merchant_id, new.request_id, new.reference, new.means,
      new.amount_minor, new.currency, new.claim_id, new.request_to_pay, new.created_at)
    is distinct from (old.id, old.biller_id, old.bill_id, old.payer_fi_id, old.merchant_id, old.request_id,
      old.reference, old.means, old.amount_minor, old.currency, old.claim_id, old.request_to_pay, old.created_at)
    or (old.state <> 'advised' and (new.state, new.reject_reason, new.answered_at)
      is distinct from (old.state, old.reject_reason, old.answered_at)) then
    raise exception 'payment % of bill % is % and stays what it is', old.id, old.bill_id, old.state
      using errcode = 'check_violation', constraint = 'bill_payment_is_final';
  end if;
  return new;
end $$;
create trigger bill_payments_guard before update on bill_payments
  for each row execute function guard_bill_payment();
create trigger bill_payments_kept before delete or truncate on bill_payments
  for each statement execute function refuse_change();

-- Money of payments that a biller has not answered yet, and what it is owed for those that it acknowledged.
alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check
  check (kind in ('external', 'funding', 'reserved', 'owed', 'merchant', 'fsp', 'fspHeld', 'fspDue', 'fees',
    'guarantee', 'billHeld', 'biller'));

-- A voucher is claimed for a merchant, or for the biller whose bill it pays.
alter table claims
  alter column merchant_id drop not null,
  add column biller_id text references billers,
  add constraint claim_has_one_payee check ((merchant_id is null) <> (biller_id is null)),
  add constraint biller_is_paid_in_full check (biller_id is null or (fee_minor = 0 and fsp_id is null));

create or replace function guard_claim() returns trigger language plpgsql as $$
begin
  if (new.id, new.voucher_serial, new.merchant_id, new.biller_id, new.amount_minor, new.currency, new.offline,
      new.transaction_id)
    is distinct from (old.id, old.voucher_serial, old.merchant_id, old.biller_id, old.amount_minor, old.currency,
      old.offline, old.transaction_id)
    or (old.state in ('paid', 'released') and new.state <> old.state) then
    raise exception 'claim % is % and stays what it is', old.id, old.state
      using errcode = 'check_violation', constraint = 'claim_is_final';
  end if;
  return new;
end $$;

-- At commit a payment by voucher and its claim say the same: consumption and payment are one decision.
create function check_bill_payment_claim(payment bigint) returns void language plpgsql as $$
declare
  p bill_payments;
  c claims;
begin
  select * into strict p from bill_payments where id = payment;
  if p.claim_id is null then
    return;
  end if;
  select * into strict c from claims where id = p.claim_id;
  if (c.biller_id, c.amount_minor, c.currency) is distinct from (p.biller_id, p.amount_minor, p.currency)
    or c.state <> (case p.state when 'advised' then 'claimed' when 'acknowledged' then 'paid' else 'released' end) then
    raise exception 'payment % is % with a claim that is %', p.id, p.state, c.state
      using errcode = 'check_violation', constraint = 'bill_payment_matches_claim';
  end if;
end $$;
create function check_bill_payment_row() returns trigger language plpgsql as $$
begin
  perform check_bill_payment_claim(new.id);
  return null;
end $$;
create function check_claim_of_bill() returns trigger language plpgsql as $$
declare
  payment bigint;
begin
  select id into payment from bill_payments where claim_id = new.id;
  if payment is null then
    raise exception 'claim % is for a biller and pays no bill', new.id
      using errcode = 'check_violation', constraint = 'claim_of_biller_pays_a_bill';
  end if;
  perform check_bill_payment_claim(payment);
  return null;
end $$;
create constraint trigger bill_payments_match_claim after insert or update on bill_payments
  deferrable initially deferred for each row execute function check_bill_payment_row();
create constraint trigger claims_match_bill_payment after insert or update on claims
  deferrable initially deferred for each row when (new.biller_id is not null) execute function check_claim_of_bill();

-- What is told and asked about bills goes out as every callback does.
alter table callbacks drop constraint callbacks_kind_check;
alter table callbacks add constraint callbacks_kind_check
  check (kind in ('batch', 'command', 'redemption', 'bill-inquiry', 'bill-question', 'bill-payment', 'bill-advice',
    'rtp-request', 'rtp-update', 'rtp-status'));
