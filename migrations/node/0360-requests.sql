-- why: what a page asks for again after a lost answer is done once: its id is kept in the transaction of what it did; and a voucher's redemptions are found without reading all

create table requests (
  -- made by the page before it asked
  id text primary key check (length(id) = 36),
  name text not null,
  -- of the request without its secrets: the same id for something else is refused
  digest blob not null check (length(digest) = 32),
  -- as JSON
  answer text not null,
  -- where what was done is an operation: what became of that is part of the answer
  sequence integer references operations,
  at_ms integer not null
) strict, without rowid;
create index requests_by_time on requests (at_ms);

-- A voucher's redemptions are looked up for each that is checked and each lease that is listed, rejected ones too.
create index redemptions_by_serial on redemptions (serial);
create index ended_redemptions on redemptions (serial, epoch_generation, epoch_n) where live = 0;
