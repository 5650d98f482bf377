-- Appends a batch to any number of streams and folds it into the projections; one answer for each item, in its order:
--   new        it stands now, as number seq
--   known      same stream, author and key stood already, with the same content: its number and time
--   conflict   the same, with another content
--   stale      a guard failed: the room closed, or the target changed (or went) meanwhile. A post's target is what it
--              answers, which must exist; a change needs words that still stand
--   no_stream  there is no such stream
-- It is VOLATILE and runs under READ COMMITTED on purpose: each statement sees what was committed before it began.
-- The settings keep the probe on its indexes whatever the statistics say of a table that grows all day.
create function append_events(
  _stream uuid[], _author bigint[], _key uuid[], _digest bytea[], _kind text[], _data text[],
  _target bigint[], _rev bigint[], _open boolean[]
) returns table (ord int, status text, seq bigint, at timestamptz)
language plpgsql volatile
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
declare
  stamp timestamptz;
  change record;
begin
  -- A statement of its own: only the next one sees what the former holder of these locks committed.
  perform 1 from streams s where s.id = any(_stream) order by s.id for no key update;
  -- now() is when the transaction began and may run against the numbers; this is taken under the lock.
  stamp := date_trunc('milliseconds', clock_timestamp());
  return query
  with incoming as (
    select * from unnest(_stream, _author, _key, _digest, _kind, _data, _target, _rev, _open)
      with ordinality as t(stream, author, key, digest, kind, data, target, rev, open, ord)
  ), probed as (
    select i.*, s.id is not null as there, s.state as state,
           old.seq as old_seq, old.at as old_at, old.digest is null or old.digest = i.digest as old_same,
           m.seq as held, m.rev as held_rev, m.redacted as held_redacted,
           first_value(i.ord) over same as first_ord, first_value(i.digest) over same as first_digest,
           min(i.ord) over same_target as target_ord,
           min(i.ord) filter (where i.kind = 'redacted') over same_target as redacted_ord
    from incoming i
    left join lateral (select s.id, s.state from streams s where s.id = i.stream) s on true
    left join lateral (
      select e.seq, e.at, e.digest from events e
      where e.stream = i.stream and e.author = i.author and e.key = i.key limit 1
    ) old on true
    left join lateral (
      select m.seq, m.rev, m.redacted from messages m where m.stream = i.stream and m.seq = i.target
    ) m on i.target is not null
    window same as (partition by i.stream, i.author, i.key order by i.ord),
           same_target as (partition by i.stream, i.target)
  ), judged as (
    select p.*, p.there and p.old_seq is null and (
             (p.open and p.state <> 'open')
             or (p.target is not null and (
                  p.held is null
                  or (p.rev is not null and (p.held_rev <> p.rev or p.ord <> p.target_ord))
                  or (p.kind <> 'posted' and (p.held_redacted or p.ord > coalesce(p.redacted_ord, p.ord)))))
           ) as stale
    from probed p
  ), fresh as (
    select j.*, row_number() over (partition by j.stream order by j.ord) as n
    from judged j where j.there and j.old_seq is null and not j.stale and j.ord = j.first_ord
  ), heads as (
    update streams s
    set head = s.head + c.n,
        last_at = greatest(stamp, s.last_at),
        posts = s.posts + c.posts,
        first_reply_at = coalesce(s.first_reply_at, case when c.lowest_other is not null and s.asker is not null
          and exists (select from fresh f where f.stream = s.id and f.kind = 'posted' and f.author not in (0, s.asker))
          then greatest(stamp, s.last_at) end)
    from (
      select f.stream, max(f.n) as n, count(*) filter (where f.kind = 'posted') as posts,
             min(f.n) filter (where f.kind = 'posted') as lowest_other
      from fresh f group by f.stream
    ) c
    where s.id = c.stream
    returning s.id, s.head - c.n as base, s.last_at
  ), written as (
    insert into events (stream, seq, kind, author, key, digest, at, target, data)
    select f.stream, h.base + f.n, f.kind, f.author, f.key, f.digest, h.last_at, f.target, f.data::json
    from fresh f join heads h on h.id = f.stream
    returning events.stream, events.seq, events.kind, events.author, events.key, events.at, events.data
  ), posted as (
    insert into messages (stream, seq, author, at, ref, reply_to, rev, body)
    select w.stream, w.seq, w.author, w.at, substr(sha256(convert_to(w.key::text, 'UTF8')), 1, 8),
           (w.data->>'reply_to')::bigint, w.seq, w.data->>'body'
    from written w where w.kind = 'posted'
  )
  select j.ord::int,
         case when not j.there then 'no_stream'
              when j.old_seq is not null then case when j.old_same then 'known' else 'conflict' end
              when j.ord <> j.first_ord then case when j.first_digest = j.digest then
                case when w.seq is null then 'stale' else 'known' end else 'conflict' end
              when w.seq is null then 'stale'
              else 'new' end,
         coalesce(j.old_seq, w.seq), coalesce(j.old_at, w.at)
  from judged j
  left join written w on w.stream = j.stream and w.author = j.author and w.key = j.key
  order by j.ord;

  -- Changes of messages are folded one by one, in the order of their numbers; posts were folded above.
  if array_length(array_remove(_target, null), 1) is null then
    return;
  end if;
  for change in
    select e.stream, e.seq, e.kind, e.author, e.at, e.target, e.data
    from unnest(_stream, _author, _key, _target) as t(stream, author, key, target)
    join lateral (
      select * from events e where e.stream = t.stream and e.author = t.author and e.key = t.key
    ) e on true
    join lateral (select m.rev from messages m where m.stream = e.stream and m.seq = e.target) m on m.rev < e.seq
    where t.target is not null and e.kind <> 'posted' and e.at >= stamp
    order by e.stream, e.seq
  loop
    perform fold_change(change.stream, change.seq, change.kind, change.author, change.at, change.target, change.data);
  end loop;
