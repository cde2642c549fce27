-- why: The audit trail as a chain of hashes (node-server/audit/chain.ts). Writers do not wait for each other: an entry is
-- written with its transaction, and gets its place in the chain from one sealer, within a second of the commit.

-- Entries that have no place yet. A trigger fills it, so that no writer can forget to.
create table audit_unsealed (
  entry_id bigint primary key references audit_entries
);

create table audit_seals (
  position bigint primary key check (position > 0),
  entry_id bigint not null unique references audit_entries,
  hash bytea not null check (octet_length(hash) = 32)
);

create trigger audit_seals_append_only before update or delete or truncate on audit_seals
  for each statement execute function refuse_change();

-- A place leaves no gap, and nothing of the waiting ones is dropped but what has its place.
create function check_seal_follows() returns trigger language plpgsql as $$
declare
  before_it bigint;
begin
  select coalesce(max(s.position), 0) into before_it from audit_seals s where s.position < (select min(position) from added);
  if exists (
    select from (select position, row_number() over (order by position) as n from added) a
    where a.position <> before_it + a.n
  ) then
    raise exception 'the seals do not follow place %', before_it
      using errcode = 'check_violation', constraint = 'audit_seals_follow';
  end if;
  return null;
end $$;

create trigger audit_seals_follow after insert on audit_seals referencing new table as added
  for each statement execute function check_seal_follows();

create function await_seal() returns trigger language plpgsql as $$
begin
  insert into audit_unsealed (entry_id) select id from added;
  return null;
end $$;

create trigger audit_entries_await_seal after insert on audit_entries referencing new table as added
  for each statement execute function await_seal();

create function check_unsealed_has_seal() returns trigger language plpgsql as $$
begin
  if exists (select from removed r where not exists (select from audit_seals s where s.entry_id = r.entry_id)) then
    raise exception 'an entry of the audit trail waits for its place in the chain and is not dropped'
      using errcode = 'check_violation', constraint = 'audit_unsealed_kept';
  end if;
  return null;
end $$;

create trigger audit_unsealed_kept after delete on audit_unsealed referencing old table as removed
  for each statement execute function check_unsealed_has_seal();
create trigger audit_unsealed_append_only before update or truncate on audit_unsealed
  for each statement execute function refuse_change();

-- What was written before there was a chain begins it.
insert into audit_unsealed (entry_id) select id from audit_entries;
