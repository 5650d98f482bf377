-- name: paging.begin
-- In the transaction that opens the case: its first step is due now.
insert into escalations (case_id, policy, wanted, due, due_at) values ($1, $2::json, $3, 'step', statement_timestamp())

-- name: paging.claim
-- What is due, by the clock of the database. Another engine that comes at the same moment passes on.
select e.case_id, e.state, e.policy, e.step, e.turn, e.wanted, e.acks, e.due, e.due_at, e.failures, e.again,
       e.opened_at, e.paged_at, e.acknowledged_at
from escalations e where e.due_at <= statement_timestamp()
order by e.due_at limit $1 for update skip locked

-- name: paging.hold
-- One search, to change it: whoever holds it waits for nobody but duty rows, pages and streams.
select e.case_id, e.state, e.policy, e.step, e.turn, e.wanted, e.acks, e.due, e.due_at, e.failures, e.again,
       e.opened_at, e.paged_at, e.acknowledged_at, extract(epoch from e.due_at - statement_timestamp())::float8 as remaining,
       (select c.urgency from cases c where c.id = e.case_id) as urgency
from escalations e where e.case_id = $1 for update

-- name: paging.facts
-- A statement of its own after the lock: only so it sees what the former holder committed.
select c.id as case_id, c.room, c.specialty, c.urgency, c.author, c.label, c.licence, c.state as case_state, c.opened_at,
       r.language, r.audience, r.specialties, s.first_reply_at, m.country, m.feed,
       array(select p.member from pages p where p.case_id = c.id) as asked
from cases c join rooms r on r.stream = c.room join streams s on s.id = c.room join members m on m.id = c.author
where c.id = any($1::uuid[])

-- name: paging.next_due
-- Seconds until the next step is due; null where none is.
select extract(epoch from min(e.due_at) - statement_timestamp()) from escalations e where e.due_at is not null

-- name: paging.advance
-- Where the searches stand after a step; `wait` in seconds from now on, null where nothing is due.
update escalations e
set state = d.state, step = d.step, turn = d.turn, acks = d.acks, due = d.due,
    due_at = case when d.due is not null then statement_timestamp() + make_interval(secs => d.wait) end,
    failures = 0,
    paged_at = case when d.paged then coalesce(e.paged_at, statement_timestamp()) else e.paged_at end,
    ended_at = case when d.state in ('answered', 'stood_down', 'ended') then coalesce(e.ended_at, statement_timestamp()) end
from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::text[], $7::float8[], $8::boolean[])
  as d(case_id, state, step, turn, acks, due, wait, paged)
where e.case_id = d.case_id
returning e.case_id, e.due_at, statement_timestamp() as now

-- name: paging.turn
-- A step that was taken, for the record; its number is the search's own, so no second engine can write it.
insert into turns (case_id, turn, step, kind, due_at, people)
select * from unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::timestamptz[], $6::int[])

-- name: paging.failed
-- A step that could not be taken is tried again a little later, and after some tries its last resort is.
update escalations
set failures = failures + $3::int, due_at = statement_timestamp() + make_interval(secs => $2::float8)
where case_id = $1

-- name: paging.page
-- The pages of a step. Nobody is asked twice for one case, whatever the router thought.
insert into pages (id, case_id, member, turn, why, duty_version, label)
select d.id, d.case_id, d.member, d.turn, string_to_array(d.why, chr(31)), d.version, d.label
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::bigint[], $7::text[])
  as d(id, case_id, member, turn, why, version, label)
on conflict (case_id, member) do nothing
returning id

-- name: paging.counts
-- How a search stands, for its author, after a change.
select e.case_id, e.state, e.turn, e.due, e.due_at, e.step, e.policy, c.urgency, m.feed,
       (select count(*) from pages p where p.case_id = e.case_id) as paged,
       (select count(*) from pages p where p.case_id = e.case_id and p.state in ('queued', 'sent', 'delivered', 'seen')) as open,
       (select count(*) from pages p where p.case_id = e.case_id and p.acknowledged_at is not null
          and p.state in ('acknowledged', 'answered')) as acknowledged,
       (select count(*) from pages p where p.case_id = e.case_id and p.state = 'declined') as declined
from escalations e join cases c on c.id = e.case_id join members m on m.id = c.author
where e.case_id = any($1::uuid[])

-- name: paging.settle
-- Pages of one search in these states go to another one; told to whom they were.
update pages p
set state = $3, ended_at = statement_timestamp()
from members m
where p.case_id = $1 and p.state = any($2::text[]) and p.id is distinct from $4 and m.id = p.member
returning p.id, m.feed

-- name: paging.remind
-- Who acknowledged and has not replied, reminded.
update pages p set reminded_at = statement_timestamp()
from members m
where p.case_id = $1 and p.state = 'acknowledged' and m.id = p.member
returning p.id, m.feed

-- name: paging.revive
-- Whoever was let off because somebody had the case is asked again.
update pages p set state = 'sent', ended_at = null, turn = $2
from members m
where p.case_id = $1 and p.state = 'superseded' and m.id = p.member and m.state = 'active'
returning p.id, m.feed, p.why

-- name: paging.others
-- The labels of who is asked for a case, and their pages.
select p.case_id, p.id, p.label from pages p
where p.case_id = any($1::uuid[]) and p.state not in ('declined', 'handed_over', 'expired') order by p.paged_at, p.id

-- name: paging.replied
-- Searches whose case was replied to: in these rooms, or in any where the list is null. One that the author began after a
-- reply ends with a message of somebody who has acknowledged since.
select e.case_id
from escalations e join cases c on c.id = e.case_id join streams s on s.id = c.room
where e.state in ('searching', 'held', 'exhausted') and s.first_reply_at is not null
  and ($1::uuid[] is null or c.room = any($1))
  and (not e.again or e.state = 'held' and exists (
    select from pages p
    join participants n on n.stream = c.room and n.member = p.member
    join messages m on m.stream = c.room and m.author = n.n and m.at > p.acknowledged_at
    where p.case_id = e.case_id and p.state = 'acknowledged'
  ))
