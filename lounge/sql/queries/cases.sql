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
insert into rooms (stream, kind, title, audience, specialties, case_id, drill, language)
values ($1, 'case', $2, $3, $4, $5, $6, $7)

-- name: cases.members
insert into room_members (stream, member) select $1, m from unnest($2::uuid[]) m

-- name: cases.author
insert into participants (stream, n, member, alias, label) values ($1, 1, $2, $3, $4)

-- name: cases.open
insert into cases (id, room, author, key, digest, label, title, specialty, urgency, presentation, question, summary, licence,
                   opened_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::json, $13, date_trunc('milliseconds', clock_timestamp()))
returning opened_at

-- name: cases.known
select id, digest from cases where author = $1 and key = $2

-- name: cases.handles
-- The members behind these handles, and their feeds: in the order of ids, as all locks are.
select id, handle, feed from members where handle = any($1::text[]) and state = 'active' order by id

-- name: cases.one
-- A case as one member may see it; no row where there is none, or none for them.
select c.id, c.room, c.title, c.specialty, c.urgency, r.audience, case_state(c.state, s.first_reply_at) as state, c.label,
       c.opened_at, s.last_at, s.posts, s.first_reply_at, c.rev, c.outcome, r.language, c.author = $2 as mine,
       coalesce(y.mode, 'normal') as notify,
       c.presentation, c.question, c.summary, c.licence, c.views, c.diagnosis, c.learned, c.accepted, c.resolved_at,
       (select min(f.days) from follow_ups f where f.case_id = c.id and f.asked_at is not null and f.answered_at is null)
         as follow_up
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room
left join notify y on y.stream = c.room and y.member = $2
where c.id = $1 and sees($2, $3::text[], c.room, r.audience, r.specialties)

-- name: cases.lines
-- Newest first by id, which begins with the time of opening. A null filter lets all pass. Drills are in no list.
select c.id, c.room, c.title, c.specialty, c.urgency, r.audience, case_state(c.state, s.first_reply_at) as state, c.label,
       c.opened_at, s.last_at, s.posts, s.first_reply_at, c.rev, c.outcome, r.language, c.author = $1 as mine,
       coalesce(y.mode, 'normal') as notify
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room
left join notify y on y.stream = c.room and y.member = $1
where not r.drill
  and ($3::uuid is null or c.id < $3)
  and ($4::text[] is null or in_states(c.state, s.first_reply_at, $4))
  and ($5::text[] is null or c.specialty = any($5))
  and ($6::text[] is null or c.urgency = any($6))
  and ($7::boolean is null or (s.first_reply_at is null and c.state in ('open', 'reopened')) = $7)
  and ($8::boolean is null or (c.author = $1) = $8)
  and ($9::boolean is null or (y.mode is not distinct from 'follow') = $9)
  and (c.state <> 'withdrawn' or c.author = $1)
  and sees($1, $2::text[], c.room, r.audience, r.specialties)
order by c.id desc limit $10

-- name: cases.waiting
-- The same, those that wait longest first.
select c.id, c.room, c.title, c.specialty, c.urgency, r.audience, case_state(c.state, s.first_reply_at) as state, c.label,
       c.opened_at, s.last_at, s.posts, s.first_reply_at, c.rev, c.outcome, r.language, c.author = $1 as mine,
       coalesce(y.mode, 'normal') as notify
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room
left join notify y on y.stream = c.room and y.member = $1
where not r.drill
  and ($3::uuid is null or c.id > $3)
  and ($4::text[] is null or in_states(c.state, s.first_reply_at, $4))
  and ($5::text[] is null or c.specialty = any($5))
  and ($6::text[] is null or c.urgency = any($6))
  and ($7::boolean is null or (s.first_reply_at is null and c.state in ('open', 'reopened')) = $7)
  and ($8::boolean is null or (c.author = $1) = $8)
  and ($9::boolean is null or (y.mode is not distinct from 'follow') = $9)
  and (c.state <> 'withdrawn' or c.author = $1)
  and sees($1, $2::text[], c.room, r.audience, r.specialties)
