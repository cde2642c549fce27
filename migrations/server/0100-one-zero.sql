-- why: answers of the 1.0 API that hold a voucher number, sealed for a day; numbers nobody has asked for yet; sandboxes

create table sealed_answers (
  institution_id text not null,
  call text not null,
  request_id text not null,
  -- NaCl secretbox under a key of the key folder; null once erased
  sealed bytea,
  created_at timestamptz not null default clock_timestamp(),
  primary key (institution_id, call, request_id),
  foreign key (institution_id, call, request_id) references api_requests
);
create index sealed_answers_by_age on sealed_answers (created_at) where sealed is not null;

-- Serial and number exist, but no caller has asked for them and no money is set aside ("Not Pre-Activated").
create table voucher_inventory (
  serial bigint primary key check (serial between 1 and 9007199254740991),
  number_index bytea not null unique,
  group_code text not null references voucher_groups,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$')
);

-- A database with this row belongs to a sandbox: it may be emptied at any time, and no other server works on it.
create table sandbox (
  singleton boolean primary key default true check (singleton),
  seed text not null,
  -- null while its seed is being loaded
  loaded_at timestamptz
);
