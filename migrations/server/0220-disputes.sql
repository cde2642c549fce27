-- why: a merchant whose goods are given and whose voucher somebody else was paid for has a case, which two people decide

alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check
  check (kind in ('external', 'funding', 'reserved', 'owed', 'merchant', 'fsp', 'fspHeld', 'fspDue', 'fees', 'guarantee'));

-- One for each lost redemption, opened with its rejection. What is guaranteed is paid out of the group's guarantee account, never
-- out of a voucher's funding.
create table disputes (
  node_id uuid not null,
  hash bytea not null,
  opened_at timestamptz not null default clock_timestamp(),
  merchant_id text not null references merchants,
  group_code text not null references voucher_groups,
  voucher_serial bigint not null references vouchers,
  currency text not null,
  amount_minor bigint not null check (amount_minor > 0),
  -- the most that may be paid
  guaranteed_minor bigint not null check (guaranteed_minor between 0 and amount_minor),
  state text not null default 'open' check (state in
    ('open', 'proposed', 'refused', 'appealed', 'appealProposed', 'paid', 'refusedFinally', 'writtenOff')),
  verdict text check (verdict in ('pay', 'refuse', 'write-off')),
  because text,
  proposed_by text,
  decided_by text,
  decided_at timestamptz,
  -- who decided before it was appealed, and may not decide again
  first_decided_by text,
  appeal text,
  primary key (node_id, hash),
  foreign key (node_id, hash) references operations (node_id, hash),
  constraint dispute_decided_by_two check (decided_by <> proposed_by),
  constraint appeal_decided_by_another check (decided_by <> first_decided_by),
  check ((verdict is null) = (proposed_by is null)),
  check ((state in ('paid', 'refused', 'refusedFinally', 'writtenOff')) = (decided_by is not null))
);
-- The winner is found by the hash that the loser's verdict names.
create index operations_by_hash on operations (hash);
create index open_disputes on disputes (opened_at) where decided_at is null;
