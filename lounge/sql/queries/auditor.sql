-- name: auditor.claim
-- Searches that need somebody for a reason for which nobody was called yet. $1 and $2 in seconds: what is overdue by more
-- than $1, whatever engine should have taken it, or fails again and again; whom nobody was paged for; whose last resort says nothing for $2. One
-- auditor takes a search, another that comes at the same moment passes on.
select e.case_id, array(select unnest(n.reasons) except select unnest(e.raised) order by 1) as reasons
from escalations e
cross join lateral (
  select array_remove(array[
    case when e.due_at < statement_timestamp() - make_interval(secs => $1) or e.failures >= 3 then 'overdue' end,
    case when e.paged_at is null
              and (e.state = 'exhausted' or e.opened_at < statement_timestamp() - make_interval(secs => $1))
         then 'unreached' end,
    case when e.paged_at is not null and e.state = 'exhausted' and e.acks = 0 and not 'unanswered' = any(e.raised)
              and (select max(t.at) from turns t where t.case_id = e.case_id) < statement_timestamp() - make_interval(secs => $2)
         then 'unanswered' end
  ], null) as reasons
) n
where e.state in ('searching', 'held', 'exhausted') and not n.reasons <@ e.raised
order by e.case_id limit $3
for update of e skip locked

-- name: auditor.raised
update escalations e set raised = e.raised || d.reason, raised_at = statement_timestamp()
from (select case_id, array_agg(reason) as reason from unnest($1::uuid[], $2::text[]) as r(case_id, reason) group by case_id) d
where e.case_id = d.case_id

-- name: auditor.operators
select m.feed from members m where m.role = 'operator' and m.state = 'active' order by m.id limit 100

-- name: auditor.findings
-- How the searches under way stand; `overdue` by more than $1 seconds, `late` by how much the one that waits longest is.
select count(*) as searches,
       count(*) filter (where e.due_at < statement_timestamp() - make_interval(secs => $1) or e.failures >= 3) as overdue,
       coalesce(greatest(extract(epoch from statement_timestamp() - min(e.due_at)), 0), 0)::float8 as late,
       count(*) filter (where e.paged_at is null
         and (e.state = 'exhausted' or e.opened_at < statement_timestamp() - make_interval(secs => $1))) as unreached,
       count(*) filter (where e.state = 'exhausted' and 'unanswered' = any(e.raised)) as unanswered
from escalations e where e.state in ('searching', 'held', 'exhausted')

-- name: auditor.overdue
select exists (select from escalations e where e.due_at < statement_timestamp() - make_interval(secs => $1))
    or exists (select from escalations e where e.due_at is not null and e.failures >= 3)
