-- why: what the server signs with is replaced while it runs, and what was signed before stays good until nothing depends on it
-- expands: two tables, and a column that may be empty

-- Number 1 is the key of the first start. A key moves from next to current, old and retired, and never back.
create table signing_keys (
  kind text not null,
  number integer not null check (number >= 1),
  public_key bytea not null check (length(public_key) = 32),
  state text not null check (state in ('next', 'current', 'old', 'retired')),
  prepared_by text,
  prepared_at timestamptz not null default clock_timestamp(),
  activated_by text,
  activated_at timestamptz,
  replaced_at timestamptz,
  retired_by text,
  retired_at timestamptz,
  retired_because text,
  primary key (kind, number),
  unique (kind, public_key),
  constraint key_change_takes_two check (activated_by <> prepared_by),
  check ((state = 'next') = (activated_at is null)),
  check ((state in ('old', 'retired')) = (replaced_at is not null)),
  check ((state = 'retired') = (retired_at is not null and retired_by is not null))
);
create unique index next_signing_keys on signing_keys (kind) where state = 'next';
create unique index current_signing_keys on signing_keys (kind) where state = 'current';

insert into signing_keys (kind, number, public_key, state, prepared_at, activated_at)
  select kind, 1, public_key, 'current', created_at, created_at from server_keys where kind <> 'box';

create function guard_signing_key() returns trigger language plpgsql as $$
begin
  if (new.kind, new.number, new.public_key) is distinct from (old.kind, old.number, old.public_key)
    or array_position(array['next', 'current', 'old', 'retired'], new.state)
      < array_position(array['next', 'current', 'old', 'retired'], old.state) then
    raise exception 'key % % does not go back', old.kind, old.number
      using errcode = 'check_violation', constraint = 'signing_key_goes_forward';
  end if;
  return new;
end $$;
create trigger signing_keys_guard before update on signing_keys for each row execute function guard_signing_key();
create trigger signing_keys_kept before delete or truncate on signing_keys
  for each statement execute function refuse_change();

-- Every key set that nodes were ever told: one that was away follows them from the one that it has.
create table key_sets (
  version integer primary key check (version >= 1),
  document bytea not null,
  published_at timestamptz not null default clock_timestamp()
);
create trigger key_sets_kept before update or delete or truncate on key_sets
  for each statement execute function refuse_change();

-- The key that salted the verifier of the number and signs the token; null for the installation's first.
alter table vouchers add column token_key_id bytea;
