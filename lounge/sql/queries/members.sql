-- name: members.create
-- The account with its feed and its duty at once: a member without them could not be paged.
with feed as (insert into streams (id, kind) values ($6, 'feed') returning id),
member as (
  insert into members (id, handle, role, specialties, country, languages, feed)
  select $1, $2, $3, $4, $5, $7, feed.id from feed
  returning id, specialties
)
insert into duties (member, zone, paged_for) select id, $8, specialties from member;

-- name: members.by_handle
-- A locked member is nobody.
select id, handle, role, specialties, country, languages, feed from members where handle = $1 and state = 'active';

-- name: members.all
-- For the demo, where everybody is shown; bounded, since nothing else bounds it.
select id, handle, role, specialties, country, languages, feed from members where state = 'active' order by created_at, handle limit $1;

-- name: members.authenticate
-- Asked once by every request and every connection: one probe of each unique index.
select c.id as credential, c.kind, c.expires_at, m.id, m.handle, m.role, m.specialties, m.country, m.languages, m.feed
from credentials c join members m on m.id = c.member
where c.digest = $1 and c.expires_at > $2 and m.state = 'active';

-- name: members.issue
-- A new credential; the member's expired ones go, so that the table does not grow for ever.
with gone as (delete from credentials where member = $3 and expires_at <= $5)
insert into credentials (id, digest, member, kind, created_at, expires_at) values ($1, $2, $3, $4, $5, $6);

-- name: members.end_credential
-- Returns the id if there was one to end: two sign-outs at once end it once.
delete from credentials where id = $1 returning id;
