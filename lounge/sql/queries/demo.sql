-- name: demo.done
select exists (select from events where stream = $1 and kind = $2)

-- name: demo.lounge
-- A standing room, made once.
with begun as (insert into streams (id, kind) values ($1, 'room') on conflict do nothing returning id)
insert into rooms (stream, kind, lounge_group, title, audience, specialties) select id, 'lounge', 'general', $2, $3, $4 from begun

-- name: demo.date_events
-- As the owner: events of the spans ]after, upto] get the times that the story gives them.
update events e set at = d.at
from unnest($2::bigint[], $3::bigint[], $4::timestamptz[]) as d(after, upto, at)
where e.stream = $1 and e.seq > d.after and e.seq <= d.upto

-- name: demo.date_messages
update messages m set at = e.at from events e where m.stream = $1 and e.stream = m.stream and e.seq = m.seq

-- name: demo.date_stream
update streams s
set last_at = (select max(at) from events e where e.stream = s.id),
    first_reply_at = (
      select min(m.at) from messages m where m.stream = s.id and s.asker is not null and m.author not in (0, s.asker))
where s.id = $1

-- name: demo.date_case
-- Whatever happened to it is told already: it is older than whoever looks.
update cases c set opened_at = $2, announced = s.posts, announced_rev = c.rev from streams s where c.id = $1 and s.id = c.room

-- name: demo.date_line
update events e
set at = $2,
    data = (e.data::jsonb || jsonb_build_object('opened_at', $3::bigint, 'last_at', $3::bigint))::json
where e.kind = 'case.opened' and e.author = 0 and e.key = $1

-- name: demo.date_resolution
-- Not where it was reopened since, by a start that was broken off.
update cases set resolved_at = $2 where id = $1 and state = 'resolved'

-- name: demo.date_follow_ups
update follow_ups set due_at = $2::timestamptz + make_interval(days => days) where case_id = $1

-- name: demo.case
-- A case of the story, by its author and the key with which it was opened.
select c.id, c.opened_at, s.first_reply_at from cases c join streams s on s.id = c.room where c.author = $1 and c.key = $2

-- name: demo.search
-- As the owner: how the search for a case went, with its pages and its steps; nothing where there is one.
with begun as (
  insert into escalations (case_id, state, policy, step, turn, wanted, acks, opened_at, paged_at, acknowledged_at, ended_at, raised)
  select c.id, $2, $3::json, $4, cardinality($23::int[]), $5, $6, c.opened_at, $7, $8, $9, $10 from cases c where c.id = $1
  on conflict do nothing
  returning case_id
), asked as (
  insert into pages (id, case_id, member, turn, state, reason, why, duty_version, label,
                     paged_at, delivered_at, seen_at, acknowledged_at, ended_at)
  select p.id, begun.case_id, p.member, p.turn, p.state, p.reason, string_to_array(p.why, chr(31)), 1, p.label,
         p.paged_at, p.delivered_at, p.seen_at, p.acknowledged_at, p.ended_at
  from begun, unnest($11::uuid[], $12::uuid[], $13::int[], $14::text[], $15::text[], $16::text[], $17::text[],
                     $18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[])
    as p(id, member, turn, state, reason, why, label, paged_at, delivered_at, seen_at, acknowledged_at, ended_at)
)
insert into turns (case_id, turn, step, kind, at, due_at, people)
select begun.case_id, t.turn, t.step, t.kind, t.at, t.at, t.people
from begun, unnest($23::int[], $24::int[], $25::text[], $26::timestamptz[], $27::int[]) as t(turn, step, kind, at, people)

-- name: demo.borne
-- What everybody bore and took on, by what is told of it.
update duties d set asked = p.asked, acknowledged = p.acknowledged
from (select member, count(*) as asked, count(acknowledged_at) as acknowledged from pages group by member) p
where d.member = p.member
