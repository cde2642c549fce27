-- why: a credit that a provider has refused is tried again as a new one, under its own key; what a payout waits for is kept

-- A credit by a provider outside of this database. Its row is committed before it is sent: from then on its outcome is
-- asked for, and it is never sent again blindly.
create table payout_attempts (
  claim_id uuid not null references claims,
  n int not null check (n > 0),
  started_at timestamptz not null default clock_timestamp(),
  outcome text check (outcome in ('paid', 'failed')),
  ended_at timestamptz,
  primary key (claim_id, n),
  check ((outcome is null) = (ended_at is null))
);
-- A claim has another credit only after the last one is known to have failed.
create unique index one_credit_at_a_time on payout_attempts (claim_id) where outcome is distinct from 'failed';

insert into payout_attempts (claim_id, n, started_at, outcome, ended_at)
  select id, 1, sent_at, case state when 'paid' then 'paid' when 'released' then 'failed' end, ended_at
  from claims where sent_at is not null;

create function guard_payout_attempt() returns trigger language plpgsql as $$
begin
  if (new.claim_id, new.n, new.started_at) <> (old.claim_id, old.n, old.started_at)
    or (old.outcome is not null and (new.outcome, new.ended_at) <> (old.outcome, old.ended_at)) then
    raise exception 'credit % of claim % stays what it is', old.n, old.claim_id
      using errcode = 'check_violation', constraint = 'credit_ends_once';
  end if;
  return new;
end $$;
create trigger payout_attempts_guard before update on payout_attempts
  for each row execute function guard_payout_attempt();
create trigger payout_attempts_kept before delete or truncate on payout_attempts
  for each statement execute function refuse_change();

create or replace function guard_claim_terms() returns trigger language plpgsql as $$
begin
  if (new.fsp_id, new.fee_minor, new.created_at) is distinct from (old.fsp_id, old.fee_minor, old.created_at)
    or (old.liquidity_held and not new.liquidity_held) then
    raise exception 'the terms of claim % stay what they are', old.id
      using errcode = 'check_violation', constraint = 'claim_terms_are_final';
  end if;
  return new;
end $$;

alter table claims
  drop column sent_at,
  -- why the last try did not pay, as the provider or we say it
  add column last_failure text;

-- At commit a claim and its credits must say the same: none is under way or paid when the claim is released (R2), one
-- that was paid has paid the claim, and none was sent without the FSP's liquidity.
create function check_claim_credits(wanted uuid) returns void language plpgsql as $$
declare
  claim claims;
  credit payout_attempts;
begin
  select * into strict claim from claims where id = wanted;
  select * into credit from payout_attempts where claim_id = wanted and outcome is distinct from 'failed';
  if credit.claim_id is not null
    and (claim.state = 'released' or (claim.state = 'paid') <> (credit.outcome is not distinct from 'paid')) then
    raise exception 'claim % is % with a credit that is %', wanted, claim.state, coalesce(credit.outcome, 'under way')
      using errcode = 'check_violation', constraint = 'claim_matches_credit';
  end if;
  if claim.fsp_id is not null and not claim.liquidity_held
    and exists (select from payout_attempts where claim_id = wanted) then
    raise exception 'a credit for claim % is without the liquidity of %', wanted, claim.fsp_id
      using errcode = 'check_violation', constraint = 'credit_has_liquidity';
  end if;
end $$;

create function check_credited_claim() returns trigger language plpgsql as $$
begin
  perform check_claim_credits(new.id);
  return null;
end $$;
create function check_credit_of_claim() returns trigger language plpgsql as $$
begin
  perform check_claim_credits(new.claim_id);
  return null;
end $$;
create constraint trigger claims_match_credits after update on claims
  deferrable initially deferred for each row execute function check_credited_claim();
create constraint trigger payout_attempts_match_claim after insert or update on payout_attempts
  deferrable initially deferred for each row execute function check_credit_of_claim();
