-- why: what no rule can decide is decided by two people, and each operation still has one verdict

create table held_decisions (
  id bigint generated always as identity primary key,
  node_id uuid not null,
  hash bytea not null,
  verdict text not null check (verdict in ('apply', 'reject', 'write-off')),
  because text not null check (because <> ''),
  proposed_by text not null,
  proposed_at timestamptz not null default clock_timestamp(),
  decided_by text,
  decided_at timestamptz,
  withdrawn_at timestamptz,
  foreign key (node_id, hash) references operations (node_id, hash),
  check ((decided_by is null) = (decided_at is null)),
  check (decided_at is null or withdrawn_at is null),
  constraint held_decided_by_two check (decided_by <> proposed_by)
);
create unique index one_proposal on held_decisions (node_id, hash) where withdrawn_at is null;
