-- why: a shape of many rows is told in several answers, which must all come from one snapshot

alter table shape_handles add column chunks int not null default 1 check (chunks > 0);

-- The answers of a snapshot that does not fit one, told under the offsets 0_0, 0_1, …. Unlogged: what is lost when
-- PostgreSQL is killed costs a node that was reading it a must-refetch, and nothing else.
create unlogged table shape_snapshot_chunks (
  handle text not null references shape_handles on delete cascade,
  chunk int not null check (chunk >= 0),
  -- a JSON array of messages
  body text not null,
  primary key (handle, chunk)
);
-- Signed documents in base64 do not get smaller by compressing.
alter table shape_snapshot_chunks alter column body set storage external;
