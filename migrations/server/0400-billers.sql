-- why: billers and payer FIs take part in paying bills; each is registered, changed and linked by two people

create table billers (
  id text primary key references institutions check (length(id) between 1 and 10),
  name text not null check (length(name) between 1 and 100),
  -- what every one of its bill ids begins with
  prefix text not null unique check (prefix ~ '^[0-9A-Za-z]{1,10}$'),
  -- how many digits follow; null where any text does
  own_digits int check (own_digits between 1 and 19),
  check_digit text not null check (check_digit in ('none', 'luhn', 'mod97')),
  -- where the biller is told and asked: {endpoint}/billTransferRequests, /rtpUpdate, /bills/{billId}
  endpoint_url text not null,
  -- `stored`: the bills that it gave us are all there are; `asked`: it is asked about a bill at each inquiry
  inquiry text not null check (inquiry in ('stored', 'asked')),
  -- how long whoever inquires waits for it
  answer_seconds int not null check (answer_seconds between 1 and 3600),
  -- where a due date ends
  time_zone text not null,
  -- where it is paid, as its bank writes it
  account text,
  -- its own codes for ACK, Def, Dup and Und
  codes jsonb not null default '{}',
  -- whose vouchers pay its bills
  voucher_groups text[] not null default '{}',
  status text not null check (status in ('active', 'inactive')),
  constraint check_digit_has_digits check (check_digit = 'none' or own_digits is not null)
);

-- A bill id names one biller: no prefix begins with another.
create function check_biller_prefix() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('paypost-biller-prefix'));
  if exists (
    select from billers b
    where b.id <> new.id and (starts_with(b.prefix, new.prefix) or starts_with(new.prefix, b.prefix))
  ) then
    raise exception 'the prefix % overlaps with another biller''s', new.prefix
      using errcode = 'check_violation', constraint = 'biller_prefix_is_its_own';
  end if;
  return new;
end $$;
create trigger billers_prefix before insert or update on billers
  for each row execute function check_biller_prefix();

create table payer_fis (
  id text primary key references institutions,
  name text not null check (length(name) between 1 and 100),
  bic text unique check (bic ~ '^[A-Z0-9]{8}([A-Z0-9]{3})?$'),
  -- where requests to pay go: {endpoint}/rtpRequest
  endpoint_url text not null,
  -- where it pays from, as its bank writes it
  account text,
  status text not null check (status in ('active', 'inactive'))
);

-- Whose customers may pay which biller.
create table biller_payer_fis (
  biller_id text not null references billers,
  payer_fi_id text not null references payer_fis,
  primary key (biller_id, payer_fi_id)
);

create table onboarding_proposals (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('biller', 'payer-fi', 'link', 'unlink')),
  subject text not null,
  -- the whole row as it will be
  change jsonb not null,
  proposed_by text not null,
  proposed_at timestamptz not null default clock_timestamp(),
  outcome text check (outcome in ('approved', 'withdrawn')),
  ended_by text,
  ended_at timestamptz,
  check ((outcome is null) = (ended_by is null) and (outcome is null) = (ended_at is null)),
  constraint onboarding_takes_two check (outcome <> 'approved' or ended_by <> proposed_by)
);
create unique index one_open_proposal on onboarding_proposals (kind, subject) where outcome is null;
