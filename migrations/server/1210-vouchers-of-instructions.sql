-- why: the instruction and the group of a new voucher are looked up once for all vouchers of a statement
-- expands: rules that refuse what foreign keys refused, and instructions and groups that are never deleted

-- Marking an instruction as made finds it, or finds that there is none, which a foreign key asked again for each voucher.
-- Nothing else can come between: a voucher's batch, line and group never change (voucher_value_is_fixed), no voucher is
-- deleted, and instructions and groups stay under the names that they have. The settings are those of migration 1170.
create or replace function mark_instructions_made() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  marked bigint;
begin
  update voucher_instructions i set made = true from added where i.batch = added.batch and i.line = added.line;
  get diagnostics marked = row_count;
  if marked <> (select count(*) from added) then
    raise exception 'a voucher is made for an instruction that there is not'
      using errcode = 'check_violation', constraint = 'voucher_has_an_instruction';
  end if;
  return null;
end $$;

create or replace function check_new_vouchers() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (
    select from added where reserved_minor <> 0 and (
      state <> 'preActivated' or reserved_minor <> amount_minor or reserved_minor is distinct from (
        select sum(amount_minor) from journal_lines where voucher_serial = added.serial
      ))
  ) then
    raise exception 'the reserve of a new voucher is what the journal holds for it'
      using errcode = 'check_violation', constraint = 'vouchers_through_journal';
  end if;
  if exists (
    select from (select distinct group_code from added) as named left join voucher_groups g on g.code = named.group_code
    where g.code is null
  ) then
    raise exception 'a voucher is made of a group that there is not'
      using errcode = 'check_violation', constraint = 'voucher_has_a_group';
  end if;
  return null;
end $$;

create trigger voucher_instructions_kept before delete or truncate on voucher_instructions
  for each statement execute function refuse_change();
create trigger voucher_instructions_keep_their_line before update of batch, line on voucher_instructions for each row
  when ((new.batch, new.line) is distinct from (old.batch, old.line)) execute function refuse_change();
create trigger voucher_groups_kept before delete or truncate on voucher_groups
  for each statement execute function refuse_change();
create trigger voucher_groups_keep_their_code before update of code on voucher_groups for each row
  when (new.code is distinct from old.code) execute function refuse_change();

alter table vouchers drop constraint vouchers_batch_line_fkey, drop constraint vouchers_group_code_fkey;
