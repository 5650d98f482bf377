-- name: drill.events
-- What stands in some streams, but for the words.
select stream::text as stream, seq, kind, substr(sha256(convert_to(key::text, 'UTF8')), 1, 8) as ref
from events where stream = any($1::uuid[]) order by stream, seq

-- name: drill.heads
select id::text as stream, head from streams where id = any($1::uuid[])
