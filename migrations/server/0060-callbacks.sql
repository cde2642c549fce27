-- why: callbacks are rows of their own, written with the change that they tell of, until their receiver has answered

create table callbacks (
  id bigint generated always as identity primary key,
  institution_id text not null references institutions,
  kind text not null check (kind in ('batch', 'command', 'redemption')),
  -- the batch, command or redemption request that it tells of; the body is composed when it is sent
  subject bigint not null,
  url text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'undeliverable')),
  requested_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  last_tried_at timestamptz,
  last_status int,
  last_error text,
  delivered_at timestamptz,
  unique (kind, subject),
  constraint delivered_when_it_was check ((state = 'delivered') = (delivered_at is not null))
);
create index waiting_callbacks on callbacks (requested_at) where state = 'waiting';
create index undelivered_callbacks on callbacks (institution_id, id) where state <> 'delivered';

alter table institutions
  -- `phee`: acknowledged with 202 and called back with PUT, as that implementation's clients expect
  add column profile text not null default 'govstack' check (profile in ('govstack', 'phee'));
