-- why: The console lists operations, the newest first, however many there are.

create index operations_by_time on operations (received_at, encode(hash, 'hex'));
