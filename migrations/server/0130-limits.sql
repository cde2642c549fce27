-- why: vouchers redeemed at risk: groups for it, the signed policy with its limits, the list of what nodes must deny, and what each node was told when

-- A group is lease-only or at-risk, never both, and stays what it is: tokens say so for as long as they are good.
alter table voucher_groups add column at_risk boolean not null default false;
create function guard_voucher_group() returns trigger language plpgsql as $$
begin
  raise exception 'whether voucher group % is at-risk never changes', old.code
    using errcode = 'check_violation', constraint = 'voucher_group_risk_is_fixed';
end $$;
create trigger voucher_groups_guard before update of at_risk on voucher_groups for each row
  when (old.at_risk <> new.at_risk) execute function guard_voucher_group();

-- Each version once, signed, never edited.
create table policies (
  version int primary key check (version > 0),
  document bytea not null,
  late_settlement_hours int not null check (late_settlement_hours >= 0),
  issued_by text not null,
  issued_at timestamptz not null default clock_timestamp()
);
create trigger policies_append_only before update or delete or truncate on policies
  for each statement execute function refuse_change();

-- What a node was told at a contact: the time that it may name as its last contact, and the policy current then.
create table node_contacts (
  node_id uuid not null references nodes,
  told_ms bigint not null,
  policy_version int not null,
  primary key (node_id, told_ms)
);

-- What each node took at risk, by the contact that it named: the limits count "since the last sync".
create table at_risk_uses (
  node_id uuid not null references nodes,
  operation_hash bytea not null check (length(operation_hash) = 32),
  told_ms bigint not null,
  currency text not null,
  amount_minor bigint not null check (amount_minor > 0),
  primary key (node_id, operation_hash)
);
create index at_risk_uses_by_contact on at_risk_uses (node_id, told_ms);

-- How far a node's wall clock is ahead of this server's, as measured at its last contact.
alter table nodes add column clock_offset_ms bigint;

-- What the programme guarantees of a redemption that lost its voucher to another.
alter table operations add column guaranteed_minor bigint check (guaranteed_minor >= 0);
alter table operations add constraint only_losers_are_guaranteed
  check (guaranteed_minor is null or state in ('rejected', 'writtenOff'));
create function guard_guarantee() returns trigger language plpgsql as $$
begin
  raise exception 'what operation % of node % is guaranteed stays', old.sequence, old.node_id
    using errcode = 'check_violation', constraint = 'guarantee_stays';
end $$;
create trigger operations_guarantee before update on operations for each row
  when (old.state in ('applied', 'rejected', 'writtenOff') and new.guaranteed_minor is distinct from old.guaranteed_minor)
  execute function guard_guarantee();

-- The list of what must be denied at risk. Every node reads the same rows, those of `all`: a row for each node would
-- make one redemption write as many rows as there are nodes. A row holds up to 1,024 vouchers, put together in the order
-- of their activation and not by serial: so rows are full however thinly at-risk serials are spread. The list is not
-- signalled: nodes must ask for it anyway, to know that nothing has changed.
create table shape_denied (
  node_id text not null check (node_id = 'all'),
  chunk int not null,
  -- base64 of the steps from serial to serial, upwards from 0, each in groups of 7 bits, lowest first (LEB128)
  serials text not null,
  primary key (node_id, chunk)
);
select register_shape_table('shape_denied', 'denied');
drop trigger shape_signal_insert on shape_denied;
drop trigger shape_signal_update on shape_denied;
drop trigger shape_signal_delete on shape_denied;
drop trigger shape_signal_truncate on shape_denied;

create sequence at_risk_places minvalue 0 start 0;
alter table vouchers
  -- set at activation in an at-risk group: the row of `shape_denied` that it belongs to when it must be denied
  add column denied_chunk int,
  -- since when it is anything but activated, and so denied
  add column denied_since timestamptz;
create index vouchers_by_denied_chunk on vouchers (denied_chunk) where denied_chunk is not null;

create function note_denial() returns trigger language plpgsql as $$
begin
  if old.activated_at is null and (select at_risk from voucher_groups where code = new.group_code) then
    new.denied_chunk := nextval('at_risk_places') / 1024;
  end if;
  if new.denied_chunk is not null then
    new.denied_since := case
      when new.state = 'activated' then null
      when old.state = 'activated' then clock_timestamp()
      else old.denied_since end;
  end if;
  return new;
