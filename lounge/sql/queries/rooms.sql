-- name: rooms.access
-- What a member may see of a stream and as whom; no row where there is nothing, or nothing for them.
select s.id as stream, s.kind, s.state, s.head, r.kind as room_kind, r.title, r.case_id, p.n, coalesce(v.seq, 0) as seen
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
-- The lounges open to a member, and the case rooms in which they take part, by id.
select s.id as stream, r.kind, r.title, s.state, s.head, s.last_at, s.posts, r.case_id, p.n, coalesce(v.seq, 0) as seen
from rooms r
join streams s on s.id = r.stream
left join participants p on p.stream = r.stream and p.member = $1
left join seen v on v.stream = r.stream and v.member = $1
where (r.kind = 'lounge' or p.n is not null) and not r.drill
  and sees($1, $2::text[], r.stream, r.audience, r.specialties)
  and ($3::uuid is null or r.stream > $3)
order by r.stream limit $4

-- name: rooms.see
-- A seen mark never runs past the head, and backwards only where what comes after it is to count as unread again.
insert into seen (member, stream, seq)
select $1, s.id, least($3, s.head) from streams s where s.id = $2
on conflict (member, stream) do update set seq = case when $4 then excluded.seq else greatest(seen.seq, excluded.seq) end
returning seq
