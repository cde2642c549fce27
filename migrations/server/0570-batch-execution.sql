-- why: batches are executed in chunks, each to one receiving institution; every credit is noted before it is sent

create table receiving_institutions (
  id text primary key check (length(id) between 1 and 11),
  name text not null,
  rail text not null check (rail in ('bank', 'non-bank')),
  gateway text not null check (gateway in ('ledger', 'mobile-money', 'bank')),
  url text,
  -- payments that it takes in a second; null where it has no limit
  per_second int check (per_second between 1 and 10000),
  -- until when its pace is used up by chunks that are planned already
  paced_until timestamptz not null default '-infinity',
  constraint gateway_has_url check ((gateway = 'ledger') = (url is null))
);

-- Where addresses of a kind go when the sender named no institution.
create table default_receivers (
  address_kind text primary key check (address_kind in ('iban', 'account', 'msisdn', 'wallet', 'proxy')),
  institution_id text not null references receiving_institutions
);

alter table disbursement_batches
  -- a payee's instructions are paid together
  add column combined boolean not null default false;

alter table disbursement_terms
  -- of receipts to phone numbers whose payee has no contact; null sends none there
  add column receipt_language text check (receipt_language in ('en', 'fr', 'es', 'pt', 'sw', 'ar'));

alter table voucher_batches
  drop constraint voucher_batches_kind_check,
  add constraint voucher_batches_kind_check check (kind ~ '^[a-z-]+$');

create table disbursement_chunks (
  batch bigint not null references disbursement_batches,
  n int not null check (n > 0),
  -- null where the payees get vouchers
  institution_id text references receiving_institutions,
  voucher_batch bigint references voucher_batches,
  planned_at timestamptz not null default clock_timestamp(),
  primary key (batch, n),
  constraint chunk_goes_one_way check (num_nonnulls(institution_id, voucher_batch) = 1)
);
create index disbursement_chunks_of_vouchers on disbursement_chunks (voucher_batch) where voucher_batch is not null;

alter table credit_instructions
  -- the line whose credit pays this one too; null for its own
  add column paid_with int,
  add column rail text check (rail in ('bank', 'non-bank', 'voucher')),
  add column chunk int,
  -- where it is paid, as the mapper or the sender said when it was planned
  add column paid_to_kind text,
  add column paid_to_sealed bytea,
  -- why it is where it is: a code of ISO 20022 and words
  add column reason_code text,
  add column reason text,
  add column ended_at timestamptz,
  -- of the receipt
  add column transaction_id text,
  add column voucher_serial bigint,
  add foreign key (batch, chunk) references disbursement_chunks (batch, n),
  add constraint planned_whole check ((chunk is null) = (rail is null)),
  add constraint nothing_is_sent_unplanned check (chunk is not null or state in ('waiting', 'failed', 'cancelled'));
create index credit_instructions_open on credit_instructions (batch, chunk)
  where state in ('waiting', 'sent', 'unknown');
create index credit_instructions_paid_with on credit_instructions (batch, paid_with) where paid_with is not null;

-- A credit. Its row is committed before it is sent: from then on its outcome is asked for.
create table credit_attempts (
  batch bigint not null,
  line int not null,
  n int not null check (n > 0),
  -- the provider's idempotency key
  key text not null unique,
  started_at timestamptz not null default clock_timestamp(),
  -- what the provider calls it, as far as it has said so
  reference text,
  outcome text check (outcome in ('paid', 'failed')),
  ended_at timestamptz,
  primary key (batch, line, n),
  foreign key (batch, line) references credit_instructions,
  check ((outcome is null) = (ended_at is null))
);
-- C1, C2: the next credit only once the last is known to have failed.
create unique index one_credit_of_an_instruction on credit_attempts (batch, line) where outcome is distinct from 'failed';

create function guard_credit_attempt() returns trigger language plpgsql as $$
begin
  if (new.batch, new.line, new.n, new.key, new.started_at) <> (old.batch, old.line, old.n, old.key, old.started_at)
    or (old.outcome is not null and (new.outcome, new.ended_at) is distinct from (old.outcome, old.ended_at)) then
    raise exception 'credit % of instruction % stays what it is', old.n, old.line
      using errcode = 'check_violation', constraint = 'credit_of_an_instruction_ends_once';
  end if;
  return new;
