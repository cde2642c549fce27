-- why: operators say how long is kept what nobody needs for ever, and a legal hold keeps all of it
-- expands: tables that the version before does not read, and indexes

create table retention_rules (
  subject text primary key,
  days int not null check (days between 1 and 36500),
  set_by text not null,
  set_at timestamptz not null default clock_timestamp()
);

create table legal_holds (
  id bigint generated always as identity primary key,
  -- null holds everything
  subject text,
  because text not null check (because <> ''),
  placed_by text not null,
  placed_at timestamptz not null default clock_timestamp(),
  released_by text,
  released_at timestamptz,
  check ((released_by is null) = (released_at is null)),
  constraint another_person_releases check (released_by <> placed_by)
);

create index sealed_operations on operations (decided_at) where sealed is not null;
create index delivered_callbacks on callbacks (delivered_at) where state = 'delivered';
