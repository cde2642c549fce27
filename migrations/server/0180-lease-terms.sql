-- why: a node holds no more leases than its operator allows, and a lease whose end its issuer named is not renewed

-- Of those that are open at once; an operator sets it.
alter table nodes add column most_leases int not null default 1000 check (most_leases >= 0);

alter table leases add column renewable boolean not null default true;
