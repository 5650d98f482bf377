-- name: demo.seeded
select exists (select from events where stream = $1 and kind = 'demo.seeded')

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
