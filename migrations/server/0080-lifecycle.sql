-- why: reservations that lapse, numbers erased after delivery, lost vouchers replaced, budgets, levels to restock at

-- how long a pre-activated voucher keeps its funding reserved
alter table voucher_groups
  add column reservation_days int not null default 90 check (reservation_days > 0);

-- What waits to be marked expired: one that is only noted as such, or waits for a stronger end, is not found again.
drop index vouchers_by_expiry;
create index vouchers_by_expiry on vouchers (expires_at)
  where state in ('preActivated', 'activated', 'leased', 'suspended', 'redeeming')
    and (pending is null or pending = 'suspend');

-- The row stays when its number is erased: it tells when the number was delivered.
alter table voucher_deliveries
  alter column ciphertext drop not null,
  add constraint erased_after_delivery check (ciphertext is not null or delivered_at is not null);
create index deliveries_to_erase on voucher_deliveries (delivered_at) where ciphertext is not null;

-- An instruction to replace a lost voucher names it by its serial number, as the caller wrote it. Its group, currency,
-- amount, payee and narration are those of the lost one, filled in with the new voucher and empty until then.
alter table voucher_instructions
  add column replaces text,
  add column reason text,
  add constraint replacement_has_reason check ((replaces is null) = (reason is null));

alter table vouchers
  add column replaces bigint unique references vouchers,
  add constraint voucher_replaces_another check (replaces <> serial);

create or replace function guard_voucher() returns trigger language plpgsql as $$
begin
  if (tg_op = 'INSERT' and new.reserved_minor <> 0)
    or (tg_op = 'UPDATE' and new.reserved_minor <> old.reserved_minor and pg_trigger_depth() < 2) then
    raise exception 'the reserve of voucher % is changed through the journal only', new.serial
      using errcode = 'check_violation', constraint = 'vouchers_through_journal';
  end if;
  if tg_op = 'UPDATE' and (new.serial, new.batch, new.line, new.group_code, new.amount_minor, new.currency,
      new.replaces) is distinct from
    (old.serial, old.batch, old.line, old.group_code, old.amount_minor, old.currency, old.replaces) then
    raise exception 'the value of voucher % never changes', new.serial
      using errcode = 'check_violation', constraint = 'voucher_value_is_fixed';
  end if;
  if tg_op = 'UPDATE' and new.state <> old.state
    and (old.state = 'purged' or (old.state = 'consumed' and new.state <> 'purged')) then
    raise exception 'voucher % is % for good', new.serial, old.state
      using errcode = 'check_violation', constraint = 'voucher_consumed_once';
  end if;
  return new;
end $$;

-- At commit a replaced voucher is cancelled, and its replacement is worth the same.
create function check_replacement() returns trigger language plpgsql as $$
begin
  if not exists (
    select from vouchers lost
    where lost.serial = new.replaces and lost.state in ('cancelled', 'purged')
      and (lost.group_code, lost.amount_minor, lost.currency) = (new.group_code, new.amount_minor, new.currency)
  ) then
    raise exception 'voucher % cannot replace %', new.serial, new.replaces
      using errcode = 'check_violation', constraint = 'replaced_voucher_is_cancelled';
  end if;
  return null;
end $$;
create constraint trigger replacements_consistent after insert on vouchers
  deferrable initially deferred for each row when (new.replaces is not null) execute function check_replacement();

-- How much a programme may put into vouchers of a group; without a row there is no limit.
create table budgets (
  program_id text not null check (length(program_id) between 1 and 20),
  group_code text not null references voucher_groups,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  limit_minor bigint not null check (limit_minor >= 0),
  primary key (program_id, group_code, currency)
);
create index voucher_batches_by_program on voucher_batches (program_id);

-- Below one of these an operator is alerted; null where nothing is watched.
create table restock_levels (
  group_code text not null references voucher_groups,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  least_funding_minor bigint check (least_funding_minor > 0),
  least_vouchers int check (least_vouchers > 0),
  primary key (group_code, currency),
  constraint restock_level_watches_something check (least_funding_minor is not null or least_vouchers is not null)
);

create index open_leases_by_grant on leases (granted_at) where closed_at is null;
