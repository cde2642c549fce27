-- why: operators see which version of the program a node runs and what waits on it, as it told with its last session
-- expands: a new table; a node that tells nothing has no row

create table node_reports (
  node_id uuid primary key references nodes,
  at timestamptz not null default clock_timestamp(),
  version text not null check (length(version) between 1 and 32),
  -- operations that this server had not confirmed
  waiting bigint not null check (waiting >= 0),
  -- by the node's own clock
  oldest_at timestamptz,
  -- what they redeem or pay: a list of {currency, amountMinor}, the amount in decimal digits
  worth jsonb not null check (jsonb_typeof(worth) = 'array')
);
