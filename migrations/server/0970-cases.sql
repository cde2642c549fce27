-- why: queries and complaints of beneficiaries and disputes of partners have an owner, a deadline and a history that stays
-- expands: tables that the version before does not read

create table cases (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('query', 'complaint', 'dispute')),
  channel text not null check (channel in ('telephone', 'visit', 'letter', 'message', 'partner')),
  -- What it is about, where that is known; a case is opened before anybody has found the voucher.
  subject_kind text check (subject_kind in ('voucher', 'payee', 'merchant', 'bill', 'batch', 'operation')),
  subject text check (length(subject) between 1 and 200),
  asked text not null check (length(asked) between 3 and 2000),
  state text not null check (state in ('open', 'inProgress', 'waiting', 'resolved', 'rejected', 'reopened')),
  owner text check (length(owner) between 1 and 100),
  deadline timestamptz not null,
  opened_by text not null check (length(opened_by) between 1 and 100),
  opened_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  check ((subject_kind is null) = (subject is null)),
  constraint case_ends_when_decided check ((state in ('resolved', 'rejected')) = (ended_at is not null)),
  constraint case_is_worked_by_somebody check (state in ('open', 'reopened') or owner is not null)
);
create index cases_not_ended on cases (deadline) where ended_at is null;

create table case_history (
  id bigint generated always as identity primary key,
  case_id bigint not null references cases,
  at timestamptz not null default clock_timestamp(),
  by_name text not null check (length(by_name) between 1 and 100),
  act text not null check (act in ('open', 'assign', 'start', 'wait', 'note', 'resolve', 'reject', 'reopen')),
  state text not null,
  owner text,
  deadline timestamptz not null,
  text text check (length(text) between 3 and 2000)
);
create index case_history_of_case on case_history (case_id, id);
create trigger case_history_append_only before update or delete or truncate on case_history
  for each statement execute function refuse_change();

create function guard_case() returns trigger language plpgsql as $$
begin
  if (new.id, new.kind, new.channel, new.subject_kind, new.subject, new.asked, new.opened_by, new.opened_at)
    is distinct from (old.id, old.kind, old.channel, old.subject_kind, old.subject, old.asked, old.opened_by, old.opened_at) then
    raise exception 'what case % was opened with stays', old.id
      using errcode = 'check_violation', constraint = 'case_stays_what_it_was_opened_with';
  end if;
  if old.ended_at is not null and new.state not in (old.state, 'reopened') then
    raise exception 'case % is decided, and is reopened first', old.id
      using errcode = 'check_violation', constraint = 'case_is_reopened_first';
  end if;
  return new;
end $$;
create trigger cases_guard before update on cases for each row execute function guard_case();
create trigger cases_kept before delete or truncate on cases for each statement execute function refuse_change();
