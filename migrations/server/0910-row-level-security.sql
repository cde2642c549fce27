-- why: A second line between institutions. What a caller asks for runs as the role paypost_caller with its institution set
-- (node-server/postgres/caller-role.ts), so that a query without its where clause finds nothing of another's. Whoever
-- owns the tables, which is what jobs and operators work as, is not held to it.

create function acting_institution() returns text language sql stable as $$
  select current_setting('paypost.institution', true)
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'voucher_batches', 'voucher_commands', 'api_requests', 'sealed_answers', 'callbacks', 'payee_contacts', 'payees',
    'mapper_requests', 'disbursement_batches', 'disbursement_terms', 'batch_signatories'
  ] loop
    execute format('alter table %I enable row level security', name);
    -- As a subquery it is asked once for a statement, and an index on the column serves.
    execute format(
      'create policy own_institution on %I using (institution_id = (select acting_institution()))', name);
  end loop;
end $$;
