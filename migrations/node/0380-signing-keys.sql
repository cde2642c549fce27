-- why: the till's key is replaced without a new enrolment, and a till that is stopped at any moment goes on under the right key

-- Kept before anything is sent; from `key_from` on this key signs.
create table signing_keys (
  number integer primary key,
  key_from integer not null check (key_from >= 1),
  public_key blob not null,
  sealed_seed blob not null,
  after_hash blob not null,
  by_old blob not null,
  by_new blob not null,
  -- what the server signed for it; null until it has answered
  certificate blob
) strict;
