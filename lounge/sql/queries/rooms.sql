-- name: rooms.access
-- What a member may see of a stream and as whom; no row where there is nothing, or nothing for them.
select s.id as stream, s.kind, s.state, s.head, r.kind as room_kind, r.title, r.case_id, s.asker, p.n, coalesce(v.seq, 0) as seen
from streams s
left join rooms r on r.stream = s.id
left join boards b on b.stream = s.id
left join participants p on p.stream = s.id and p.member = $2
left join seen v on v.stream = s.id and v.member = $2
where s.id = $1 and case s.kind
  when 'room' then sees($2, $3::text[], r.stream, r.audience, r.specialties)
  when 'board' then b.scope = 'all' or b.specialty = any($3::text[])
  when 'feed' then s.id = $4
  else false end

-- name: rooms.mine
-- The lounges open to a member, the rooms they were invited to, and the case rooms in which they take part, by id.
select s.id as stream, r.kind, r.lounge_group, r.title, s.state, s.head, s.posts, r.case_id, r.retention_days, r.language,
       coalesce(nullif(s.last_at, '-infinity'), to_timestamp(0)) as last_at, p.n, coalesce(v.seq, 0) as seen, coalesce(y.mode, 'normal') as notify, u.unread, others.names
from rooms r
join streams s on s.id = r.stream
left join participants p on p.stream = r.stream and p.member = $1
left join seen v on v.stream = r.stream and v.member = $1
left join notify y on y.stream = r.stream and y.member = $1
cross join lateral (
  select count(*) as unread from (
    select from messages m
    where m.stream = r.stream and m.seq > coalesce(v.seq, 0) and m.author is distinct from p.n limit 100
  ) few
) u
left join lateral (
  select string_agg(o.alias, ', ' order by o.n) as names
  from participants o where r.kind in ('direct', 'consult') and o.stream = r.stream and o.member <> $1
) others on true
where (r.kind <> 'case' or p.n is not null) and not r.drill
  and sees($1, $2::text[], r.stream, r.audience, r.specialties)
  and ($3::uuid is null or r.stream > $3)
order by r.stream limit $4

-- name: rooms.notify
insert into notify (member, stream, mode) values ($1, $2, $3)
on conflict (member, stream) do update set mode = excluded.mode

-- name: rooms.notify_normally
delete from notify where member = $1 and stream = $2

-- name: rooms.begin
-- A room of a few, all of whom take part from the start.
with begun as (insert into streams (id, kind, people) values ($1, 'room', $2))
insert into rooms (stream, kind, title, audience, retention_days, language) values ($1, $3, $4, 'members', $5, $6)

-- name: rooms.invite
insert into room_members (stream, member) select $1, m from unnest($2::uuid[]) m

-- name: rooms.take_part
insert into participants (stream, n, member, alias, label)
select $1, p.n, p.member, p.alias, p.label
from unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[]) as p(n, member, alias, label)

-- name: rooms.begun
-- What was asked when this room was opened, by its first event.
select e.digest from events e where e.stream = $1 and e.seq = 1

-- name: rooms.members
select id, handle, specialties, country, feed from members where handle = any($1::text[]) and state = 'active' order by id

-- name: rooms.participants
-- Who some participants of a room are, to invite them elsewhere: never told on the wire.
select p.n, p.alias, p.label, m.id, m.feed from participants p join members m on m.id = p.member
where p.stream = $1 and (p.n = any($2::bigint[]) or p.member = $3) and m.state = 'active' order by m.id

-- name: rooms.lounges
-- The standing rooms, made at the first start that knows them; a title that changed is taken over.
with wanted as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    as w(stream, lounge_group, title, audience, circle, language)
), begun as (
  insert into streams (id, kind) select stream, 'room' from wanted on conflict do nothing
)
insert into rooms (stream, kind, lounge_group, title, audience, specialties, language)
select stream, 'lounge', lounge_group, title, audience, string_to_array(circle, ' '), language from wanted
on conflict (stream) do update set title = excluded.title, specialties = excluded.specialties, language = excluded.language
where (rooms.title, rooms.specialties, rooms.language)
  is distinct from (excluded.title, excluded.specialties, excluded.language)

-- name: rooms.owed_mentions
-- Calls that were not told yet, one node at a time; the author never learns whether they arrived.
select u.stream, u.seq, u.n from untold_mentions u order by u.stream, u.seq, u.n limit $1 for update skip locked

-- name: rooms.called
-- Whom a call is for, and on which feed: nobody who muted the room, or can no longer see it.
select u.stream, u.seq, u.n, m.feed, r.case_id
from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as u(stream, seq, n)
join participants p on p.stream = u.stream and p.n = u.n
join members m on m.id = p.member and m.state = 'active'
join rooms r on r.stream = u.stream
where not exists (select from notify y where y.member = m.id and y.stream = u.stream and y.mode = 'mute')
  and sees(m.id, circles(m.specialties, m.country, m.languages), u.stream, r.audience, r.specialties)

-- name: rooms.mentions_told
delete from untold_mentions u using unnest($1::uuid[], $2::bigint[], $3::bigint[]) as t(stream, seq, n)
where u.stream = t.stream and u.seq = t.seq and u.n = t.n

-- name: rooms.with_retention
-- Rooms that hold texts older than they are to keep.
select r.stream, r.retention_days from rooms r
where r.retention_days is not null and exists (
  select from messages m where m.stream = r.stream and m.seq > r.expired_upto
    and m.at < $1::timestamptz - make_interval(days => r.retention_days))
order by r.stream limit 100

-- name: rooms.expire
select after, upto from expire_texts($1, $2)

-- name: rooms.see
-- A seen mark never runs past the head, and backwards only where what comes after it is to count as unread again.
insert into seen (member, stream, seq)
select $1, s.id, least($3, s.head) from streams s where s.id = $2
on conflict (member, stream) do update set seq = case when $4 then excluded.seq else greatest(seen.seq, excluded.seq) end
returning seq
