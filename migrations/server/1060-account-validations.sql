-- why: accounts that a payer bank keeps are validated by that bank, which answers later; what it was asked and said is kept

alter table mapper_requests drop constraint mapper_requests_action_check,
  add constraint mapper_requests_action_check check (action in ('register', 'update', 'add-address', 'update-address',
    'unlink', 'look-up', 'resolve', 'txn-status', 'validate-payees', 'validate-addresses', 'validate-at-bank'));

create table account_validations (
  request bigint primary key references mapper_requests,
  bank text not null references payer_banks,
  correlation_id text not null unique,
  -- what the bank is told of each payment beside its account, by the line of the request
  terms jsonb not null,
  asked_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  last_error text,
  -- refused: the bank does not take such a question; silent: no answer came in time; late: it came after that
  outcome text check (outcome in ('answered', 'refused', 'silent', 'late')),
  ended_at timestamptz,
  check ((outcome is null) = (ended_at is null))
);

create function guard_account_validation() returns trigger language plpgsql as $$
begin
  if (new.request, new.bank, new.correlation_id, new.terms, new.asked_at)
    is distinct from (old.request, old.bank, old.correlation_id, old.terms, old.asked_at)
    or (old.outcome in ('answered', 'late') and new is distinct from old)
    or (old.outcome in ('refused', 'silent') and new.outcome is distinct from 'late' and new is distinct from old) then
    raise exception 'validation of request % stays what it is', old.request
      using errcode = 'check_violation', constraint = 'validation_is_answered_once';
  end if;
  return new;
end $$;
create trigger account_validations_guard before update on account_validations
  for each row execute function guard_account_validation();
create trigger account_validations_kept before delete or truncate on account_validations
  for each statement execute function refuse_change();
