-- why: a database that was restored from a backup has forgotten what was paid since, so nothing moves until its nodes have told

-- One for each restore.
create table recoveries (
  generation int primary key check (generation > 1),
  begun_at timestamptz not null default clock_timestamp(),
  begun_by text not null,
  -- the longest that a lease granted before the restore can stay open
  until timestamptz not null,
  -- who wants to end it before that; somebody else must agree
  proposed_by text,
  ended_at timestamptz,
  ended_how text check (ended_how in ('all-uploaded', 'time-passed', 'overridden')),
  ended_by text,
  check ((ended_at is null) = (ended_how is null)),
  check ((ended_how = 'overridden') = (ended_by is not null)),
  constraint recovery_ended_by_two check (ended_by is null or (proposed_by is not null and proposed_by <> ended_by))
);
create unique index one_open_recovery on recoveries ((true)) where ended_at is null;

-- The nodes whose queues are awaited.
create table recovery_nodes (
  generation int not null references recoveries,
  node_id uuid not null references nodes,
  uploaded_at timestamptz,
  primary key (generation, node_id)
);

create index held_operations on operations (received_at) where state = 'held';
