-- why: two people may give up what was never sent, so that a till that cannot reach its server any more can be wiped

create table write_offs (
  id integer primary key,
  -- the last operation that is given up; those that the server has are not concerned
  up_to_sequence integer not null check (up_to_sequence > 0),
  -- as it was shown to both
  amount text not null,
  because text not null check (because <> ''),
  proposed_by text not null check (proposed_by <> ''),
  proposed_ms integer not null,
  decided_by text check (decided_by <> proposed_by),
  decided_ms integer,
  check ((decided_by is null) = (decided_ms is null))
) strict;

create trigger write_offs_are_decided_once before update on write_offs
when old.decided_by is not null
  or (new.up_to_sequence, new.amount, new.because, new.proposed_by, new.proposed_ms)
    is not (old.up_to_sequence, old.amount, old.because, old.proposed_by, old.proposed_ms)
begin
  select raise(abort, 'what was proposed stays, and is decided once');
end;