end $$;

create function fold_change(
  _stream uuid, _seq bigint, _kind text, _author bigint, _at timestamptz, _target bigint, _data json
) returns void
language plpgsql volatile
as $$
begin
  if _kind = 'edited' then
    update messages m set body = _data->>'body', edited_at = _at, rev = _seq
    where m.stream = _stream and m.seq = _target and m.rev < _seq;
  elsif _kind = 'redacted' then
    update messages m set body = '', reactions = '{}', redacted = true, rev = _seq
    where m.stream = _stream and m.seq = _target and m.rev < _seq;
    -- The numbers stay, the words go: of the message and of every edit of it.
    update events e
    set digest = null,
        data = case e.kind
          when 'posted' then json_strip_nulls(json_build_object('body', '', 'reply_to', e.data->'reply_to', 'redacted', true))
          else json_build_object('target', _target, 'body', '', 'redacted', true) end
    where e.stream = _stream
      and (e.seq = _target or e.seq in (
        select x.seq from events x where x.stream = _stream and x.target = _target and x.kind = 'edited'));
  elsif _kind = 'reacted' then
    update messages m
    set rev = _seq,
        reactions = case
          when m.redacted then m.reactions
          else toggled(m.reactions, _data->>'mark', _author, (_data->>'set')::boolean) end
    where m.stream = _stream and m.seq = _target and m.rev < _seq;
  end if;
end $$;

-- Participant numbers by mark, in the order in which they were set; a mark that nobody holds is absent.
create function toggled(_reactions jsonb, _mark text, _author bigint, _set boolean) returns jsonb
language sql immutable
as $$
  select case when jsonb_array_length(held.list) = 0 then _reactions - _mark
              else jsonb_set(_reactions, array[_mark], held.list) end
  from (
    select coalesce(jsonb_agg(n.value order by n.ordinality) filter (where n.value <> to_jsonb(_author)), '[]')
           || case when _set then jsonb_build_array(_author) else '[]' end as list
    from jsonb_array_elements(coalesce(_reactions->_mark, '[]')) with ordinality n
  ) held
$$;

-- A member's first act in a room: a number, an alias and the event that tells of both.
--   entered  number n, told as event seq; known  number n of before; taken  the alias is somebody's: draw another
create function enter_stream(_stream uuid, _member uuid, _alias text, _label text, _key uuid)
returns table (status text, n bigint, seq bigint, at timestamptz)
language plpgsql volatile
as $$
declare
  number bigint;
begin
  perform 1 from streams s where s.id = _stream for no key update;
  select p.n into number from participants p where p.stream = _stream and p.member = _member;
  if found then
    return query select 'known', number, null::bigint, null::timestamptz;
    return;
  end if;
  perform 1 from participants p where p.stream = _stream and p.alias = _alias;
  if found then
    return query select 'taken', null::bigint, null::bigint, null::timestamptz;
    return;
  end if;
  update streams s set people = s.people + 1 where s.id = _stream returning s.people into number;
  insert into participants (stream, n, member, alias, label) values (_stream, number, _member, _alias, _label);
  return query
    select 'entered', number, a.seq, a.at
    from append_events(
      array[_stream], array[number], array[_key], array[null::bytea], array['joined'],
      array[json_build_object('n', number, 'alias', _alias, 'label', _label)::text],
      array[null::bigint], array[null::bigint], array[false]) a;
end $$;
