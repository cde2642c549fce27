-- why: a till's wish for leases is granted once, guesses at the registry are counted, and an operator lets a forgotten PIN be set anew

create table lease_requests (
  node_id uuid not null references nodes,
  request_id uuid not null,
  group_code text not null,
  quantity integer not null check (quantity > 0),
  granted integer not null check (granted between 0 and quantity),
  held integer not null,
  most integer not null,
  because text,
  at timestamptz not null default clock_timestamp(),
  primary key (node_id, request_id)
);
create index lease_requests_by_time on lease_requests (at);

-- Questions to the registry that are asked, or were not answered with a yes. Who was asked about is not kept.
create table registry_doubts (
  id bigint generated always as identity primary key,
  node_id uuid not null references nodes,
  voucher_serial bigint not null,
  at timestamptz not null default clock_timestamp()
);
create index registry_doubts_by_voucher on registry_doubts (voucher_serial, at);
create index registry_doubts_by_node on registry_doubts (node_id, at);
create index registry_doubts_by_time on registry_doubts (at);

create table pin_codes (
  code_hash bytea primary key check (length(code_hash) = 32),
  node_id uuid not null references nodes,
  expires_at timestamptz not null,
  used_at timestamptz,
  -- the till's own id of what it used the code for: asked again it is answered alike
  used_for uuid,
  check ((used_at is null) = (used_for is null))
);
create index pin_codes_by_node on pin_codes (node_id);
