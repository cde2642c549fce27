-- why: one till's own record: who it is, what it signed, what was granted to it, and what it was told

-- The one row of this node. The key is stored before anything is sent to the server; the certificate comes with its answer.
create table node (
  id integer primary key check (id = 1),
  public_key blob not null check (length(public_key) = 32),
  wrapped_key text not null,
  server_url text not null,
  code_hash blob not null check (length(code_hash) = 32),
  -- the second record of the last operation, where it does not lie in the data directory
  head_file text,
  node_id text unique,
  certificate blob,
  certificate_hash blob check (length(certificate_hash) = 32),
  generation integer not null default 0,
  assertion_counter integer not null default 0,
  -- the last operation that a signed verdict list told us the server holds
  server_sequence integer not null default 0,
  status text not null default 'active' check (status in ('active', 'frozen', 'revoked')),
  -- why this node signs nothing more, until it is enrolled again
  stopped text,
  check ((certificate is null) = (node_id is null)),
  check ((certificate is null) = (certificate_hash is null))
) strict;

-- The last signed server time, and what this machine's own clocks said then.
create table clock_anchor (
  id integer primary key check (id = 1),
  server_time_ms integer not null,
  wall_ms integer not null,
  boot_id text not null,
  since_boot_ms integer not null
) strict;

create table trust_documents (
  kind text not null,
  version integer not null,
  document blob not null,
  primary key (kind, version)
) strict;

create table verdict_lists (
  id integer primary key,
  hash blob not null unique check (length(hash) = 32),
  document blob not null,
  server_time_ms integer not null,
  received_ms integer not null
) strict;

create table operations (
  sequence integer primary key check (sequence > 0),
  operation_id text not null unique,
  hash blob not null unique check (length(hash) = 32),
  previous_hash blob not null check (length(previous_hash) = 32),
  signed blob not null,
  sealed blob,
  type text not null,
  created_ms integer not null,
  state text not null default 'queued' check (state in ('queued', 'held', 'applied', 'rejected', 'writtenOff')),
  reason text,
  transaction_id text,
  decided_ms integer,
  verdict_list integer references verdict_lists,
  check ((state = 'queued') = (decided_ms is null))
) strict;
create index open_operations on operations (sequence) where state in ('queued', 'held');

create trigger operations_follow before insert on operations
when new.sequence <> coalesce((select max(sequence) from operations), 0) + 1
  or new.previous_hash is not coalesce(
    (select hash from operations where sequence = new.sequence - 1),
    (select certificate_hash from node))
begin
  select raise(abort, 'an operation must follow the last one');
end;

create trigger operations_keep_their_bytes before update on operations
when (new.sequence, new.operation_id, new.hash, new.previous_hash, new.signed, new.type, new.created_ms)
  is not (old.sequence, old.operation_id, old.hash, old.previous_hash, old.signed, old.type, old.created_ms)
begin
  select raise(abort, 'a signed operation never changes');
end;

create trigger operations_have_one_verdict before update on operations
when old.state in ('applied', 'rejected', 'writtenOff')
  and (new.state, new.reason, new.transaction_id, new.decided_ms)
    is not (old.state, old.reason, old.transaction_id, old.decided_ms)
begin
  select raise(abort, 'an operation has one final verdict');
end;

create trigger operations_stay before delete on operations
begin
  select raise(abort, 'operations are kept');
end;

-- What an operation did to a voucher. A voucher has one live redemption on this node; a rejected one is no longer live.
create table redemptions (
  sequence integer primary key references operations,
  serial integer not null check (serial > 0),
  mode text not null check (mode in ('leased', 'online')),
  epoch_generation integer,
  epoch_n integer,
  amount_minor integer not null check (amount_minor > 0),
  currency text not null,
  actor text not null,
  live integer not null default 1 check (live in (0, 1)),
  check ((mode = 'leased') = (epoch_n is not null)),
  check ((epoch_generation is null) = (epoch_n is null))
) strict;
create unique index one_live_redemption on redemptions (serial) where live = 1;

create trigger redemptions_end after update of state on operations
when new.state in ('rejected', 'writtenOff')
begin
  update redemptions set live = 0 where sequence = new.sequence;
end;

-- Where each shape was read up to, and which load of it counts; another load is one that is being built.
create table shape_heads (
  name text primary key,
  handle text not null,
  position text not null,
  load integer not null
) strict;

create table leases (
  load integer not null,
  serial integer not null,
  epoch_generation integer not null,
  epoch_n integer not null,
  not_after_ms integer not null,
  lease blob not null,
  token text not null,
  withdrawn_ms integer,
  primary key (load, serial)
) strict, without rowid;

create table signals (
  load integer not null,
  shape text not null,
  version integer not null,
  primary key (load, shape)
) strict, without rowid;

-- How far each of the other shapes was fetched, as the version that `signals` had shown before the fetch.
create table shape_versions (
  shape text primary key,
  version integer not null
) strict;

-- Rows that failed their check: kept for whoever looks into it, and never used.
create table rows_aside (
  shape text not null,
  key text not null,
  problem text not null,
  value text not null,
  seen_ms integer not null,
  primary key (shape, key)
) strict;
