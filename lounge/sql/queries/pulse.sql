-- name: pulse.floor
-- Where a period begins that ends now: the newest $3 cases of the last $2 days. $1 is an id before which none of them can be.
select greatest(statement_timestamp() - make_interval(days => $2), newest.opened_at) as since, coalesce(newest.id, $1::uuid) as id
from (select) one
left join lateral (
  select c.id, c.opened_at from cases c where c.id > $1::uuid order by c.id desc offset $3 limit 1
) newest on true

-- name: pulse.times
-- The cases of a period and how long their stages took, in milliseconds: of all (one row with nothing named), and by
-- specialty, country of the author and urgency. $1 and $2 are what pulse.floor says; $3 in seconds.
-- A case with no search began before there was paging: it counts, and owes no acknowledgement.
with asked as (
  select c.specialty, m.country, c.urgency,
         extract(epoch from e.paged_at - c.opened_at)::float8 * 1000 as paged,
         extract(epoch from d.at - e.paged_at)::float8 * 1000 as delivered,
         extract(epoch from e.acknowledged_at - e.paged_at)::float8 * 1000 as acknowledged,
         extract(epoch from s.first_reply_at - c.opened_at)::float8 * 1000 as replied,
         extract(epoch from c.resolved_at - c.opened_at)::float8 * 1000 as resolved,
         c.state <> 'withdrawn' and s.first_reply_at is null as unanswered,
         e.case_id is not null and c.urgency = any($4::text[]) as owed,
         coalesce(least(e.acknowledged_at, s.first_reply_at) <= c.opened_at + make_interval(secs => $3), false) as met,
         statement_timestamp() > c.opened_at + make_interval(secs => $3) as judged,
         e.state in ('stood_down', 'ended') and e.ended_at <= c.opened_at + make_interval(secs => $3) as called_off
  from cases c
  join rooms r on r.stream = c.room and not r.drill
  join streams s on s.id = c.room
  join members m on m.id = c.author
  left join escalations e on e.case_id = c.id
  left join (select p.case_id, min(p.delivered_at) as at from pages p where p.id > $1 group by p.case_id) d on d.case_id = c.id
  where c.id > $1 and c.opened_at >= $2
)
select specialty, country, urgency, count(*) as cases, count(*) filter (where unanswered) as unanswered,
       count(*) filter (where owed and met) as met,
       count(*) filter (where owed and not met and judged and not coalesce(called_off, false)) as missed,
       count(paged) as paged_n, percentile_cont(array[0.5, 0.95]) within group (order by paged) as paged,
       count(delivered) as delivered_n, percentile_cont(array[0.5, 0.95]) within group (order by delivered) as delivered,
       count(acknowledged) as acknowledged_n,
       percentile_cont(array[0.5, 0.95]) within group (order by acknowledged) as acknowledged,
       count(replied) as replied_n, percentile_cont(array[0.5, 0.95]) within group (order by replied) as replied,
       count(resolved) as resolved_n, percentile_cont(array[0.5, 0.95]) within group (order by resolved) as resolved
from asked
group by grouping sets ((), (specialty), (country), (urgency))
order by cases desc, specialty, country, urgency

-- name: pulse.waiting
-- How many searches are under way for cases that nobody has replied to.
select count(*)
from escalations e join cases c on c.id = e.case_id join rooms r on r.stream = c.room join streams s on s.id = c.room
where e.state in ('searching', 'held', 'exhausted') and s.first_reply_at is null and not r.drill

-- name: pulse.crowds
-- How many members there are, by specialty, by country and in all: a group in which one could be picked out is not shown.
select s as specialty, null as country, count(*) as members
from members m, unnest(m.specialties) s where m.state = 'active' group by s
union all
select null, m.country, count(*) from members m where m.state = 'active' group by rollup (m.country)

-- name: pulse.zones
select distinct d.zone from duties d

-- name: pulse.coverage
-- How many are on call at the beginning of each hour of the week in UTC, Monday 00:00 first: by their weekly hours in zones
-- $1 that are $2 quarters ahead of UTC. Members with the same hours are counted together; those with ids up to $3 alone,
-- which are random.
with weeks as (
  select z.ahead, d.hours & ~d.quiet as week, count(*) as members
  from duties d
  join unnest($1::text[], $2::int[]) as z(zone, ahead) on z.zone = d.zone
  join members m on m.id = d.member and m.state = 'active'
  where d.hours <> repeat('0', 672)::bit(672) and d.member <= $3
  group by z.ahead, week
)
select h as hour, coalesce(sum(w.members), 0)::bigint as members
from generate_series(0, 167) h
left join weeks w on get_bit(w.week, mod(4 * h + w.ahead + 672, 672)) = 1
group by h order by h

-- name: pulse.load
-- What each responder bore in the period, those who were paged most first: by no name, for a rank tells who nobody is.
select count(*) as pages, count(p.acknowledged_at) as acknowledged, count(*) over () as responders
from cases c
join rooms r on r.stream = c.room and not r.drill
join pages p on p.case_id = c.id and p.id > $1
where c.id > $1 and c.opened_at >= $2
group by p.member order by pages desc, acknowledged desc limit $3
