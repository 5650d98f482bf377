-- name: log.append
-- One batch, one round trip: see migrations/0002_append.
select ord, status, seq, at from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9) order by ord

-- name: log.enter
select status, n, seq, at from enter_stream($1, $2, $3, $4, $5)

-- name: log.head
select head from streams where id = $1

-- name: log.heads
-- The sweep: which of these streams has gone on without us?
select id, head from streams where id = any($1::uuid[])

-- name: log.events
-- What follows a number, in order; ref recognises an own message.
select seq, kind, author, at, data, substr(sha256(convert_to(key::text, 'UTF8')), 1, 8) as ref
from events where stream = $1 and seq > $2 order by seq limit $3

-- name: log.before
-- Older messages as they stand, newest first.
select seq, author, at, ref, reply_to, rev, edited_at, redacted, reactions, body
from messages where stream = $1 and seq < $2 order by seq desc limit $3

-- name: log.after
-- Newer messages as they stand, oldest first.
select seq, author, at, ref, reply_to, rev, edited_at, redacted, reactions, body
from messages where stream = $1 and seq > $2 order by seq limit $3

-- name: log.message
select seq, author, rev, redacted from messages where stream = $1 and seq = $2

-- name: log.people
select n, alias, label from participants where stream = $1 and n = any($2::bigint[]) order by n
