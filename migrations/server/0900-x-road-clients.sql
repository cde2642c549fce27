-- why: Callers that come by way of an X-Road security server are named by their X-Road identifier; each is bound to one
-- institution here, with the scopes that it has, since it brings no token of its own.

create table x_road_clients (
  client text primary key check (client ~ '^[^/]+/[^/]+/[^/]+/[^/]+$'),
  institution_id text not null references institutions,
  scopes text[] not null check (cardinality(scopes) > 0)
);
