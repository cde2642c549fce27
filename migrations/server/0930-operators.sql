-- why: Operators of the console sign in as themselves: with a local account, or by an OpenID Connect provider. What opens a
-- session is never kept, only its hash.

create table operators (
  id bigint generated always as identity primary key,
  -- what the audit trail and every "somebody else must approve" know them by; never used for another person
  name text not null check (length(name) between 1 and 60),
  roles text[] not null check (cardinality(roles) > 0),
  -- of an outside party: whose data they see
  party_id text,
  source text not null check (source in ('local', 'oidc')),
  created_at timestamptz not null default clock_timestamp(),
  disabled_at timestamptz,
  -- local accounts
  password_hash text,
  -- sealed by the server
  totp_secret bytea,
  -- the last code that was used: none is taken twice
  totp_step bigint not null default 0,
  -- until then a one-time password is good, and the person chooses their own
  invited_until timestamptz,
  failures int not null default 0 check (failures >= 0),
  locked_until timestamptz,
  -- accounts of a provider
  issuer text,
  subject text,
  check (case source
    when 'local' then password_hash is not null and totp_secret is not null and issuer is null and subject is null
    else password_hash is null and totp_secret is null and issuer is not null and subject is not null end),
  -- an outside party is nothing else, and is always one party
  check ((roles && array['fsp', 'biller', 'merchant']) = (party_id is not null)),
  check (party_id is null or cardinality(roles) = 1)
);
-- Two people whose names differ in their case only would be one for whoever reads the audit trail.
create unique index one_operator_a_name on operators (lower(name));
create unique index one_operator_a_subject on operators (issuer, subject) where source = 'oidc';

create function guard_operator() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'operators are disabled, never deleted: the audit trail names them'
      using errcode = 'check_violation', constraint = 'operators_kept';
  end if;
  if (new.id, new.name, new.source, new.issuer, new.subject, new.created_at)
    is distinct from (old.id, old.name, old.source, old.issuer, old.subject, old.created_at) then
    raise exception 'an operator stays the same person'
      using errcode = 'check_violation', constraint = 'operators_same_person';
  end if;
  return new;
end $$;
create trigger operators_guarded before update or delete on operators for each row execute function guard_operator();

create table operator_sessions (
  id_hash bytea primary key check (length(id_hash) = 32),
  operator_id bigint not null references operators,
  opened_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  -- the address that it was opened from
  opened_from text not null
);
create index operator_sessions_by_operator on operator_sessions (operator_id);
create index operator_sessions_by_end on operator_sessions (expires_at);

-- What the overview counts by day.
create index claims_by_time on claims (created_at);
