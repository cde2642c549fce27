-- why: a till says by a signed operation that it has given cash back, and that is recorded once

-- Which of a node's payments was given back, and by which of its operations. One that is nobody's bill is in no other list.
create table bill_give_backs (
  node_id uuid not null,
  payment_hash bytea not null,
  operation_hash bytea not null,
  primary key (node_id, payment_hash),
  unique (node_id, operation_hash),
  foreign key (node_id, payment_hash) references operations (node_id, hash),
  foreign key (node_id, operation_hash) references operations (node_id, hash)
);

create index bill_payments_of_node on bill_payments (node_id, id) where node_id is not null;
create index journal_fundings_of_floats on journal_entries (id) where kind = 'fund-float';