end $$;
create trigger credit_attempts_guard before update on credit_attempts
  for each row execute function guard_credit_attempt();
create trigger credit_attempts_kept before delete or truncate on credit_attempts
  for each statement execute function refuse_change();

-- The steps of `core/credit-instruction.machine.ts`; what was asked for never changes.
create function guard_credit_instruction() returns trigger language plpgsql as $$
begin
  if (new.batch, new.line, new.instruction_id, new.amount_minor, new.fee_minor, new.narration) is distinct from
    (old.batch, old.line, old.instruction_id, old.amount_minor, old.fee_minor, old.narration)
    or (new.payee_identity, new.address_kind, new.address_sealed, new.institution_code, new.payee_index) is distinct from
    (old.payee_identity, old.address_kind, old.address_sealed, old.institution_code, old.payee_index) then
    raise exception 'instruction % stays what it is', old.line
      using errcode = 'check_violation', constraint = 'instruction_content_is_final';
  end if;
  if new.state <> old.state and (old.state || ' ' || new.state) not in (
    'waiting sent', 'waiting failed', 'waiting cancelled', 'sent paid', 'sent failed', 'sent unknown', 'unknown paid',
    'unknown failed', 'failed waiting') then
    raise exception 'instruction % does not go from % to %', old.line, old.state, new.state
      using errcode = 'check_violation', constraint = 'instruction_keeps_to_its_machine';
  end if;
  return new;
end $$;
create trigger credit_instructions_guard before update on credit_instructions
  for each row execute function guard_credit_instruction();
create trigger credit_instructions_kept before delete or truncate on credit_instructions
  for each statement execute function refuse_change();

-- An instruction and its credits say the same: whoever changes both changes the credit first.
create function check_instruction_credits() returns trigger language plpgsql as $$
declare
  wrong record;
begin
  select c.batch, c.line, c.state, a.outcome, a.line is not null as credited into wrong
  from changed c
  left join credit_attempts a on a.batch = c.batch and a.line = coalesce(c.paid_with, c.line)
    and a.outcome is distinct from 'failed'
  where c.rail is distinct from 'voucher' and case
    when c.state in ('sent', 'unknown') then a.line is null or a.outcome is not null
    when c.state = 'paid' then a.outcome is distinct from 'paid'
    else a.line is not null end
  limit 1;
  if found then
    raise exception 'instruction % of batch % is % with a credit that is %', wrong.line, wrong.batch, wrong.state,
      case when wrong.credited then coalesce(wrong.outcome, 'under way') else 'not there' end
      using errcode = 'check_violation', constraint = 'instruction_matches_credit';
  end if;
  return null;
end $$;
create trigger credit_instructions_match_credits after update on credit_instructions
  referencing new table as changed for each statement execute function check_instruction_credits();

create table credit_instruction_events (
  id bigint generated always as identity primary key,
  batch bigint not null,
  line int not null,
  at timestamptz not null default clock_timestamp(),
  state text not null,
  reason_code text,
  reason text
);
create index credit_instruction_events_of on credit_instruction_events (batch, line, id);
create trigger credit_instruction_events_append_only before update or delete or truncate on credit_instruction_events
  for each statement execute function refuse_change();

create function note_instruction_events() returns trigger language plpgsql as $$
begin
  insert into credit_instruction_events (batch, line, state, reason_code, reason)
  select now.batch, now.line, now.state, now.reason_code, now.reason
  from now join was on was.batch = now.batch and was.line = now.line where was.state <> now.state
  order by now.line;
  return null;
end $$;
create trigger credit_instructions_history after update on credit_instructions
  referencing old table as was new table as now for each statement execute function note_instruction_events();

alter table notifications drop constraint notifications_kind_check;
alter table notifications add constraint notifications_kind_check check (kind ~ '^[a-z][a-z-]*$');
