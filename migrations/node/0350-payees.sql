-- why: an agent's node looks payees up offline, and keeps what it registered or changed until the server has answered

-- The key that the records below are sealed under, itself sealed under the node's own key.
create table payee_key (
  id integer primary key check (id = 1),
  sealed blob not null
) strict;

-- Payees of the programmes and areas that this node serves, as they came.
create table beneficiaries (
  load integer not null,
  payee integer not null,
  payee_index text not null,
  version integer not null,
  sealed blob not null,
  primary key (load, payee)
) strict, without rowid;
create index beneficiaries_by_index on beneficiaries (load, payee_index);

-- What each operation about a payee said, sealed under the node's own key, so that the agent can be shown it again.
create table payee_operations (
  sequence integer primary key references operations,
  type text not null check (type in ('look-up', 'register-beneficiary', 'update-beneficiary')),
  programme text not null,
  statement blob not null
) strict;
