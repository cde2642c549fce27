-- why: the nodes of agents see the bills that they take payments for, whose they are, and what is left of their float

create table shape_billers (
  node_id text not null,
  biller_id text not null,
  name text not null,
  prefix text not null,
  own_digits int,
  check_digit text not null,
  time_zone text not null,
  -- the voucher groups that pay its bills, with commas between them
  voucher_groups text not null,
  primary key (node_id, biller_id)
);

create table shape_bills (
  node_id text not null,
  bill_id text not null,
  biller_id text not null,
  payer_name text,
  area text,
  currency text not null,
  amount_on_due bigint not null,
  amount_after_due bigint not null,
  -- YYYY-MM-DD, at the biller's place
  due_on text,
  status text not null check (status in ('open', 'beingPaid', 'paid')),
  primary key (node_id, bill_id)
);

-- A merchant's float is one for all of its nodes. `counted` is how far the node's own operations are in it.
create table shape_floats (
  node_id text not null,
  currency text not null,
  float_minor bigint not null,
  debt_minor bigint not null,
  counted bigint not null,
  primary key (node_id, currency)
);

select register_shape_table('shape_billers', 'billers');
select register_shape_table('shape_bills', 'bills');
select register_shape_table('shape_floats', 'floats');

create index agent_billers_by_biller on agent_billers (biller_id);

-- Who sees a bill: active nodes of merchants that take payments for its biller, in its area or in all.
create function bill_readers(biller text, bill_area text) returns table (node_id text) language sql stable as $$
  select n.id::text from agent_billers a join nodes n on n.merchant_id = a.merchant_id
  where a.biller_id = biller and n.status = 'active' and (a.area is null or a.area = bill_area)
$$;

-- Bills that its biller has withdrawn, or was paid for by another way, are seen no more.
create function bill_status(wanted bills) returns text language sql stable as $$
  select case
    when wanted.state <> 'open' then null
    else coalesce((select case p.state when 'advised' then 'beingPaid' else 'paid' end from bill_payments p
      where p.bill_id = wanted.id and p.state in ('advised', 'acknowledged')), 'open')
    end
$$;

create function project_bill(wanted text) returns void language plpgsql as $$
declare
  b bills;
  standing text;
begin
  select * into b from bills where id = wanted;
  if not found then
    return;
  end if;
  standing := bill_status(b);
  delete from shape_bills s where s.bill_id = wanted
    and (standing is null or s.node_id not in (select r.node_id from bill_readers(b.biller_id, b.area) r));
  if standing is null then
    return;
  end if;
  insert into shape_bills (node_id, bill_id, biller_id, payer_name, area, currency, amount_on_due, amount_after_due,
      due_on, status)
    select r.node_id, b.id, b.biller_id, b.payer_name, b.area, b.currency, b.amount_on_due_minor,
      b.amount_after_due_minor, b.due_on::text, standing
    from bill_readers(b.biller_id, b.area) r order by r.node_id
  on conflict (node_id, bill_id) do update set payer_name = excluded.payer_name, area = excluded.area,
    currency = excluded.currency, amount_on_due = excluded.amount_on_due, amount_after_due = excluded.amount_after_due,
    due_on = excluded.due_on, status = excluded.status;
end $$;
create index shape_bills_by_bill on shape_bills (bill_id);

create function project_changed_bill() returns trigger language plpgsql as $$
begin
  perform project_bill(new.id);
  return null;
end $$;
create function project_paid_bill() returns trigger language plpgsql as $$
begin
  perform project_bill(new.bill_id);
  return null;
end $$;
create trigger bills_projected after insert or update on bills for each row execute function project_changed_bill();
create trigger bill_payments_projected after insert or update of state on bill_payments
  for each row execute function project_paid_bill();

-- Everything that one node may see, anew: for a node that is new or was stopped, and for a merchant's billers that change.
create function project_bills_of_node(wanted uuid) returns void language plpgsql as $$
declare
  reader text := wanted::text;
begin
  delete from shape_bills where node_id = reader;
  delete from shape_billers where node_id = reader;
  delete from shape_floats where node_id = reader;
  insert into shape_billers (node_id, biller_id, name, prefix, own_digits, check_digit, time_zone, voucher_groups)
    select reader, b.id, b.name, b.prefix, b.own_digits, b.check_digit, b.time_zone,
      array_to_string(b.voucher_groups, ',')
    from nodes n join agent_billers a on a.merchant_id = n.merchant_id join billers b on b.id = a.biller_id
    where n.id = wanted and n.status = 'active' and b.status = 'active';
  insert into shape_bills (node_id, bill_id, biller_id, payer_name, area, currency, amount_on_due, amount_after_due,
      due_on, status)
    select reader, b.id, b.biller_id, b.payer_name, b.area, b.currency, b.amount_on_due_minor,
      b.amount_after_due_minor, b.due_on::text, bill_status(b)
    from nodes n join agent_billers a on a.merchant_id = n.merchant_id
    join bills b on b.biller_id = a.biller_id and (a.area is null or a.area = b.area)
    where n.id = wanted and n.status = 'active' and bill_status(b) is not null;
  insert into shape_floats (node_id, currency, float_minor, debt_minor, counted)
    select reader, f.currency, f.balance_minor, coalesce(-d.balance_minor, 0), n.last_sequence
    from nodes n join accounts f on f.kind = 'float' and f.owner = n.merchant_id
    left join accounts d on d.kind = 'external' and d.owner = 'agent-debt-' || n.merchant_id
      and d.currency = f.currency
    where n.id = wanted and n.status = 'active';
end $$;

create function project_new_node() returns trigger language plpgsql as $$
begin
  perform project_bills_of_node(new.id);
  return null;
end $$;
create trigger nodes_see_bills after insert or update of status on nodes
  for each row execute function project_new_node();

create function project_agent_billers() returns trigger language plpgsql as $$
begin
  perform project_bills_of_node(n.id) from nodes n
    where n.merchant_id = coalesce(new.merchant_id, old.merchant_id);
  return null;
end $$;
create trigger agent_billers_projected after insert or update or delete on agent_billers
  for each row execute function project_agent_billers();

create function project_biller() returns trigger language plpgsql as $$
begin
  perform project_bills_of_node(n.id) from nodes n join agent_billers a on a.merchant_id = n.merchant_id
    where a.biller_id = new.id;
  return null;
end $$;
create trigger billers_projected after update on billers for each row execute function project_biller();

-- The float's row tells how far each node's own operations are in it: what comes after, the node counts itself.
create function project_float() returns trigger language plpgsql as $$
declare
  agent text := case when new.kind = 'float' then new.owner else substr(new.owner, 12) end;
begin
  insert into shape_floats (node_id, currency, float_minor, debt_minor, counted)
    select n.id::text, new.currency,
      coalesce((select balance_minor from accounts f
        where f.kind = 'float' and f.owner = agent and f.currency = new.currency), 0),
      coalesce((select -balance_minor from accounts d
        where d.kind = 'external' and d.owner = 'agent-debt-' || agent and d.currency = new.currency), 0),
      n.last_sequence
    from nodes n where n.merchant_id = agent and n.status = 'active' order by n.id
  on conflict (node_id, currency) do update set float_minor = excluded.float_minor,
    debt_minor = excluded.debt_minor, counted = excluded.counted;
  return null;
end $$;
create trigger floats_projected after insert or update on accounts for each row
  when (new.kind = 'float' or (new.kind = 'external' and new.owner like 'agent-debt-%'))
  execute function project_float();
