-- why: an agent's till is told which programmes it serves and in which areas, so that the agent can choose on the screen

-- The areas that payees of a programme were ever registered in.
create table programme_areas (
  institution_id text not null references institutions,
  program_id text not null check (char_length(program_id) between 1 and 20),
  area text not null check (char_length(area) between 1 and 50),
  primary key (institution_id, program_id, area)
);
insert into programme_areas (institution_id, program_id, area)
  select distinct institution_id, program_id, area from payees where program_id is not null and area is not null;

-- A till that serves one area is told of that one only.
create function publish_programmes(nodes uuid[]) returns void language sql as $$
  insert into shape_trust (node_id, kind, version, document)
    select n.id::text, 'programmes', 1, coalesce(
      (select jsonb_agg(jsonb_build_object(
          'programme', g.program_id,
          'area', g.area,
          'areas', case when g.area is not null then '[]'::jsonb else coalesce(
            (select jsonb_agg(a.area order by a.area) from (
              select area from programme_areas
              where institution_id = g.institution_id and program_id = g.program_id order by area limit 200) a),
            '[]'::jsonb) end) order by g.program_id)
       from node_programmes g where g.node_id = n.id), '[]'::jsonb)::text
    from (select distinct id from unnest(nodes) as id order by id) n
  on conflict (node_id, kind) do update
    set version = shape_trust.version + 1, document = excluded.document
    where shape_trust.document <> excluded.document
$$;

create function publish_programmes_of_nodes() returns trigger language plpgsql as $$
begin
  perform publish_programmes((select array_agg(distinct node_id) from changed));
  return null;
end $$;
create trigger programmes_granted after insert on node_programmes referencing new table as changed
  for each statement execute function publish_programmes_of_nodes();
create trigger programmes_taken_away after delete on node_programmes referencing old table as changed
  for each statement execute function publish_programmes_of_nodes();

create function publish_areas() returns trigger language plpgsql as $$
begin
  perform publish_programmes((
    select array_agg(distinct g.node_id) from node_programmes g
    join changed c using (institution_id, program_id) where g.area is null));
  return null;
end $$;
create trigger areas_added after insert on programme_areas referencing new table as changed
  for each statement execute function publish_areas();

create function keep_areas() returns trigger language plpgsql as $$
begin
  insert into programme_areas (institution_id, program_id, area)
    select distinct c.institution_id, c.program_id, c.area from changed c
    where c.program_id is not null and c.area is not null and not exists (
      select from programme_areas a
      where a.institution_id = c.institution_id and a.program_id = c.program_id and a.area = c.area)
    order by 1, 2, 3
    on conflict do nothing;
  return null;
end $$;
create trigger payees_keep_areas after insert on payees referencing new table as changed
  for each statement execute function keep_areas();
create trigger payees_keep_changed_areas after update on payees referencing new table as changed
  for each statement execute function keep_areas();

select publish_programmes(array(select distinct node_id from node_programmes));
