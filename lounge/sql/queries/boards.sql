-- name: boards.ensure
-- Every specialty's boards, at each start: a catalogue that grew gets the ones it lacks.
with wanted as (
  select * from unnest($1::uuid[], $2::text[], $3::text[]) as w(stream, specialty, scope)
), begun as (
  insert into streams (id, kind) select stream, 'board' from wanted on conflict do nothing
  returning id
)
insert into boards (stream, specialty, scope)
select w.stream, w.specialty, w.scope from wanted w join begun b on b.id = w.stream
on conflict do nothing

-- name: boards.untold
-- Cases opened after $1 with posts that the boards have not been told of: what a node that died owed.
select c.id from cases c join streams s on s.id = c.room join rooms r on r.stream = c.room
where c.id > $1 and (s.posts > c.announced or c.rev > c.announced_rev) and not r.drill
order by c.id desc limit 200

-- name: boards.claim
-- One node tells; another that comes at the same moment passes on. The case is locked before any stream.
select c.id, c.room, c.specialty, c.announced, c.announced_rev, c.author from cases c where c.id = $1 for update skip locked

-- name: boards.state
-- Read after the case was claimed, so that it is not older than what somebody else has told.
select case_state(c.state, s.first_reply_at) as state, c.rev, c.urgency, c.outcome, s.last_at, s.posts, s.first_reply_at,
       r.audience, r.specialties
from streams s join rooms r on r.stream = s.id join cases c on c.room = s.id where s.id = $1

-- name: boards.told
update cases set announced = $2, announced_rev = $3 where id = $1

-- name: boards.feeds
-- Whom a case for a list of members is told on their own feed.
select m.feed from room_members r join members m on m.id = r.member where r.stream = $1 and m.state = 'active'

-- name: boards.followers
-- Who is told of this case on their own feed: its author and who asked for it, unless they muted it, may see it no more, or
-- did the last thing in it themselves.
select m.feed
from (
  select y.member from notify y where y.stream = $1 and y.mode = 'follow'
  union
  select c.author from cases c
  where c.room = $1 and not exists (select from notify y where y.stream = $1 and y.member = c.author and y.mode = 'mute')
) w
join members m on m.id = w.member and m.state = 'active'
join rooms r on r.stream = $1
left join participants p on p.stream = $1 and p.member = m.id
where p.n is distinct from (select e.author from events e where e.stream = $1 order by e.seq desc limit 1)
  and sees(m.id, circles(m.specialties, m.country, m.languages), r.stream, r.audience, r.specialties)
order by m.id limit 500