limit 500

-- name: paging.mine
-- A page of this member, and the case that it is of.
select p.case_id, p.state from pages p where p.id = $1 and p.member = $2

-- name: paging.mark
-- A page takes its next state.
update pages
set state = $2, reason = coalesce($3, reason),
    acknowledged_at = case when $2 = 'acknowledged' then coalesce(acknowledged_at, statement_timestamp()) else acknowledged_at end,
    ended_at = case when $2 in ('declined', 'handed_over') then statement_timestamp() else ended_at end
where id = $1
returning label

-- name: paging.acknowledged
-- The search learns of it, and so does what is known of the responder.
with duty as (update duties set acknowledged = acknowledged + 1 where member = $2)
update escalations e set acknowledged_at = coalesce(e.acknowledged_at, statement_timestamp()) from cases c
where e.case_id = $1 and c.id = $1
returning e.acknowledged_at, c.urgency

-- name: paging.count
update escalations set acks = $2 where case_id = $1

-- name: paging.hasten
-- A search that waits for nobody any more does not wait.
update escalations e set due_at = least(e.due_at, statement_timestamp())
where e.case_id = $1 and e.state = 'searching' and e.due = 'step'
  and not exists (select from pages p where p.case_id = e.case_id and p.state in ('queued', 'sent', 'delivered', 'seen', 'acknowledged'))

-- name: paging.received
-- Only ever forward: what was seen is not merely delivered.
update pages
set state = $3,
    delivered_at = coalesce(delivered_at, statement_timestamp()),
    seen_at = case when $3 = 'seen' then coalesce(seen_at, statement_timestamp()) else seen_at end
where id = $1 and member = $2 and (state in ('queued', 'sent') or (state = 'delivered' and $3 = 'seen'))

-- name: paging.pages
-- The pages of a member, newest first, or one of them.
select p.id, p.case_id, c.room, c.specialty, c.urgency, r.language, c.label, p.state, p.why, p.reason, p.paged_at, p.ended_at,
       e.opened_at, e.state as search, e.due, e.due_at, e.policy,
       array(select q.label from pages q where q.case_id = p.case_id and q.id <> p.id
             and q.state not in ('declined', 'handed_over', 'expired') order by q.paged_at, q.id) as others,
       (select q.label from pages q where q.case_id = p.case_id and q.acknowledged_at is not null
          and q.state in ('acknowledged', 'answered') order by q.acknowledged_at limit 1) as holder
from pages p join escalations e on e.case_id = p.case_id join cases c on c.id = p.case_id join rooms r on r.stream = c.room
where p.member = $1
  and ($2::boolean is null or (p.state in ('queued', 'sent', 'delivered', 'seen', 'acknowledged')) = $2)
  and ($3::uuid is null or p.id < $3)
  and ($4::uuid is null or p.id = $4)
order by p.id desc limit $5

-- name: paging.searched
-- A search as its author may see it, or a moderator who sees the case.
select e.case_id, e.state, e.step, e.policy, c.urgency, e.due, e.due_at, e.opened_at, e.paged_at, e.acknowledged_at, c.author = $2 as mine
from escalations e join cases c on c.id = e.case_id join rooms r on r.stream = c.room
where e.case_id = $1 and (c.author = $2 or $3) and sees($2, $4::text[], c.room, r.audience, r.specialties)

-- name: paging.asked
-- Whom a search asked, by label: never who they are.
select p.label, p.state, p.acknowledged_at is not null as acknowledged, coalesce(p.ended_at, p.acknowledged_at, p.seen_at, p.delivered_at, p.paged_at) as at
from pages p where p.case_id = $1 order by p.paged_at, p.id

-- name: paging.call
-- What the author asks, once for each key; no row where this key asked before.
insert into calls (case_id, key, kind) values ($1, $2, $3) on conflict do nothing returning at

-- name: paging.called
select c.kind from calls c where c.case_id = $1 and c.key = $2

-- name: paging.calls
select count(*) from calls where case_id = $1

-- name: paging.again
-- The author wants more than the search would have found.
update escalations set again = $2, wanted = $3 where case_id = $1

-- name: paging.pageable
-- A colleague by handle, for whom the case is and who has the licence that it asks for; whether they may be asked now, and by
-- which version of their duty: not its author, not asked before, not undisturbed.
select m.id, m.handle, m.role, m.specialties, m.country, m.languages, m.feed, d.version,
       m.id <> c.author and coalesce(d.undisturbed_until, '-infinity') <= statement_timestamp()
         and not exists (select from pages p where p.case_id = c.id and p.member = m.id) as pageable
from members m join duties d on d.member = m.id join cases c on c.id = $1 join rooms r on r.stream = c.room
where m.handle = $2 and m.state = 'active' and (c.licence is null or m.country = c.licence or m.id = c.author)
  and sees(m.id, m.specialties, c.room, r.audience, r.specialties)

-- name: paging.reopened
-- A case that is open again is searched for once its author asks for it.
update escalations set state = 'stood_down' where case_id = $1 and state = 'ended'

-- name: paging.policies
select p.urgency, p.policy from policies p

-- name: paging.policy
select p.policy from policies p where p.urgency = $1

-- name: paging.save_policy
insert into policies (urgency, policy) values ($1, $2::json)
on conflict (urgency) do update set policy = excluded.policy, saved_at = clock_timestamp()

-- name: paging.moderators
select count(*) from members where role = 'moderator' and state = 'active'
