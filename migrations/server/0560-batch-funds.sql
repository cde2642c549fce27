-- why: what a batch needs is authorised by the payer bank, or held out of what the agency keeps in our own ledger

-- agency: what a disbursing institution keeps with us; disbursement: what is held for a batch; payee: what
-- a payee keeps there.
alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check
  check (kind in ('external', 'funding', 'reserved', 'owed', 'merchant', 'fsp', 'fspHeld', 'fspDue', 'fees',
    'guarantee', 'billHeld', 'biller', 'float', 'agency', 'disbursement', 'payee'));

-- A batch is authorised once, and anew for what is retried after it was settled.
create table funds_authorisations (
  batch bigint not null references disbursement_batches,
  n int not null check (n > 0),
  -- of the payments, and of what they cost the agency
  amount_minor bigint not null check (amount_minor > 0),
  fee_minor bigint not null check (fee_minor >= 0),
  -- null where the money lies in our own ledger
  payer_bank text references payer_banks,
  correlation_id text not null unique,
  asked_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  last_error text,
  answer text check (answer in ('Y', 'N')),
  reason text,
  answered_at timestamptz,
  primary key (batch, n),
  check ((answer is null) = (answered_at is null))
);
-- The next is asked for only once the last is answered.
create unique index one_open_authorisation on funds_authorisations (batch) where answer is null;

create function guard_funds_authorisation() returns trigger language plpgsql as $$
begin
  if (new.batch, new.n, new.amount_minor, new.fee_minor, new.payer_bank, new.correlation_id, new.asked_at)
    is distinct from (old.batch, old.n, old.amount_minor, old.fee_minor, old.payer_bank, old.correlation_id, old.asked_at)
    or (old.answer is not null and new is distinct from old) then
    raise exception 'authorisation % of batch % stays what it is', old.n, old.batch
      using errcode = 'check_violation', constraint = 'authorisation_is_answered_once';
  end if;
  return new;
end $$;
create trigger funds_authorisations_guard before update on funds_authorisations
  for each row execute function guard_funds_authorisation();
create trigger funds_authorisations_kept before delete or truncate on funds_authorisations
  for each statement execute function refuse_change();

-- What others ask us as the payer bank of theirs, and what they are told.
create table funds_questions (
  id bigint generated always as identity primary key,
  institution_id text not null references institutions,
  request_id text not null,
  batch_id text not null,
  payer_identifier text not null,
  currency text not null,
  amount_minor bigint not null,
  answer text not null check (answer in ('Y', 'N')),
  reason text not null,
  callback_url text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (institution_id, request_id)
);
