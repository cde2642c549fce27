-- why: bulk disbursement: batches of credit instructions that two people release and a payer bank authorises

-- Banks that keep an agency's money and say whether it covers a batch; each calls with a token of its own.
create table payer_banks (
  institution_id text primary key references institutions,
  url text not null
);

-- How an institution disburses. Without a payer bank its money lies in our own ledger.
create table disbursement_terms (
  institution_id text primary key references institutions,
  payer_bank text references payer_banks,
  payer_identifier text not null check (length(payer_identifier) between 1 and 20),
  -- calling code that a phone number without one is given, such as 254
  country_code text check (country_code ~ '^[1-9][0-9]{0,2}$'),
  -- of the vouchers for payees who are paid by voucher
  voucher_group text references voucher_groups,
  -- within which the same payment to the same payee is a duplicate
  duplicate_days int not null default 20 check (duplicate_days between 0 and 365),
  most_failed_percent int default 10 check (most_failed_percent between 1 and 100)
);

-- What a payment costs the agency: a fixed part and a share of the amount.
create table disbursement_fees (
  institution_id text not null references disbursement_terms,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  fixed_minor bigint not null check (fixed_minor >= 0),
  basis_points int not null check (basis_points between 0 and 10000),
  primary key (institution_id, currency)
);

-- Who may approve an institution's batches. Two people make one: a key is what an approval is believed for.
create table batch_signatories (
  institution_id text not null references institutions,
  name text not null check (length(name) between 1 and 50),
  public_key bytea not null check (length(public_key) = 32),
  proposed_by text not null,
  proposed_at timestamptz not null default clock_timestamp(),
  approved_by text check (approved_by <> proposed_by),
  approved_at timestamptz,
  primary key (institution_id, name),
  check ((approved_by is null) = (approved_at is null))
);

create table disbursement_batches (
  id bigint generated always as identity primary key,
  -- the id that everybody else knows it by
  batch_id text not null unique check (length(batch_id) between 1 and 50),
  institution_id text not null references disbursement_terms,
  -- the id that the sender gave it, where it gave one
  external_id text,
  source text not null check (source in ('json', 'csv', 'pain.001', '1.0')),
  -- of the request or message, as the sender wrote it
  request_id text not null,
  program_id text,
  callback_url text,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  total_count int not null check (total_count > 0),
  total_minor bigint not null check (total_minor > 0),
  -- of what is paid to whom; this is what the approver signs
  content_hash bytea not null check (length(content_hash) = 32),
  submitted_by text not null,
  state text not null default 'received' check (state in ('received', 'authorising', 'scheduled', 'running', 'paused',
    'halted', 'ending', 'settled', 'reauthorising', 'rejected', 'unfunded', 'cancelled')),
  state_reason text,
  execute_at timestamptz,
  after_batch bigint references disbursement_batches check (after_batch < id),
  most_failed_percent int check (most_failed_percent between 1 and 100),
  -- what had failed and was paid when a person let it go on: the rate is judged from there
  judged_from_failed int not null default 0,
  judged_from_paid int not null default 0,
  approved_by text,
  approved_at timestamptz,
  approval_key bytea,
  approval_signature bytea,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  settled_at timestamptz,
  unique (id, institution_id),
  unique (institution_id, external_id),
  constraint approved_by_another check (approved_by <> submitted_by),
  constraint approval_is_whole check (num_nulls(approved_by, approved_at, approval_key, approval_signature) in (0, 4)),
  constraint nothing_goes_unapproved check (approved_by is not null or state in ('received', 'rejected', 'cancelled'))
);
create index disbursement_batches_of on disbursement_batches (institution_id, id);
create index disbursement_followers on disbursement_batches (after_batch) where state = 'scheduled';

create function guard_disbursement_batch() returns trigger language plpgsql as $$
begin
  if (new.batch_id, new.institution_id, new.currency, new.total_count, new.total_minor, new.content_hash, new.submitted_by)
    is distinct from
    (old.batch_id, old.institution_id, old.currency, old.total_count, old.total_minor, old.content_hash, old.submitted_by)
    or (old.approved_by is not null and
      (new.approved_by, new.approved_at, new.approval_key, new.approval_signature) is distinct from
      (old.approved_by, old.approved_at, old.approval_key, old.approval_signature)) then
    raise exception 'what was accepted and approved of batch % stays what it is', old.batch_id
      using errcode = 'check_violation', constraint = 'batch_content_is_final';
  end if;
  return new;
end $$;
create trigger disbursement_batches_guard before update on disbursement_batches
  for each row execute function guard_disbursement_batch();
create trigger disbursement_batches_kept before delete or truncate on disbursement_batches
  for each statement execute function refuse_change();

create table credit_instructions (
  batch bigint not null references disbursement_batches,
  line int not null check (line > 0),
  -- the institution, while the id counts as used: among these it is used once
  unique_for text,
  instruction_id text not null check (length(instruction_id) between 1 and 35),
  -- whom the mapper is asked for, or where the sender said that the money goes
  payee_identity text check (length(payee_identity) between 1 and 20),
  address_kind text check (address_kind in ('iban', 'account', 'msisdn', 'wallet', 'proxy')),
  -- sealed under a key of the server: a database alone tells nobody's account
  address_sealed bytea,
  institution_code text check (length(institution_code) between 1 and 11),
  -- blind index of the payee, by which its payments are found
  payee_index bytea not null,
  payment_mode text not null,
  payer_party text,
  amount_minor bigint not null check (amount_minor > 0),
  -- what the payment costs the agency, on top of the amount, as agreed when it was accepted
  fee_minor bigint not null check (fee_minor between 0 and amount_minor),
  narration text not null,
  -- keyed hash of payee, amount, currency and narration: what makes two payments the same
  fingerprint bytea not null,
  corrections text[] not null default '{}',
  state text not null default 'waiting'
    check (state in ('waiting', 'sent', 'unknown', 'paid', 'failed', 'cancelled')),
  primary key (batch, line),
  foreign key (batch, unique_for) references disbursement_batches (id, institution_id),
  constraint payee_or_address check (num_nonnulls(payee_identity, address_sealed) >= 1),
  constraint address_is_whole check ((address_kind is null) = (address_sealed is null))
);
create unique index instruction_used_once on credit_instructions (unique_for, instruction_id)
  where unique_for is not null;
create index credit_instructions_same on credit_instructions (fingerprint);
create index credit_instructions_by_payee on credit_instructions (payee_index);

-- What the sender of a batch is told at a step of it (the status push), as the batch stood then.
create table disbursement_reports (
  id bigint generated always as identity primary key,
  batch bigint not null references disbursement_batches,
  at timestamptz not null default clock_timestamp(),
  note text not null check (length(note) between 1 and 200),
  ongoing int not null,
  failed int not null,
  completed int not null,
  ongoing_minor bigint not null,
  failed_minor bigint not null,
  completed_minor bigint not null
);
create index disbursement_reports_of on disbursement_reports (batch, id);
create trigger disbursement_reports_append_only before update or delete or truncate on disbursement_reports
  for each statement execute function refuse_change();

-- The kinds are the code's; what is no kind has no composer there.
alter table callbacks drop constraint callbacks_kind_check;
alter table callbacks add constraint callbacks_kind_check check (kind ~ '^[a-z][a-z-]*$');
