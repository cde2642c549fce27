-- why: the agent chooses among the programmes and areas that this till serves, as the server told them

create table served_programmes (
  programme text primary key,
  -- null serves every area
  area text,
  -- those to choose among where every area is served: a list in JSON
  areas text not null
) strict;
