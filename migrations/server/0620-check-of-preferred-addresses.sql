-- why: a large registration checked its addresses against every payee there is: PL/pgSQL keeps the plan that it made while the table was small

create or replace function check_preferred_addresses() returns trigger language plpgsql as $$
declare
  broken boolean;
begin
  -- Planned each time, for so many changed rows and so many payees as there are now.
  execute $query$
    select exists (
      select from changed c join payees p on p.id = c.payee
      left join payee_addresses chosen on chosen.payee = p.id and chosen.n = p.preferred
      where chosen.n is null or not chosen.active
        and exists (select from payee_addresses other where other.payee = p.id and other.active)
    )$query$ into broken;
  if broken then
    raise exception 'a payee has addresses and no usable one is preferred'
      using errcode = 'check_violation', constraint = 'one_address_is_preferred';
  end if;
  return null;
end $$;
