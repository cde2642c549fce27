-- why: agents' nodes look payees up offline: which programme and area a node serves, and its payees as a shape, sealed for it

create table node_programmes (
  node_id uuid not null references nodes,
  program_id text not null check (char_length(program_id) between 1 and 20),
  institution_id text not null references institutions,
  -- null serves every area of the programme
  area text check (char_length(area) between 1 and 50),
  granted_by text not null,
  granted_at timestamptz not null default clock_timestamp(),
  primary key (node_id, program_id)
);
create index node_programmes_by_programme on node_programmes (institution_id, program_id);

-- Index and record are under a key of the node's own: nothing of a payee can be read here.
create table shape_beneficiaries (
  node_id text not null,
  payee bigint not null,
  payee_index text not null,
  version int not null,
  sealed text not null,
  primary key (node_id, payee)
);
create index shape_beneficiaries_by_payee on shape_beneficiaries (payee);
select register_shape_table('shape_beneficiaries', 'beneficiaries');