end $$;
create trigger vouchers_note_denial before update of state, activated_at on vouchers for each row
  when (new.activated_at is not null) execute function note_denial();

create function encode_serials(serials bigint[]) returns text language plpgsql immutable strict as $$
declare
  previous bigint := 0;
  current bigint;
  step bigint;
  hex text := '';
begin
  foreach current in array serials loop
    step := current - previous;
    previous := current;
    while step > 127 loop
      hex := hex || to_hex((step & 127) | 128);
      step := step >> 7;
    end loop;
    hex := hex || lpad(to_hex(step), 2, '0');
  end loop;
  return translate(encode(decode(hex, 'hex'), 'base64'), E'\n', '');
end $$;

-- Writers of one chunk take turns, and each looks at the vouchers after it has the turn: its own change and those that
-- were committed before. A day after its expiry a voucher is refused by its token on every clock that policy allows.
create function rewrite_denied(wanted int) returns void language plpgsql as $$
declare
  encoded text;
begin
  perform pg_advisory_xact_lock(x'64656e79'::int, wanted);
  select encode_serials(array_agg(serial order by serial)) into encoded from vouchers
    where denied_chunk = wanted and denied_since is not null and expires_at > clock_timestamp() - interval '1 day';
  if encoded is null then
    delete from shape_denied where chunk = wanted;
  else
    insert into shape_denied (node_id, chunk, serials) values ('all', wanted, encoded)
      on conflict (node_id, chunk) do update set serials = excluded.serials
      where shape_denied.serials <> excluded.serials;
  end if;
end $$;

create function deny_voucher() returns trigger language plpgsql as $$
begin
  perform rewrite_denied(new.denied_chunk);
  return null;
end $$;
create constraint trigger vouchers_denied after update of state on vouchers deferrable initially deferred for each row
  when (new.denied_chunk is not null and (old.denied_since is null) <> (new.denied_since is null))
  execute function deny_voucher();

create function guard_lease_group() returns trigger language plpgsql as $$
begin
  if (select denied_chunk is not null from vouchers where serial = new.voucher_serial) then
    raise exception 'voucher % is of an at-risk group, which is never leased', new.voucher_serial
      using errcode = 'check_violation', constraint = 'at_risk_is_never_leased';
  end if;
  return new;
end $$;
create trigger leases_guard_group before insert on leases for each row execute function guard_lease_group();

-- Which voucher groups a node's merchant may redeem, told to the node, so that it takes no other at risk.
create function publish_accepted_groups(merchants text[]) returns void language sql as $$
  insert into shape_trust (node_id, kind, version, document)
    select n.id::text, 'accepts', 1, coalesce(
      (select string_agg(distinct a.voucher_group, ',' order by a.voucher_group)
       from merchant_group_members m join merchant_group_accepts a using (merchant_group)
       where m.merchant_id = n.merchant_id), '')
    from nodes n where n.merchant_id = any (merchants) order by n.id
  on conflict (node_id, kind) do update
    set version = shape_trust.version + 1, document = excluded.document
    where shape_trust.document <> excluded.document
$$;
create function publish_groups_of_node() returns trigger language plpgsql as $$
begin
  perform publish_accepted_groups(array[new.merchant_id]);
  return null;
end $$;
create function publish_groups_of_members() returns trigger language plpgsql as $$
begin
  perform publish_accepted_groups((select array_agg(distinct merchant_id) from changed));
  return null;
end $$;
create function publish_groups_of_accepting() returns trigger language plpgsql as $$
begin
  perform publish_accepted_groups((
    select array_agg(distinct m.merchant_id) from merchant_group_members m join changed using (merchant_group)));
  return null;
end $$;
create trigger nodes_learn_groups after insert on nodes for each row execute function publish_groups_of_node();
create trigger members_added after insert on merchant_group_members referencing new table as changed
  for each statement execute function publish_groups_of_members();
create trigger members_removed after delete on merchant_group_members referencing old table as changed
  for each statement execute function publish_groups_of_members();
create trigger accepts_added after insert on merchant_group_accepts referencing new table as changed
  for each statement execute function publish_groups_of_accepting();
create trigger accepts_removed after delete on merchant_group_accepts referencing old table as changed
  for each statement execute function publish_groups_of_accepting();
select publish_accepted_groups(array(select id from merchants));
