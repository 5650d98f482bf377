-- name: duties.of
-- A member's own duty, with the handle of the stand-in; one who was locked is nobody's.
select d.member, d.zone, d.hours::text as hours, d.quiet::text as quiet, d.paged_for, d.awake_too, d.on_call_until,
       d.undisturbed_until, o.handle as stand_in, d.stands_in, d.budget, d.spent_on, d.spent, d.version
from duties d left join members o on o.id = d.stand_in and o.state = 'active'
where d.member = $1

-- name: duties.change
-- What the member saw has to stand still; nothing is returned where it does not.
update duties set zone = $3, hours = $4::text::bit(672), quiet = $5::text::bit(672), paged_for = $6, awake_too = $7,
  on_call_until = $8, undisturbed_until = $9, stand_in = case when $10 then $11 else stand_in end, stands_in = $12,
  budget = $13, version = version + 1
where member = $1 and version = $2
returning version

-- name: duties.switch
-- The switch alone, whatever else changed meanwhile; the same again changes nothing.
update duties set on_call_until = $2, version = version + 1
where member = $1 and on_call_until is distinct from $2

-- name: duties.stand_in
-- Who may stand in for another: a member who agrees to, and is not undisturbed now.
select m.id from members m join duties d on d.member = m.id
where m.handle = $1 and m.id <> $2 and m.state = 'active' and d.stands_in
  and (d.undisturbed_until is null or d.undisturbed_until <= $3)

-- name: duties.ensure
-- For a member who came here by another way than members.create.
insert into duties (member, zone, paged_for) select m.id, $2, m.specialties from members m where m.id = $1
on conflict do nothing

-- name: duties.lapse
-- Switches that ran out, so that the router does not look at them again and again. Someone else's turn is not waited for.
update duties set on_call_until = null where member in (
  select d.member from duties d where d.on_call_until < $1 order by d.on_call_until limit $2 for update skip locked
)
returning member

-- name: duties.lock
-- In the order of ids, as everywhere; with what decides under the lock. The database's clock tells what day it is.
select d.member, d.zone, d.budget, d.spent_on, d.spent, d.version, statement_timestamp() as now, m.state = 'active' as active
from duties d join members m on m.id = d.member
where d.member = any($1::uuid[]) order by d.member for update of d

-- name: duties.spend
-- Pages of the day's budget of each, judged under the lock. A date that is past, since the member moved west, counts as the
-- one on which more was spent.
with spent as (
  update duties d
  set spent_on = greatest(d.spent_on, t.date), asked = d.asked + t.pages,
      spent = case when d.spent_on >= t.date then d.spent else 0 end + t.pages
  from unnest($1::uuid[], $2::date[], $3::int[]) as t(member, date, pages)
  where d.member = t.member
  returning d.member
)
update callable c set paged_at = clock_timestamp() from spent where c.member = spent.member

-- name: duties.candidates
-- Who may be asked for a case that is open to all or to specialties (migration 0010 says how).
select * from candidates($1, $2::text[], $3::int[], $4::text[], $5::text[], $6::int[], $7::date[], $8::text[], $9, $10::uuid[],
  $11, $12::text[], $13, $14, $15, $16, $17)

-- name: duties.invited
-- The members whom a case is for by name, with what decides whether they may be asked: there are few.
select m.id, m.handle, m.role, m.specialties, m.country, m.languages, m.feed, d.zone, d.hours::text as hours,
       d.quiet::text as quiet, d.paged_for, d.awake_too, d.on_call_until, d.undisturbed_until, d.stand_in, d.stands_in,
       d.budget, d.spent_on, d.spent, d.asked, d.acknowledged, d.version, c.paged_at
from room_members r
join members m on m.id = r.member and m.state = 'active'
join duties d on d.member = m.id
join callable c on c.specialty = '' and c.member = m.id
where r.stream = $1
order by m.id

-- name: duties.moderators
-- The last resort: moderators who can open the case, those who were paged longest ago first.
select m.id, m.handle, m.role, m.specialties, m.country, m.languages, m.feed, d.zone, d.hours::text as hours,
       d.quiet::text as quiet, d.paged_for, d.awake_too, d.on_call_until, d.undisturbed_until, d.stand_in, d.stands_in,
       d.budget, d.spent_on, d.spent, d.asked, d.acknowledged, d.version, c.paged_at
from members m
join duties d on d.member = m.id
join callable c on c.specialty = '' and c.member = m.id
where m.role = 'moderator' and m.state = 'active' and m.id <> all($1::uuid[])
  and ($3 = 'all' or sees(m.id, m.specialties, $2, $3, $4::text[]))
order by coalesce(d.undisturbed_until, '-infinity') > $5, c.paged_at, m.id limit $6
