-- why: the queue may be carried by hand, leases are given back and asked back, a till sees what the till next to it holds, and a metered link is spared

-- The server's signed word that a file of this node is stored: it lets the owner do what is refused while anything is unsynced.
create table acknowledgements (
  file_hash blob primary key check (length(file_hash) = 32),
  last_sequence integer not null check (last_sequence > 0),
  document blob not null,
  server_time_ms integer not null
) strict, without rowid;

-- Leases that this node has given back, each once. What is given back here is redeemed here no more.
create table releases (
  sequence integer primary key references operations,
  serial integer not null check (serial > 0),
  epoch_generation integer not null,
  epoch_n integer not null,
  cause text not null check (cause in ('asked', 'recalled')),
  unique (serial, epoch_generation, epoch_n)
) strict;

-- since when the server asks for the lease back
alter table leases add column recalled_ms integer;

-- Vouchers that are leased to another till of the same merchant.
create table elsewhere (
  load integer not null,
  serial integer not null,
  till text not null,
  not_after_ms integer not null,
  primary key (load, serial)
) strict, without rowid;

-- What the owner of the machine has set; what is not here has its default.
create table settings (
  name text primary key,
  value text not null
) strict;

-- Bytes sent and received on each day (UTC), headers included as far as they can be known.
create table traffic (
  day text primary key,
  bytes integer not null check (bytes >= 0)
) strict;
