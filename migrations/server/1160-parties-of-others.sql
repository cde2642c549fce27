-- why: row-level security for calls that are about others' rows too: a bank redeems anybody's vouchers, a bill has several
-- parties, payer banks answer for others' batches and accounts. They find those rows, and of what a caller asks and is told still their own
-- only (node-server/acting-institution.ts).
-- expands: more policies; a server that does not know the setting leaves it unset

create function acting_about_others() returns boolean language sql stable as $$
  select current_setting('paypost.about_others', true) = 'on'
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'voucher_batches', 'callbacks', 'payee_contacts', 'payees', 'mapper_requests', 'disbursement_batches',
    'disbursement_terms'
  ] loop
    execute format('create policy parties_of_others on %I using ((select acting_about_others()))', name);
  end loop;
end $$;
