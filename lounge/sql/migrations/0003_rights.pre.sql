-- What the application's role may do. It never deletes or renumbers an event, and changes no table.
grant usage on schema lounge to lounge_app;
grant select on all tables in schema lounge to lounge_app;
grant insert on streams, events, messages, members, credentials, participants, rooms, room_members, cases, boards, seen
  to lounge_app;
grant update (head, last_at, state, people, posts, first_reply_at) on streams to lounge_app;
grant update (digest, data) on events to lounge_app;
grant update (body, rev, edited_at, redacted, reactions) on messages to lounge_app;
grant update (role, specialties, country, state) on members to lounge_app;
grant update (expires_at) on credentials to lounge_app;
grant update (announced) on cases to lounge_app;
grant update (title, audience, specialties) on rooms to lounge_app;
grant update (seq) on seen to lounge_app;
grant delete on credentials, participants, room_members, seen to lounge_app;
