-- What the router looks through is kept right by triggers, and looked through by one function.

-- Draws the rows of one member anew. Whoever calls it has changed the duty, and so holds its lock: of two changes at once, of
-- the duty or of the member, the later one sees what the earlier one wrote.
create function make_callable(_member uuid) returns void
language plpgsql volatile
as $$
begin
  insert into places (country, zone)
  select m.country, d.zone from duties d join members m on m.id = d.member where d.member = _member
  on conflict do nothing;
  delete from callable c using duties d
  where c.member = _member and d.member = _member and c.specialty <> '' and c.specialty <> all(d.paged_for);
  insert into callable as c (specialty, member, country, zone, paged_at, on_call_until, hours, awake_too)
  select distinct s, d.member, m.country, d.zone,
         coalesce((select max(o.paged_at) from callable o where o.member = d.member), '-infinity'),
         d.on_call_until, nullif(d.hours & ~d.quiet, repeat('0', 672)::bit(672)), d.awake_too
  from duties d join members m on m.id = d.member, unnest(d.paged_for || '{""}'::text[]) s
  where d.member = _member
  on conflict (specialty, member) do update
  set country = excluded.country, zone = excluded.zone, on_call_until = excluded.on_call_until, hours = excluded.hours,
      awake_too = excluded.awake_too
  where (c.country, c.zone, c.on_call_until, c.hours, c.awake_too)
    is distinct from (excluded.country, excluded.zone, excluded.on_call_until, excluded.hours, excluded.awake_too);
end $$;

create function duties_changed() returns trigger
language plpgsql
as $$
begin
  perform make_callable(new.member);
  return null;
end $$;
create trigger duties_changed after insert or update of zone, hours, quiet, paged_for, awake_too, on_call_until on duties
  for each row execute function duties_changed();

-- A specialty that is gone is not paged for any more; for a new one the member is paged until they say otherwise.
create function members_changed() returns trigger
language plpgsql
as $$
begin
  update duties d set paged_for = array(
    select s from unnest(new.specialties) with ordinality as t(s, n)
    where s = any(d.paged_for) or s <> all(old.specialties)
    order by n
  ) where d.member = new.id;
  return null;
end $$;
create trigger members_changed after update of specialties, country on members
  for each row when ((old.specialties, old.country) is distinct from (new.specialties, new.country))
  execute function members_changed();

-- The place of a zone among others that stand in the order of their bytes, by halving; that of UTC where it is none of them.
create function shown_in(_zone text, _zones text[]) returns int
language plpgsql immutable
as $$
declare
  n int := width_bucket(_zone collate "C", _zones);
begin
  return case when _zones[n] = _zone then n else array_position(_zones, 'UTC') end;
end $$;

-- People who may be asked for a case that is open to all or to specialties. From each place in reach and each specialty,
-- those who were paged longest ago, so many that _look are looked at: who is on call, or (_awake) who is awake where it is day and agreed to be asked
-- then. Whoever is undisturbed is passed over, for their stand-in where they have one who can. Of all of them _most: the
-- nearest specialties first, then who speaks the language, then who has borne least today, then who was paged longest ago.
--   _specialties, _distances   which rows of callable are looked at: '' for all members, of whom then those count who are
--                              paged for one of _related
--   _zones, _quarters, _dates  what clocks show in each zone, in the order of their bytes: this server may know other zones
--                              than who asks. UTC counts for a zone that is not among them
--   _asked                     who is not to be asked (again)
-- What is passed over is passed over before anything is counted, so that nobody ever stands before others in vain. The
-- settings keep it on its indexes, one row after the other, whatever the statistics say.
create function candidates(
  _awake boolean, _specialties text[], _distances int[], _related text[], _zones text[], _quarters int[], _dates date[],
  _countries text[], _now timestamptz, _asked uuid[], _audience text, _audience_specialties text[], _licence text,
  _emergency boolean, _language text, _look int, _most int
) returns table (
  specialty text, distance int, stand_in boolean, id uuid, handle text, role text, specialties text[], country text,
  languages text[], feed uuid, version bigint, zone text, paged_for text[], on_call boolean, quiet boolean, agrees boolean,
  today int, paged_at timestamptz, asked bigint, acknowledged bigint
)
language plpgsql stable rows 50
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set enable_sort = off set plan_cache_mode = force_generic_plan set jit = off
as $$
#variable_conflict use_column
declare
  probes int := cardinality(_specialties) * greatest(1, (
    select count(*) from places p where _countries is null or p.country = any(_countries)
  ));
