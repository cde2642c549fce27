-- why: what nodes may read (one projection table for each shape) and the log of its changes that they follow

-- A restored database has a higher generation than the one it is a copy of, so that nothing told by one is taken for
-- the other's.
create table if not exists server_identity (
  singleton boolean primary key default true check (singleton),
  generation int not null default 1 check (generation > 0)
);
insert into server_identity default values on conflict do nothing;

-- Every change of a projection table, written by the writer's own transaction, which leaves `position` empty: the
-- order of commits is not known yet. The stamper fills it in later; readers see stamped entries only.
-- `sequence` is drawn while the row is locked, so that of two entries for one key the later change has the higher one.
create table shape_log (
  sequence bigint generated always as identity primary key,
  shape text not null,
  node_id text not null,
  key text not null,
  op text not null check (op in ('insert', 'update', 'delete', 'truncate')),
  old_row jsonb,
  new_row jsonb,
  xid xid8 not null default pg_current_xact_id(),
  position bigint unique check (position > 0),
  -- the position of the first of the entries around this one that one transaction wrote: Electric's `lsn`
  run bigint,
  stamped_at timestamptz,
  check ((old_row is null) = (op in ('insert', 'truncate'))),
  check ((new_row is null) = (op in ('delete', 'truncate'))),
  check ((position is null) = (stamped_at is null) and (position is null) = (run is null)),
  check (run between 1 and position)
);
create index shape_log_unstamped on shape_log (sequence) where position is null;
create index shape_log_by_reader on shape_log (shape, node_id, position) where position is not null;

-- the last position given out; it outlives the log's entries
create table shape_positions (
  singleton boolean primary key default true check (singleton),
  last_position bigint not null default 0,
  last_run bigint not null default 0
);
insert into shape_positions default values;

-- the last position that was removed from the log, for each reader that it was written for
create table shape_log_floors (
  shape text not null,
  node_id text not null,
  position bigint not null,
  primary key (shape, node_id)
);

-- A snapshot that a node was given: what it saw, and the position that its tail begins after.
create table shape_handles (
  handle text primary key,
  generation int not null,
  shape text not null,
  node_id text not null,
  snapshot pg_snapshot not null,
  start_position bigint not null,
  created_at timestamptz not null default clock_timestamp()
);
create index shape_handles_by_reader on shape_handles (shape, node_id, created_at);

create function log_shape_row() returns trigger language plpgsql as $$
declare
  before_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  before_key text := shape_key(tg_table_name, before_row, tg_argv[1]::text[]);
  after_key text := shape_key(tg_table_name, after_row, tg_argv[1]::text[]);
begin
  if before_row = after_row then
    return null;
  end if;
  if before_key <> after_key then
    -- To a reader a row under another key is another row.
    insert into shape_log (shape, node_id, key, op, old_row)
      values (tg_argv[0], before_row ->> 'node_id', before_key, 'delete', before_row);
    before_row := null;
  end if;
  insert into shape_log (shape, node_id, key, op, old_row, new_row)
    values (
      tg_argv[0],
      coalesce(after_row, before_row) ->> 'node_id',
      coalesce(after_key, before_key),
      case when before_row is null then 'insert' when after_row is null then 'delete' else 'update' end,
      before_row,
      after_row
    );
  return null;
end $$;

-- the name that Electric gives a row: "public"."table"/"first part of the key"/"second part"
create function shape_key(table_name text, image jsonb, key_columns text[]) returns text
language sql stable as $$
  select format('"public"."%s"', table_name)
    || string_agg('/"' || replace(image ->> name, '/', '//') || '"', '' order by place)
  from unnest(key_columns) with ordinality as parts (name, place)
$$;

-- After a truncation no tail is right any more; the stamper ends the handles that have not seen it.
create function log_shape_truncation() returns trigger language plpgsql as $$
begin
  insert into shape_log (shape, node_id, key, op) values (tg_argv[0], '', '', 'truncate');
  return null;
end $$;

create function guard_shape_node() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % belongs to its node for good: delete it and insert another', tg_table_name;
end $$;

