-- why: leases that come by the thousands are stored at once, and their signatures are looked at afterwards

-- Rows as they came, some at a time, sealed under the till's own key; gone once they were looked at.
create table lease_arrivals (
  arrival integer primary key autoincrement,
  sealed blob not null
) strict;

-- where its row lies until then; `sealed` is empty meanwhile
alter table leases add column arrival integer;
create index arrived_leases on leases (arrival) where arrival is not null;
