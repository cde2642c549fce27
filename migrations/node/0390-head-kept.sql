-- why: a till whose head file was written once and is gone has lost it, also before its first operation: what looks like a
-- till that is new may be an old copy of its database
alter table node add column head_kept integer not null default 0 check (head_kept in (0, 1));
