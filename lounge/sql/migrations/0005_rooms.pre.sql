-- Rooms in full: earlier texts, mentions, pins, direct and consult rooms, what a member follows and mutes; cases that end.
alter table messages add column mentions bigint[] not null default '{}';
alter table messages add column pinned boolean not null default false;
alter table messages add column note text;
create index messages_answers on messages (stream, reply_to, seq) where reply_to is not null;
create index messages_pinned on messages (stream, seq) where pinned;

create table message_versions (
  stream uuid not null,
  seq bigint not null,
  replaced_by bigint not null,
  at timestamptz not null,
  body text not null,
  primary key (stream, seq, replaced_by)
);
comment on table message_versions is 'Texts that were edited away: for the author and moderators. The event has lost them.';

create table untold_mentions (
  stream uuid not null,
  seq bigint not null,
  n bigint not null,
  primary key (stream, seq, n)
);
comment on table untold_mentions is 'Who was called in a message and not yet told on their feed: written by the append, taken by any node.';

alter table members add column languages text[] not null default '{en}';
comment on column members.languages is 'ISO 639-1 codes of the languages in which the member can be asked.';

alter table rooms drop constraint rooms_kind_check;
alter table rooms add constraint rooms_kind_check check (kind in ('case', 'lounge', 'direct', 'consult'));
alter table rooms add column lounge_group text not null default '';
alter table rooms add column retention_days int check (retention_days between 1 and 365);
alter table rooms add column expired_upto bigint not null default 0;
create index rooms_with_retention on rooms (stream) where retention_days is not null;
comment on column rooms.specialties is 'Whom the room is for: specialties, and for lounges country:XX and language:xx as well.';

create table notify (
  member uuid not null,
  stream uuid not null,
  mode text not null check (mode in ('follow', 'mute')),
  primary key (member, stream)
);
create index notify_followers on notify (stream) where mode = 'follow';

alter table cases add column state text not null default 'open'
  check (state in ('open', 'resolved', 'reopened', 'withdrawn'));
alter table cases alter column digest drop not null;
comment on column cases.digest is 'SHA-256 of what was asked, to tell a resend from a key used twice; null once corrected.';
alter table cases add column rev bigint not null default 1;
alter table cases add column announced_rev bigint not null default 1;
alter table cases add column outcome text check (outcome in ('confirmed', 'probable', 'unresolved', 'referred'));
alter table cases add column diagnosis text not null default '';
alter table cases add column learned text not null default '';
alter table cases add column accepted bigint;
alter table cases add column resolved_at timestamptz;
alter table cases add column views bigint not null default 0;
create index cases_unannounced on cases (id) where announced_rev < rev;
comment on column cases.state is 'As its author or a moderator left it. "Answered" is no act: an open case whose first reply has come.';
comment on column cases.rev is 'Grows with every change of the case itself; replies are counted elsewhere.';

create table case_views (
  case_id uuid not null references cases,
  member uuid not null,
  primary key (case_id, member)
);

create table follow_ups (
  case_id uuid not null references cases,
  days int not null,
  due_at timestamptz not null,
  asked_at timestamptz,
  answered_at timestamptz,
  primary key (case_id, days)
);
create index follow_ups_due on follow_ups (due_at) where asked_at is null and answered_at is null;

-- What rooms are for, seen from a member: see rooms.specialties.
create function circles(_specialties text[], _country text, _languages text[]) returns text[]
language sql immutable
as $$
  select _specialties || ('country:' || _country) || (select coalesce(array_agg('language:' || l), '{}') from unnest(_languages) l)
$$;

create function case_state(_state text, _first_reply_at timestamptz) returns text
language sql immutable
as $$
  select case when _state = 'open' and _first_reply_at is not null then 'answered' else _state end
$$;

-- A function that the planner does not look into: it would take the states asked for to be rare, and sort the whole table.
create function in_states(_state text, _first_reply_at timestamptz, _states text[]) returns boolean
language plpgsql immutable
as $$
begin
  return case_state(_state, _first_reply_at) = any(_states);
end $$;

grant select on message_versions, untold_mentions, notify, case_views, follow_ups to lounge_app;
grant insert on message_versions, untold_mentions, notify, case_views, follow_ups to lounge_app;
grant update (mentions, pinned) on messages to lounge_app;
grant update (mode) on notify to lounge_app;
-- Claimed by locking, which asks for the right to update.
grant update (n) on untold_mentions to lounge_app;
grant update (expired_upto) on rooms to lounge_app;
grant update (languages) on members to lounge_app;
grant update (digest, title, urgency, presentation, question, state, rev, announced_rev, outcome, diagnosis, learned, accepted,
  resolved_at, views) on cases to lounge_app;
grant update (due_at, asked_at, answered_at) on follow_ups to lounge_app;
grant delete on message_versions, untold_mentions, notify, follow_ups to lounge_app;
