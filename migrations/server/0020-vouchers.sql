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
  unique (institution_id, batch_id),
  unique (institution_id, request_id)
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
  -- set with the voucher, so that the next instruction to work on is found at once, also in a large batch
  made boolean not null default false,
  failure_reason text,
  primary key (batch, line),
  constraint instruction_has_one_outcome check (not made or failure_reason is null)
);
create index open_instructions on voucher_instructions (batch, line) where not made and failure_reason is null;

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

create function mark_instructions_made() returns trigger language plpgsql as $$
begin
  update voucher_instructions i set made = true from added where i.batch = added.batch and i.line = added.line;
  return null;
end $$;
create trigger vouchers_make_instructions after insert on vouchers referencing new table as added
  for each statement execute function mark_instructions_made();

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
  completed_at timestamptz,
  unique (institution_id, command, request_id)
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
create index open_command_items on voucher_command_items (command, line) where not done;

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

-- A reserve is made of its vouchers' money: every line of a `reserved` account names the voucher, of the account's
-- group and currency, and no other line names one.
create function book_voucher_lines() returns trigger language plpgsql as $$
begin
  if exists (
    select from added join accounts a on a.id = added.account_id left join vouchers v on v.serial = added.voucher_serial
    where case when a.kind = 'reserved' then v.serial is null or a.owner <> v.group_code or a.currency <> v.currency
      else added.voucher_serial is not null end
  ) then
    raise exception 'a journal line must name the voucher whose reserve it moves, and no other may name one'
      using errcode = 'check_violation', constraint = 'reserve_names_its_voucher';
  end if;
  update vouchers set reserved_minor = reserved_minor + moved.amount
    from (
      select voucher_serial, sum(amount_minor)::bigint as amount from added
      where voucher_serial is not null group by voucher_serial
    ) as moved
    where vouchers.serial = moved.voucher_serial;
  return null;
end $$;
create trigger journal_lines_book_voucher after insert on journal_lines referencing new table as added
  for each statement execute function book_voucher_lines();

create function guard_voucher() returns trigger language plpgsql as $$
begin
  if (tg_op = 'INSERT' and new.reserved_minor <> 0)
    or (tg_op = 'UPDATE' and new.reserved_minor <> old.reserved_minor and pg_trigger_depth() < 2) then
    raise exception 'the reserve of voucher % is changed through the journal only', new.serial
      using errcode = 'check_violation', constraint = 'vouchers_through_journal';
  end if;
  if tg_op = 'UPDATE' and (new.serial, new.batch, new.line, new.group_code, new.amount_minor, new.currency)
    <> (old.serial, old.batch, old.line, old.group_code, old.amount_minor, old.currency) then
    raise exception 'the value of voucher % never changes', new.serial
      using errcode = 'check_violation', constraint = 'voucher_value_is_fixed';
  end if;
  if tg_op = 'UPDATE' and new.state <> old.state
    and (old.state = 'purged' or (old.state = 'consumed' and new.state <> 'purged')) then
    raise exception 'voucher % is % for good', new.serial, old.state
      using errcode = 'check_violation', constraint = 'voucher_consumed_once';
  end if;
  return new;
end $$;
create trigger vouchers_guard before insert or update on vouchers
  for each row execute function guard_voucher();

-- A paid claim stays paid, and a released one is never paid (R1).
create function guard_claim() returns trigger language plpgsql as $$
begin
  if (new.id, new.voucher_serial, new.merchant_id, new.amount_minor, new.currency, new.offline, new.transaction_id)
    <> (old.id, old.voucher_serial, old.merchant_id, old.amount_minor, old.currency, old.offline, old.transaction_id)
    or (old.state in ('paid', 'released') and new.state <> old.state) then
    raise exception 'claim % is % and stays what it is', old.id, old.state
      using errcode = 'check_violation', constraint = 'claim_is_final';
  end if;
  return new;
end $$;
create trigger claims_guard before update on claims for each row execute function guard_claim();

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

-- A lease says the same until it closes, and closes once.
create function guard_lease() returns trigger language plpgsql as $$
begin
  if (new.voucher_serial, new.epoch_generation, new.epoch_n, new.node_id, new.not_after, new.document)
    <> (old.voucher_serial, old.epoch_generation, old.epoch_n, old.node_id, old.not_after, old.document)
    or (old.closed_at is not null and (new.closed_at, new.closed_by) is distinct from (old.closed_at, old.closed_by))
  then
    raise exception 'lease %.% of voucher % stays what it is', old.epoch_generation, old.epoch_n, old.voucher_serial
      using errcode = 'check_violation', constraint = 'lease_closes_once';
  end if;
  return new;
end $$;
create trigger leases_guard before update on leases for each row execute function guard_lease();

-- What was once issued, leased or claimed is kept: a deleted claim would let its voucher be claimed again.
create trigger vouchers_kept before delete or truncate on vouchers
  for each statement execute function refuse_change();
create trigger claims_kept before delete or truncate on claims
  for each statement execute function refuse_change();
create trigger leases_kept before delete or truncate on leases
  for each statement execute function refuse_change();

-- At commit a voucher's state, its reserve, its open lease and its live claim must say the same.
create function check_voucher(wanted bigint) returns void language plpgsql as $$
declare
  v vouchers;
  open_leases int;
  lease_end timestamptz;
  claim claims;
begin
  select * into strict v from vouchers where serial = wanted;
  select count(*), max(not_after) into open_leases, lease_end
    from leases where voucher_serial = wanted and closed_at is null;
  select * into claim from claims where voucher_serial = wanted and state <> 'released';
  -- The parentheses keep the THEN of a CASE from ending the condition.
  if v.reserved_minor <> (case
      when v.state in ('preActivated', 'activated', 'leased', 'suspended', 'blocked') then v.amount_minor
      else 0 end) then
    raise exception 'voucher % is % with % of % reserved', v.serial, v.state, v.reserved_minor, v.amount_minor
      using errcode = 'check_violation', constraint = 'voucher_state_matches_reserve';
  end if;
  if (v.state = 'leased') <> (open_leases = 1) then
    raise exception 'voucher % is % with % open leases', v.serial, v.state, open_leases
      using errcode = 'check_violation', constraint = 'voucher_state_matches_lease';
  end if;
  if lease_end > v.expires_at then
    raise exception 'the lease of voucher % outlasts it', v.serial
      using errcode = 'check_violation', constraint = 'lease_within_validity';
  end if;
  if (case v.state
      when 'redeeming' then claim.state is null or claim.state not in ('claimed', 'unknown')
      when 'consumed' then claim.state is null or claim.state not in ('owed', 'paid')
      when 'purged' then claim.state in ('claimed', 'unknown', 'owed')
      else claim.state is not null end) then
    raise exception 'voucher % is % with a claim that is %', v.serial, v.state, claim.state
      using errcode = 'check_violation', constraint = 'voucher_state_matches_claim';
  end if;
  if (claim.amount_minor, claim.currency) <> (v.amount_minor, v.currency) then
    raise exception 'the claim on voucher % is not of its value', v.serial
      using errcode = 'check_violation', constraint = 'claim_matches_voucher';
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
