-- name: installation.identity
-- What the epoch is a hash of. On a primary the name of the current WAL file begins with the timeline.
select i.id, s.system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline, d.oid
from installation i, pg_control_system() s, pg_database d
where d.datname = current_database()

-- name: installation.renew
-- A snapshot of the same cluster changes nothing that the epoch sees: `lounge restore-epoch` does.
update installation set id = $1

-- name: installation.begin
insert into installation (id) values ($1) on conflict do nothing

-- name: installation.durable
select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes')

-- name: installation.applied
select name from migrations order by name

-- name: installation.lock
select pg_try_advisory_lock($1)

-- name: installation.unlock
select pg_advisory_unlock($1)

-- name: installation.record
insert into migrations (name, digest) values ($1, $2)
