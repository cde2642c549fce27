-- why: a snapshot's rows went to the server and came back as chunks, which took longer than reading them
-- expands: one function

-- Writes down what `query` tells of a node, a JSON message in each row, as chunks of a snapshot. Each is an array and ends
-- with the message that reaches `chunk_bytes`; `ending` ends the last. Gives the first chunk and how many there are. Where
-- it is the only one nothing is written down.
create function write_shape_snapshot(
  snapshot_handle text, query text, reader text, chunk_bytes int, ending text,
  out first_chunk text, out chunk_count int
) language plpgsql as $$
declare
  message text;
  messages text[] := '{}';
  bytes int := 0;
  told text;
begin
  chunk_count := 0;
  for message in execute query using reader loop
    if bytes >= chunk_bytes then
      told := '[' || array_to_string(messages, ',') || ']';
      first_chunk := coalesce(first_chunk, told);
      insert into shape_snapshot_chunks (handle, chunk, body) values (snapshot_handle, chunk_count, told);
      chunk_count := chunk_count + 1;
      messages := '{}';
      bytes := 0;
    end if;
    messages := messages || message;
    bytes := bytes + octet_length(message);
  end loop;
  told := '[' || array_to_string(messages || ending, ',') || ']';
  first_chunk := coalesce(first_chunk, told);
  if chunk_count > 0 then
    insert into shape_snapshot_chunks (handle, chunk, body) values (snapshot_handle, chunk_count, told);
  end if;
  chunk_count := chunk_count + 1;
end $$;
