-- why: operations also come in by hand, in files; and a lease is asked for by its node, renewed, asked back and seen by the shop next door

-- What was handed in and acknowledged. The operations of a file are in `operations`; the same file is acknowledged once.
create table carried_files (
  hash bytea primary key check (length(hash) = 32),
  node_id uuid not null references nodes,
  first_sequence bigint not null check (first_sequence > 0),
  last_sequence bigint not null check (last_sequence >= first_sequence),
  -- `node:<id>` of the node that uploaded it, or `operator`
  handed_in_by text not null,
  acknowledgement bytea not null,
  received_at timestamptz not null default clock_timestamp()
);
create trigger carried_files_append_only before update or delete or truncate on carried_files
  for each statement execute function refuse_change();

-- An operation whose body this server cannot read yet is stored and held; it has no id that could be read.
alter table operations
  alter column operation_id drop not null,
  add constraint only_unread_operations_lack_an_id check (operation_id is not null or type = 'unread');

-- where a beneficiary may call whoever holds a voucher
alter table merchants add column phone text check (length(phone) between 1 and 30);

-- The merchant who will hand the voucher out: its nodes may ask for leases by quantity. Set once, at the activation.
alter table vouchers add column dispensed_by text references merchants;
create index vouchers_to_dispense on vouchers (dispensed_by, group_code, serial)
  where state = 'activated' and dispensed_by is not null;
alter table voucher_command_items add column dispensed_by text;

-- a renewal closes one lease and opens the next, in one transaction
alter table leases drop constraint leases_closed_by_check;
alter table leases add constraint leases_closed_by_check
  check (closed_by in ('redeemed', 'released', 'expired', 'renewed'));

-- since when the server asks for the lease back
alter table shape_leases add column recalled_at timestamptz;

-- What the other nodes of the same merchant see of a lease: at which till the voucher is.
create table shape_elsewhere (
  node_id text not null,
  serial bigint not null,
  till text not null,
  not_after timestamptz not null,
  primary key (node_id, serial)
);
select register_shape_table('shape_elsewhere', 'elsewhere');
