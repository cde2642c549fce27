-- why: the account mapper: payees of an institution, their tokenised addresses with one preferred, and their whole history

create table payees (
  id bigint generated always as identity primary key,
  institution_id text not null references institutions,
  payee_identity text not null check (char_length(payee_identity) between 1 and 20),
  -- which nodes may look the payee up offline
  program_id text check (char_length(program_id) between 1 and 20),
  area text check (char_length(area) between 1 and 50),
  state text not null check (state in ('active', 'inactive', 'unlinked')),
  -- the number of the preferred address: a single column, so there is never more than one
  preferred int,
  -- the highest number of an address that the payee ever had
  last_n int not null default 0 check (last_n >= 0),
  -- how many entries its history has
  version int not null check (version > 0),
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  unique (institution_id, payee_identity),
  constraint unlinked_has_no_address check (state <> 'unlinked' or preferred is null)
);
create index payees_by_area on payees (program_id, area) where program_id is not null;

create table payee_addresses (
  payee bigint not null references payees,
  n int not null check (n > 0),
  modality text not null check (modality in ('00', '01', '02', '03', '04')),
  institution_code text check (char_length(institution_code) between 1 and 11),
  -- the address sealed under a key of the key folder, and the keyed index by which the same address is found
  address_token bytea,
  address_index bytea check (length(address_index) = 32),
  active boolean not null,
  primary key (payee, n),
  constraint address_is_found_by_its_index check ((address_token is null) = (address_index is null)),
  constraint only_a_voucher_needs_no_address check (address_token is not null or modality = '02')
);
create index payee_addresses_by_index on payee_addresses (address_index) where address_index is not null;

alter table payees add constraint preferred_is_an_address foreign key (id, preferred)
  references payee_addresses (payee, n) deferrable initially deferred;

-- B1: where a payee has an address, one is preferred, an active one if any is.
create function check_preferred_addresses() returns trigger language plpgsql as $$
begin
  if exists (
    select from changed c join payees p on p.id = c.payee
    left join payee_addresses chosen on chosen.payee = p.id and chosen.n = p.preferred
    where chosen.n is null or not chosen.active
      and exists (select from payee_addresses other where other.payee = p.id and other.active)
  ) then
    raise exception 'a payee has addresses and no usable one is preferred'
      using errcode = 'check_violation', constraint = 'one_address_is_preferred';
  end if;
  return null;
end $$;
create trigger payee_addresses_added after insert on payee_addresses referencing new table as changed
  for each statement execute function check_preferred_addresses();
create trigger payee_addresses_changed after update on payee_addresses referencing new table as changed
  for each statement execute function check_preferred_addresses();

create function guard_payee() returns trigger language plpgsql as $$
begin
  if new.preferred is null and old.preferred is not null and new.state <> 'unlinked' then
    raise exception 'payee % keeps a preferred address', old.id
      using errcode = 'check_violation', constraint = 'one_address_is_preferred';
  end if;
  if new.institution_id <> old.institution_id or new.payee_identity <> old.payee_identity then
    raise exception 'payee % keeps its identity', old.id
      using errcode = 'check_violation', constraint = 'payee_identity_is_fixed';
  end if;
  if new.version <= old.version then
    raise exception 'payee % changes without an entry in its history', old.id
      using errcode = 'check_violation', constraint = 'payee_change_is_in_history';
  end if;
  return new;
end $$;
create trigger payees_guard before update on payees for each row execute function guard_payee();

-- One entry for each change: how the payee stands since, and the address that was added or changed as it is since.
create table payee_history (
  payee bigint not null references payees,
  version int not null check (version > 0),
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  -- the request, operation or decision that it came of
  cause text not null,
  change text not null check (change in ('REGISTER', 'ADD_ADDRESS', 'UPDATE_ADDRESS', 'ACTIVATE', 'DEACTIVATE', 'UNLINK')),
  state text not null check (state in ('active', 'inactive', 'unlinked')),
  preferred int,
  n int,
  modality text,
  institution_code text,
  address_token bytea,
  active boolean,
  primary key (payee, version),
  constraint touched_address_is_whole check ((n is null) = (modality is null) and (n is null) = (active is null))
);
create trigger payee_history_append_only before update or delete or truncate on payee_history
  for each statement execute function refuse_change();
alter table payees add constraint payee_change_is_told foreign key (id, version)
  references payee_history (payee, version) deferrable initially deferred;
