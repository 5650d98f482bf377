-- A message without its words is no follow-up either: its row says what its event says.
grant update (note) on messages to lounge_app;

create or replace function take_text_away(_stream uuid, _target bigint) returns void
language plpgsql volatile
as $$
begin
  update messages m set body = '', reactions = '{}', mentions = '{}', pinned = false, note = null, redacted = true
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

update messages set note = null where redacted and note is not null;
