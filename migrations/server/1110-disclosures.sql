-- why: what is kept of a payee's addresses is shown in clear to operators only where two people have said so, for a reason and a day

create table disclosures (
  id bigint generated always as identity primary key,
  payee bigint not null references payees,
  because text not null check (length(because) between 1 and 500),
  proposed_by text not null check (length(proposed_by) between 1 and 100),
  proposed_at timestamptz not null default clock_timestamp(),
  outcome text check (outcome in ('released', 'withdrawn')),
  ended_by text,
  ended_at timestamptz,
  check ((outcome is null) = (ended_by is null) and (outcome is null) = (ended_at is null)),
  constraint disclosure_takes_two check (outcome <> 'released' or ended_by <> proposed_by)
);
create index open_disclosures on disclosures (id) where outcome is null;

create function guard_disclosure() returns trigger language plpgsql as $$
begin
  if old.outcome is not null or (new.id, new.payee, new.because, new.proposed_by, new.proposed_at)
    is distinct from (old.id, old.payee, old.because, old.proposed_by, old.proposed_at) then
    raise exception 'disclosure % stays what it is', old.id
      using errcode = 'check_violation', constraint = 'disclosure_is_final';
  end if;
  return new;
end $$;
create trigger disclosures_guard before update on disclosures for each row execute function guard_disclosure();
create trigger disclosures_kept before delete or truncate on disclosures
  for each statement execute function refuse_change();
