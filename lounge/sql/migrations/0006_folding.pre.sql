-- The log folds every kind of event: see 0002_append for the answers of append_events and why it is as it is. New here:
-- a room closes and opens with its case's events, mentions are owed with their message, pins stand on messages, and a text
-- that was edited away leaves its event for message_versions.
create or replace function append_events(
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
        state = case when c.closed then 'closed' when c.opened then 'open' else s.state end,
        first_reply_at = coalesce(s.first_reply_at, case when c.lowest_other is not null and s.asker is not null
          and exists (select from fresh f where f.stream = s.id and f.kind = 'posted' and f.author not in (0, s.asker))
          then greatest(stamp, s.last_at) end)
    from (
      select f.stream, max(f.n) as n, count(*) filter (where f.kind = 'posted') as posts,
             min(f.n) filter (where f.kind = 'posted') as lowest_other,
             bool_or(f.kind in ('resolved', 'withdrawn')) as closed, bool_or(f.kind = 'reopened') as opened
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
    insert into messages (stream, seq, author, at, ref, reply_to, rev, body, mentions, note)
    select w.stream, w.seq, w.author, w.at, substr(sha256(convert_to(w.key::text, 'UTF8')), 1, 8),
           (w.data->>'reply_to')::bigint, w.seq, w.data->>'body',
           coalesce((select array_agg(n::bigint) from json_array_elements_text(w.data->'mentions') n), '{}'),
           w.data->>'note'
    from written w where w.kind = 'posted'
  ), called as (
    -- Owed with the message itself: a node that dies right after has lost nobody's call.
    insert into untold_mentions (stream, seq, n)
    select distinct w.stream, w.seq, n::bigint
    from written w cross join lateral json_array_elements_text(w.data->'mentions') n
    where w.kind = 'posted' and n::bigint <> w.author
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

create or replace function fold_change(
  _stream uuid, _seq bigint, _kind text, _author bigint, _at timestamptz, _target bigint, _data json
) returns void
language plpgsql volatile
as $$
begin
  if _kind = 'edited' then
    insert into message_versions (stream, seq, replaced_by, at, body)
    select m.stream, m.seq, _seq, coalesce(m.edited_at, m.at), m.body
    from messages m where m.stream = _stream and m.seq = _target and m.rev < _seq and not m.redacted;
    -- Whoever follows from an older number is told of this edit as well: it brings the text that stands.
    update events e set data = superseded(e.kind, e.data)
    where e.stream = _stream and e.seq = (
      select max(x.seq) from events x
      where x.stream = _stream and x.seq < _seq and (x.seq = _target or (x.target = _target and x.kind = 'edited')));
    update messages m set body = _data->>'body', edited_at = _at, rev = _seq
    where m.stream = _stream and m.seq = _target and m.rev < _seq;
  elsif _kind = 'redacted' then
    update messages m set rev = _seq where m.stream = _stream and m.seq = _target and m.rev < _seq;
    perform take_text_away(_stream, _target);
  elsif _kind = 'reacted' then
    update messages m
    set rev = _seq,
        reactions = case
          when m.redacted then m.reactions
          else toggled(m.reactions, _data->>'mark', _author, (_data->>'set')::boolean) end
    where m.stream = _stream and m.seq = _target and m.rev < _seq;
  elsif _kind = 'pinned' then
    update messages m set rev = _seq, pinned = (_data->>'set')::boolean and not m.redacted
    where m.stream = _stream and m.seq = _target and m.rev < _seq;
  end if;
end $$;

-- An event of a post or an edit, without the words that a later edit replaced.
create function superseded(_kind text, _data json) returns json
language sql immutable
as $$
  select case _kind
    when 'posted' then json_strip_nulls(json_build_object(
      'body', '', 'reply_to', _data->'reply_to', 'mentions', _data->'mentions', 'note', _data->'note', 'superseded', true))
    else json_build_object('target', _data->'target', 'body', '', 'superseded', true) end
$$;

-- The numbers stay, the words go: of the message, of its event, of every edit of it, and of what it said before.
create function take_text_away(_stream uuid, _target bigint) returns void
language plpgsql volatile
as $$
begin
  update messages m set body = '', reactions = '{}', mentions = '{}', pinned = false, redacted = true
  where m.stream = _stream and m.seq = _target;
  update events e
  set digest = null,
      data = case e.kind
        when 'posted' then json_strip_nulls(json_build_object('body', '', 'reply_to', e.data->'reply_to', 'redacted', true))
        else json_build_object('target', _target, 'body', '', 'redacted', true) end
  where e.stream = _stream
    and (e.seq = _target or e.seq in (
      select x.seq from events x where x.stream = _stream and x.target = _target and x.kind = 'edited'));
  delete from message_versions v where v.stream = _stream and v.seq = _target;
  delete from untold_mentions u where u.stream = _stream and u.seq = _target;
end $$;

-- Takes away the texts that are older than a room keeps them: of the messages after a number, up to another; no row where
-- there are none. Its event must follow in the same transaction: the lock taken here makes it number head + 1, which rev
-- says already.
create function expire_texts(_stream uuid, _before timestamptz) returns table (after bigint, upto bigint)
language plpgsql volatile
as $$
declare
  next_seq bigint;
  gone bigint;
begin
  select s.head + 1 into next_seq from streams s where s.id = _stream for no key update;
  select r.expired_upto, (
    select max(x.seq) from (
      select m.seq from messages m where m.stream = _stream and m.seq > r.expired_upto and m.at < _before
      order by m.seq limit 500
    ) x
  ) into after, upto from rooms r where r.stream = _stream;
  if upto is null then
    return;
  end if;
  for gone in
    update messages m set rev = next_seq
    where m.stream = _stream and m.seq > expire_texts.after and m.seq <= expire_texts.upto returning m.seq
  loop
    perform take_text_away(_stream, gone);
  end loop;
  update rooms r set expired_upto = expire_texts.upto where r.stream = _stream;
  return next;
end $$;

create or replace function remove_drills(_author uuid) returns bigint
language plpgsql volatile security definer
set search_path = lounge
as $$
declare
  gone uuid[];
begin
  select coalesce(array_agg(c.room), '{}') into gone
  from cases c join rooms r on r.stream = c.room
  where c.author = _author and r.drill;
  perform 1 from cases c where c.room = any(gone) order by c.id for update;
  perform 1 from streams s where s.id = any(gone) order by s.id for update;
  delete from case_views v using cases c where c.id = v.case_id and c.room = any(gone);
  delete from follow_ups f using cases c where c.id = f.case_id and c.room = any(gone);
  delete from cases where room = any(gone);
  delete from room_members where stream = any(gone);
  delete from rooms where stream = any(gone);
  delete from participants where stream = any(gone);
  delete from seen where stream = any(gone);
  delete from notify where stream = any(gone);
  delete from untold_mentions where stream = any(gone);
  delete from message_versions where stream = any(gone);
  delete from messages where stream = any(gone);
  delete from events where stream = any(gone);
  delete from streams where id = any(gone);
  return cardinality(gone);
end $$;
