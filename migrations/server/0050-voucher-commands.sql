-- why: every voucher command, redemptions answered by callback, wrong numbers counted, permissions that two people grant, alerts

-- Each item of a command has an action of its own: a PUT without command names them one by one.
alter table voucher_command_items
  add column action text,
  -- what waits for a lease to close or a payout to be known, and until when at the latest
  add column pending text check (pending in ('cancel', 'suspend', 'block')),
  add column pending_until timestamptz;
update voucher_command_items i set action = c.command from voucher_commands c where c.id = i.command;
alter table voucher_command_items
  alter column action set not null,
  add constraint command_item_action
    check (action in ('activate', 'suspend', 'unsuspend', 'block', 'cancel', 'purge')),
  add constraint pending_item_is_done check (pending is null or (done and failure_reason is null));

-- A redemption whose outcome goes out by callback (redeemPay): refused at once, or told by its claim.
create table redemption_requests (
  id bigint generated always as identity primary key,
  institution_id text not null references institutions,
  request_id text not null,
  serial_number text not null,
  callback_url text not null,
  claim_id uuid unique references claims,
  refusal text,
  created_at timestamptz not null default clock_timestamp(),
  unique (institution_id, request_id),
  constraint redemption_request_has_one_outcome check ((claim_id is null) <> (refusal is null))
);

create table wrong_numbers (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  -- null where a voucher was looked for by its number alone
  voucher_serial bigint references vouchers,
  agent_id text,
  institution_id text not null references institutions
);
create index wrong_numbers_by_voucher on wrong_numbers (voucher_serial, at);
create index wrong_numbers_by_agent on wrong_numbers (agent_id, at);
create index wrong_numbers_by_institution on wrong_numbers (institution_id, at);

create table institution_permissions (
  institution_id text not null references institutions,
  permission text not null check (permission in ('override')),
  proposed_by text not null,
  proposed_at timestamptz not null default clock_timestamp(),
  approved_by text,
  approved_at timestamptz,
  primary key (institution_id, permission),
  constraint permission_takes_two_people check (approved_by <> proposed_by),
  check ((approved_by is null) = (approved_at is null))
);

-- What an operator should look at. One of a kind is open for a subject at a time.
create table alerts (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  subject text not null,
  detail jsonb not null,
  ended_at timestamptz
);
create unique index one_open_alert on alerts (kind, subject) where ended_at is null;
create index alerts_by_time on alerts (at);