order by c.id limit $10

-- name: cases.of_room
-- The case whose line the boards tell; none for a drill.
select c.id from cases c join rooms r on r.stream = c.room where c.room = $1 and not r.drill

-- name: cases.remove_drills
select remove_drills($1)

-- name: cases.of_member
-- A case that a member may see, to judge what they may do with it; n where they take part in its room.
select c.id, c.room, c.author, c.state, s.first_reply_at, p.n
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room
left join participants p on p.stream = c.room and p.member = $2
where c.id = $1 and sees($2, $3::text[], c.room, r.audience, r.specialties)

-- name: cases.hold
-- A case to be changed: locked before any stream.
select c.id, c.room, c.state, c.rev, c.specialty, r.audience, r.specialties, r.drill, s.first_reply_at
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room
where c.id = $1 for update of c

-- name: cases.changed_by
-- Whether this key changed this room before, and to what.
select e.seq, e.digest from events e where e.stream = $1 and e.author = $2 and e.key = $3

-- name: cases.to_state
update cases set state = $2, rev = rev + 1 where id = $1

-- name: cases.resolve
update cases
set state = 'resolved', rev = rev + 1, outcome = $2, diagnosis = $3, learned = $4, accepted = $5,
    resolved_at = date_trunc('milliseconds', clock_timestamp())
where id = $1 returning resolved_at

-- name: cases.reopen
update cases set state = 'reopened', rev = rev + 1, outcome = null, accepted = null, resolved_at = null where id = $1

-- name: cases.correct
update cases
set rev = rev + 1, digest = null, title = coalesce($2, title), urgency = coalesce($3, urgency), presentation = coalesce($4, presentation),
    question = coalesce($5, question), diagnosis = coalesce($6, diagnosis), learned = coalesce($7, learned),
    summary = coalesce($8::json, summary)
where id = $1 returning rev

-- name: cases.forget_digests
-- A digest of what was corrected would let a guess at it be tested.
update events set digest = null where stream = $1 and kind in ('resolved', 'corrected')

-- name: cases.retitle_room
update rooms set title = $2 where stream = $1

-- name: cases.retitle_lines
-- What boards and feeds said of the case before says no longer what it was called.
update events e set data = (e.data::jsonb || jsonb_build_object('title', ''))::json
where e.stream = any($1::uuid[]) and e.author = 0 and e.key = any($2::uuid[]) and e.kind in ('case.opened', 'case.retitled')

-- name: cases.view
-- Counted once a member, and never the author's own.
with seen as (
  insert into case_views (case_id, member) select c.id, $2 from cases c where c.id = $1 and c.author <> $2
  on conflict do nothing returning case_id
)
update cases c set views = views + 1 from seen where c.id = seen.case_id

-- name: cases.ask_later
insert into follow_ups (case_id, days, due_at)
select $1, d, $3::timestamptz + make_interval(days => d) from unnest($2::int[]) d
on conflict (case_id, days) do update set due_at = excluded.due_at, asked_at = null, answered_at = null

-- name: cases.ask_no_more
delete from follow_ups where case_id = $1 and answered_at is null

-- name: cases.due_follow_ups
-- One node asks; another that comes at the same moment passes on.
select f.case_id, f.days, m.feed
from follow_ups f join cases c on c.id = f.case_id join members m on m.id = c.author
where f.due_at <= $1 and f.asked_at is null and f.answered_at is null
order by f.case_id, f.days limit $2 for update of f skip locked

-- name: cases.asked
update follow_ups f set asked_at = $3 from unnest($1::uuid[], $2::int[]) as d(case_id, days)
where f.case_id = d.case_id and f.days = d.days

-- name: cases.answered
-- One answer answers all that was asked so far, and what falls due within the day.
update follow_ups set answered_at = $2
where case_id = $1 and answered_at is null and due_at <= $2::timestamptz + interval '1 day'
