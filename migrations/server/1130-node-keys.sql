-- why: a till's own key is replaced without enrolling the machine anew, and nothing that it has queued is lost
-- expands: a column with a default, and a table

-- The operation from which on the node's present key signs; 0 for the key that it was enrolled with.
alter table nodes add column key_from bigint not null default 0 check (key_from >= 0);

-- The keys that a node had before; each signed from its own first operation to that of the key that followed.
create table node_keys (
  node_id uuid not null references nodes,
  key_from bigint not null check (key_from >= 0),
  public_key bytea not null check (length(public_key) = 32),
  certificate bytea not null,
  replaced_at timestamptz not null default clock_timestamp(),
  primary key (node_id, public_key)
);
create trigger node_keys_kept before update or delete or truncate on node_keys
  for each statement execute function refuse_change();