-- How nodes learn that a shape has changed without following it: one row for each node and shape, bumped once by each
-- statement. A version is never given twice, not even when this table was emptied in between.
create table shape_signals (
  node_id text not null,
  shape text not null,
  version bigint not null,
  primary key (node_id, shape)
);
create sequence shape_signal_versions;

-- Nodes are taken in order, so that two statements that touch the same nodes do not wait for each other crosswise.
create function bump_shape_signals() returns trigger language plpgsql as $$
begin
  insert into shape_signals (node_id, shape, version)
    select node_id, tg_argv[0], nextval('shape_signal_versions')
    from (select distinct node_id from changed order by node_id) as nodes
  on conflict (node_id, shape) do update set version = greatest(shape_signals.version + 1, excluded.version);
  return null;
end $$;

create function bump_all_shape_signals() returns trigger language plpgsql as $$
begin
  update shape_signals set version = greatest(version + 1, nextval('shape_signal_versions'))
    where shape = tg_argv[0];
  return null;
end $$;

-- Makes a table a shape: its changes are logged, its rows stay with their node, and a signal tells of them. The table
-- must have a column `node_id`, the first of its primary key.
create function register_shape_table(source regclass, shape text) returns void language plpgsql as $$
declare
  key_columns text[];
  unreadable text;
begin
  select array_agg(a.attname::text order by k.place),
    string_agg(a.attname, ', ') filter (where format_type(a.atttypid, null) not in ('text', 'uuid', 'integer', 'bigint'))
    into key_columns, unreadable
    from pg_index i, unnest(i.indkey) with ordinality as k (number, place), pg_attribute a
    where i.indrelid = source and i.indisprimary and a.attrelid = source and a.attnum = k.number;
  if key_columns[1] is distinct from 'node_id' then
    raise exception 'the primary key of % must begin with node_id', source;
  end if;
  -- A key is text in the log and in a snapshot, and must be the same text in both.
  if unreadable is not null then
    raise exception 'a key column of % has a type that has several texts: %', source, unreadable;
  end if;
  execute format('create trigger shape_node_stays before update on %s for each row
    when (old.node_id is distinct from new.node_id) execute function guard_shape_node()', source);
  execute format('create trigger shape_rows after insert or update or delete on %s for each row
    execute function log_shape_row(%L, %L)', source, shape, key_columns);
  execute format('create trigger shape_truncation after truncate on %s for each statement
    execute function log_shape_truncation(%L)', source, shape);
  if source <> 'shape_signals'::regclass then
    execute format('create trigger shape_signal_insert after insert on %s referencing new table as changed
      for each statement execute function bump_shape_signals(%L)', source, shape);
    execute format('create trigger shape_signal_update after update on %s referencing new table as changed
      for each statement execute function bump_shape_signals(%L)', source, shape);
    execute format('create trigger shape_signal_delete after delete on %s referencing old table as changed
      for each statement execute function bump_shape_signals(%L)', source, shape);
    execute format('create trigger shape_signal_truncate after truncate on %s for each statement
      execute function bump_all_shape_signals(%L)', source, shape);
  end if;
end $$;

-- For a database that was copied row by row into another cluster, where the transaction ids of the log and of the
-- handles mean nothing: every node begins again with a snapshot. Positions go on.
create function forget_shape_history() returns void language sql as $$
  delete from shape_log;
  delete from shape_log_floors;
  delete from shape_handles;
$$;

create table shape_leases (
  node_id text not null,
  serial bigint not null,
  epoch_generation int not null,
  epoch_n int not null,
  not_after timestamptz not null,
  -- the signed lease in base64, and the voucher's token (PV1:…)
  lease text not null,
  token text not null,
  primary key (node_id, serial)
);

-- each a signed verdict list, in base64, that holds the verdict on one operation
create table shape_verdicts (
  node_id text not null,
  sequence bigint not null check (sequence > 0),
  verdict_list text not null,
  primary key (node_id, sequence)
);

-- signed key sets and policies, in base64
create table shape_trust (
  node_id text not null,
  kind text not null,
  version int not null,
  document text not null,
  primary key (node_id, kind)
);

select register_shape_table('shape_signals', 'signals');
select register_shape_table('shape_leases', 'leases');
select register_shape_table('shape_verdicts', 'verdicts');
select register_shape_table('shape_trust', 'trust');