begin
  return query
  with place as materialized (
    select p.country, p.zone, _quarters[shown_in(p.zone, _zones)] as quarter, _dates[shown_in(p.zone, _zones)] as date
    from places p where _countries is null or p.country = any(_countries)
  )
  select s.specialty, s.distance, f.stand_in, f.id, f.handle, f.role, f.specialties, f.country, f.languages, f.feed,
         f.version, f.zone, f.paged_for, f.on_call, f.quiet, f.agrees, f.today, f.paged_at, f.asked, f.acknowledged
  from unnest(_specialties, _distances) as s(specialty, distance)
  cross join place p
  cross join lateral (
    select w.*
    from (
      (select c.member, c.paged_at from callable c
       where not _awake and c.specialty = s.specialty and c.country = p.country and c.zone = p.zone
         and (c.on_call_until is not null or c.hours is not null)
         and (c.on_call_until > _now or get_bit(c.hours, p.quarter) = 1)
       order by c.paged_at, c.member)
      union all
      (select c.member, c.paged_at from callable c
       where _awake and mod(p.quarter, 96) between 28 and 87
         and c.specialty = s.specialty and c.country = p.country and c.zone = p.zone and c.awake_too
       order by c.paged_at, c.member)
    ) c
    join duties d on d.member = c.member
    cross join lateral (
      select false as stand_in, m.id, m.handle, m.role, m.specialties, m.country, m.languages, m.feed, d.version, d.zone,
             d.paged_for, coalesce(d.on_call_until > _now, false) or get_bit(d.hours & ~d.quiet, p.quarter) = 1 as on_call,
             get_bit(d.quiet, p.quarter) = 1 as quiet, d.awake_too,
             case when d.spent_on >= p.date then d.spent else 0 end as today, c.paged_at, d.asked, d.acknowledged,
             m.state, d.budget
      from members m
      where m.id = c.member and (d.undisturbed_until is null or d.undisturbed_until <= _now)
      union all
      select true, m.id, m.handle, m.role, m.specialties, m.country, m.languages, m.feed, o.version, o.zone,
             d.paged_for, not _awake, get_bit(o.quiet, q.quarter) = 1, true,
             case when o.spent_on >= q.date then o.spent else 0 end, k.paged_at,
             o.asked, o.acknowledged, m.state, o.budget
      from duties o
      join members m on m.id = o.member
      join callable k on k.specialty = '' and k.member = o.member
      cross join lateral (select _quarters[n] as quarter, _dates[n] as date from shown_in(o.zone, _zones) n) q
      where d.undisturbed_until > _now and o.member = d.stand_in and o.stands_in
        and (o.undisturbed_until is null or o.undisturbed_until <= _now)
    ) w
    where c.member <> all(_asked) and w.id <> all(_asked) and w.state = 'active'
      and (_related is null or d.paged_for && _related)
      and (not _awake or get_bit(d.quiet, p.quarter) = 0)
      and (_audience = 'all' or w.specialties && _audience_specialties)
      and (_licence is null or w.country = _licence)
      and (_emergency or w.today < w.budget)
    limit greatest(2, _look / probes)
  ) f(stand_in, id, handle, role, specialties, country, languages, feed, version, zone, paged_for, on_call, quiet, agrees,
      today, paged_at, asked, acknowledged, state, budget)
  order by s.distance, _language = any(f.languages) desc, f.today, f.paged_at
  limit _most;
end $$;
revoke execute on function make_callable(uuid), shown_in(text, text[]), candidates(boolean, text[], int[], text[], text[], int[], date[], text[],
  timestamptz, uuid[], text, text[], text, boolean, text, int, int) from public;
grant execute on function make_callable(uuid), shown_in(text, text[]), candidates(boolean, text[], int[], text[], text[], int[], date[], text[],
  timestamptz, uuid[], text, text[], text, boolean, text, int, int) to lounge_app;
