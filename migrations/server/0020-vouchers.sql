-- why: vouchers, their leases and the claims on them; P1 (a voucher's funding is debited at most once) as constraints

create sequence voucher_serials as bigint minvalue 1 start 1;

-- A request to create vouchers, kept whole before it is answered; a worker works through its instructions.
create table voucher_batches (
  id bigint generated always as identity primary key,
  institution_id text not null references institutions,
  batch_id text not null,
  request_id text not null,
  program_id text not null,
  callback_url text not null,
  created_at timestamptz not null default clock_timestamp(),
  completed_at timestamptz,
  unique (institution_id, batch_id)
);

create table voucher_instructions (
  batch bigint not null references voucher_batches,
  line int not null,
  instruction_id text not null,
  group_code text not null,
  currency text not null,
  -- major units, as the caller wrote them
  amount text not null,
  payee_functional_id text,
  narration text not null default '',
  failure_reason text,
  primary key (batch, line)
);

create table vouchers (
  serial bigint primary key check (serial between 1 and 9007199254740991),
  batch bigint not null,
  line int not null,
  group_code text not null references voucher_groups,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  state text not null check (state in ('preActivated', 'activated', 'leased', 'suspended', 'blocked', 'redeeming',
    'consumed', 'cancelled', 'expired', 'purged')),
  pending text check (pending in ('cancel', 'suspend', 'block', 'expire')),
  -- what the journal holds reserved for this voucher; only the journal changes it
  reserved_minor bigint not null default 0,
  number_index bytea not null unique,
  number_verifier bytea not null check (length(number_verifier) = 16),
  -- signed at activation, since it holds the expiry
  token text,
  created_at timestamptz not null default clock_timestamp(),
  activated_at timestamptz,
  expires_at timestamptz not null,
  unique (batch, line),
  foreign key (batch, line) references voucher_instructions,
  constraint voucher_debited_once check (reserved_minor >= 0 and reserved_minor <= amount_minor),
  constraint pending_only_while_bound check (pending is null or state in ('leased', 'redeeming'))
);
create index vouchers_by_expiry on vouchers (expires_at) where state in ('preActivated', 'activated', 'leased',
  'suspended', 'redeeming');

alter table journal_lines add foreign key (voucher_serial) references vouchers (serial);

-- the number encrypted for the caller: kept until delivered, then for 7 days, then erased
create table voucher_deliveries (
  serial bigint primary key references vouchers,
  ciphertext text not null check (length(ciphertext) <= 44),
  delivered_at timestamptz
);

-- A command over many vouchers (activate, cancel, …), kept before it is answered; each item gets its own outcome.
create table voucher_commands (
  id bigint generated always as identity primary key,
  institution_id text not null references institutions,
  request_id text not null,
  batch_id text not null,
  command text not null,
  callback_url text not null,
  created_at timestamptz not null default clock_timestamp(),
  completed_at timestamptz
);

create table voucher_command_items (
  command bigint not null references voucher_commands,
  line int not null,
  serial_number text not null,
  lease_to text,
  lease_until timestamptz,
  done boolean not null default false,
  failure_reason text,
  primary key (command, line)
);

create table claims (
  id uuid primary key,
  voucher_serial bigint not null references vouchers,
  merchant_id text not null references merchants,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  offline boolean not null,
  state text not null check (state in ('claimed', 'unknown', 'owed', 'paid', 'released')),
  transaction_id text not null unique check (length(transaction_id) = 12),
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
create unique index one_live_claim on claims (voucher_serial) where state <> 'released';
create index claims_by_voucher on claims (voucher_serial);

create function book_voucher_line() returns trigger language plpgsql as $$
begin
  update vouchers set reserved_minor = reserved_minor + new.amount_minor where serial = new.voucher_serial;
  return null;
end $$;
create trigger journal_lines_book_voucher after insert on journal_lines
  for each row when (new.voucher_serial is not null) execute function book_voucher_line();

create function refuse_direct_reserve() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' and new.reserved_minor <> 0 then
    raise exception 'voucher % must be made before it is funded', new.serial;
  end if;
  if tg_op = 'UPDATE' and new.reserved_minor <> old.reserved_minor and pg_trigger_depth() < 2 then
    raise exception 'the reserve of voucher % is changed through the journal only', new.serial;
  end if;
  if tg_op = 'UPDATE' and (new.amount_minor, new.currency, new.serial) <> (old.amount_minor, old.currency, old.serial) then
    raise exception 'the value of voucher % never changes', new.serial;
  end if;
  return new;
end $$;
create trigger vouchers_through_journal before insert or update on vouchers
  for each row execute function refuse_direct_reserve();

create table nodes (
  id uuid primary key,
  merchant_id text not null references merchants,
  name text not null,
  public_key bytea not null unique check (length(public_key) = 32),
  certificate bytea not null,
  status text not null default 'active' check (status in ('active', 'frozen', 'revoked')),
  last_sequence bigint not null default 0 check (last_sequence >= 0),
  -- hash of the last operation of the chain; of the certificate while there is none
  last_hash bytea not null check (length(last_hash) = 32),
  assertion_counter bigint not null default 0,
  enrolled_at timestamptz not null default clock_timestamp(),
  last_contact_at timestamptz
);

create table leases (
  voucher_serial bigint not null references vouchers,
  epoch_generation int not null,
  epoch_n int not null check (epoch_n > 0),
  node_id uuid not null references nodes,
  not_after timestamptz not null,
  document bytea not null,
  granted_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  closed_by text check (closed_by in ('redeemed', 'released', 'expired')),
  recalled_at timestamptz,
  primary key (voucher_serial, epoch_generation, epoch_n),
  check ((closed_at is null) = (closed_by is null))
);
create unique index one_open_lease on leases (voucher_serial) where closed_at is null;
create index open_leases_by_node on leases (node_id) where closed_at is null;
create index open_leases_by_end on leases (not_after) where closed_at is null;

-- At commit a voucher's state, its reserve, its open lease and its live claim must say the same.
create function check_voucher(wanted bigint) returns void language plpgsql as $$
declare
  v vouchers;
  open_leases int;
  live_claim text;
begin
  select * into strict v from vouchers where serial = wanted;
  select count(*) into open_leases from leases where voucher_serial = wanted and closed_at is null;
  select state into live_claim from claims where voucher_serial = wanted and state <> 'released';
  if v.reserved_minor <> case
      when v.state in ('preActivated', 'activated', 'leased', 'suspended', 'blocked') then v.amount_minor
      else 0 end then
    raise exception 'voucher % is % with % of % reserved', v.serial, v.state, v.reserved_minor, v.amount_minor
      using errcode = 'check_violation', constraint = 'voucher_state_matches_reserve';
  end if;
  if (v.state = 'leased') <> (open_leases = 1) then
    raise exception 'voucher % is % with % open leases', v.serial, v.state, open_leases
      using errcode = 'check_violation', constraint = 'voucher_state_matches_lease';
  end if;
  if case v.state
      when 'redeeming' then live_claim is null or live_claim not in ('claimed', 'unknown')
      when 'consumed' then live_claim is null or live_claim not in ('owed', 'paid')
      when 'purged' then live_claim in ('claimed', 'unknown', 'owed')
      else live_claim is not null end then
    raise exception 'voucher % is % with a claim that is %', v.serial, v.state, live_claim
      using errcode = 'check_violation', constraint = 'voucher_state_matches_claim';
  end if;
end $$;

create function check_voucher_row() returns trigger language plpgsql as $$
begin
  perform check_voucher(new.serial);
  return null;
end $$;
create function check_bound_voucher() returns trigger language plpgsql as $$
begin
  perform check_voucher(new.voucher_serial);
  return null;
end $$;
create constraint trigger vouchers_consistent after insert or update on vouchers
  deferrable initially deferred for each row execute function check_voucher_row();
create constraint trigger leases_consistent after insert or update on leases
  deferrable initially deferred for each row execute function check_bound_voucher();
create constraint trigger claims_consistent after insert or update on claims
  deferrable initially deferred for each row execute function check_bound_voucher();
