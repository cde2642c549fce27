-- why: what a callback tells is found again by the id of the request or operation that called for it
-- expands: a column that may be empty, which the version before does not name
alter table callbacks add column correlation_id text check (length(correlation_id) <= 100);
