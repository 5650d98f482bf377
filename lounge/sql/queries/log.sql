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
-- What follows a number, in order, up to about $4 bytes; ref recognises an own message.
select * from (
  select seq, kind, author, at, target, data, substr(sha256(convert_to(key::text, 'UTF8')), 1, 8) as ref,
         sum(octet_length(data::text)) over (order by seq) - octet_length(data::text) as before
  from events where stream = $1 and seq > $2 order by seq limit $3
) e where e.before < $4 order by seq

-- name: log.missed
-- The head and what follows a number, in one snapshot; a stream without news answers one row without an event.
select s.head, e.*
from streams s left join lateral (
  select * from (
    select seq, kind, author, at, target, data, substr(sha256(convert_to(key::text, 'UTF8')), 1, 8) as ref,
           sum(octet_length(data::text)) over (order by seq) - octet_length(data::text) as before
    from events where stream = s.id and seq > $2 order by seq limit $3
  ) x where x.before < $4
) e on true
where s.id = $1 order by e.seq

-- name: log.before
-- Older messages as they stand with the head at which they stood, newest first; one row without a message if none.
select s.head, m.*
from streams s left join lateral (
  select * from (
    select seq, author, at, ref, reply_to, rev, edited_at, redacted, reactions, mentions, pinned, note, body,
           sum(octet_length(body)) over (order by seq desc) - octet_length(body) as before,
           lead(seq) over (order by seq desc) is null as last
    from messages where stream = s.id and seq < $2 order by seq desc limit $3
  ) x where x.before < $4
) m on true
where s.id = $1 order by m.seq desc

-- name: log.pins
-- The pinned messages of a room, with the head at which they were.
select s.head, array(select m.seq from messages m where m.stream = s.id and m.pinned order by m.seq) as pins
from streams s where s.id = $1

-- name: log.after
-- Newer messages likewise, oldest first.
select s.head, m.*
from streams s left join lateral (
  select * from (
    select seq, author, at, ref, reply_to, rev, edited_at, redacted, reactions, mentions, pinned, note, body,
           sum(octet_length(body)) over (order by seq) - octet_length(body) as before,
           lead(seq) over (order by seq) is null as last
    from messages where stream = s.id and seq > $2 order by seq limit $3
  ) x where x.before < $4
) m on true
where s.id = $1 order by m.seq

-- name: log.thread
-- A message and all that answers it, directly or not, with numbers above $3, oldest first.
with recursive thread as (
  select m.seq from messages m where m.stream = $1 and m.seq = $2
  union
  select m.seq from thread t join messages m on m.stream = $1 and m.reply_to = t.seq
)
select s.head, m.*
from streams s left join lateral (
  select * from (
    select seq, author, at, ref, reply_to, rev, edited_at, redacted, reactions, mentions, pinned, note, body,
           sum(octet_length(body)) over (order by seq) - octet_length(body) as before,
           lead(seq) over (order by seq) is null as last
    from (
      select x.* from messages x join thread t on t.seq = x.seq
      where x.stream = s.id and x.seq > $3 order by x.seq limit $4
    ) page order by seq
  ) x where x.before < $5
) m on true
where s.id = $1 order by m.seq

-- name: log.versions
select body, at from message_versions where stream = $1 and seq = $2 order by replaced_by

-- name: log.message
select seq, author, rev, redacted from messages where stream = $1 and seq = $2

-- name: log.people
select n, alias, label from participants where stream = $1 and n = any($2::bigint[]) order by n

-- name: log.state
select state from streams where id = $1
