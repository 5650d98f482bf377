-- name: cases.crowd
-- How many members share a label, from the finest to the coarsest.
select count(*) filter (where $1 = any(specialties) and country = $2) as country,
       count(*) filter (where $1 = any(specialties) and country = any($3::text[])) as region,
       count(*) filter (where $1 = any(specialties)) as specialty,
       count(*) as all
from members where state = 'active' and specialties && $4::text[]

-- name: cases.room
-- A room to be filled in the same transaction: its author is participant 1, whose question it is.
insert into streams (id, kind, asker, people) values ($1, 'room', 1, 1)

-- name: cases.audience
insert into rooms (stream, kind, title, audience, specialties, case_id, drill) values ($1, 'case', $2, $3, $4, $5, $6)

-- name: cases.members
insert into room_members (stream, member) select $1, m from unnest($2::uuid[]) m

-- name: cases.author
insert into participants (stream, n, member, alias, label) values ($1, 1, $2, $3, $4)

-- name: cases.open
insert into cases (id, room, author, key, digest, label, title, specialty, urgency, presentation, question, opened_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, date_trunc('milliseconds', clock_timestamp()))
returning opened_at

-- name: cases.known
select id, digest from cases where author = $1 and key = $2

-- name: cases.handles
-- The members behind these handles, and their feeds: in the order of ids, as all locks are.
select id, handle, feed from members where handle = any($1::text[]) and state = 'active' order by id

-- name: cases.one
-- A case as one member may see it; no row where there is none, or none for them.
select c.id, c.room, c.title, c.specialty, c.urgency, r.audience, s.state, c.label, c.opened_at, s.last_at,
       s.posts, s.first_reply_at, c.author = $2 as mine, c.presentation, c.question
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room
where c.id = $1 and sees($2, $3::text[], c.room, r.audience, r.specialties)

-- name: cases.lines
-- Newest first by id, which begins with the time of opening. A null filter lets all pass. Drills are in no list.
select c.id, c.room, c.title, c.specialty, c.urgency, r.audience, s.state, c.label, c.opened_at, s.last_at,
       s.posts, s.first_reply_at, c.author = $1 as mine
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room
where not r.drill
  and ($3::uuid is null or c.id < $3)
  and ($4::text is null or s.state = $4)
  and ($5::text[] is null or c.specialty = any($5))
  and ($6::text[] is null or c.urgency = any($6))
  and ($7::boolean is null or (s.first_reply_at is null) = $7)
  and ($8::boolean is null or (c.author = $1) = $8)
  and sees($1, $2::text[], c.room, r.audience, r.specialties)
order by c.id desc limit $9

-- name: cases.of_room
-- The case whose line the boards tell; none for a drill.
select c.id from cases c join rooms r on r.stream = c.room where c.room = $1 and not r.drill

-- name: cases.remove_drills
select remove_drills($1)
