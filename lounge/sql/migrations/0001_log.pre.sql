-- The log, its projections, and who takes part. Runs as the owner, once, in one transaction.
-- The application's role may add events and overwrite redacted text; it can neither remove nor renumber one.

create table installation (
  only_one boolean primary key default true check (only_one),
  id uuid not null
);
comment on table installation is 'Half of the epoch: a new id says that the numbers of all streams began a new history.';

-- head, last_at and the counters change with every post: fillfactor leaves room for updates within the page,
-- and no index names a column that changes.
create table streams (
  id uuid primary key,
  kind text not null check (kind in ('room', 'board', 'feed', 'control')),
  head bigint not null default 0,
  last_at timestamptz not null default '-infinity',
  state text not null default 'open' check (state in ('open', 'closed')),
  people bigint not null default 0,
  posts bigint not null default 0,
  asker bigint,
  first_reply_at timestamptz
) with (fillfactor = 50);
comment on column streams.asker is 'The participant whose case this room is: the first post by another one stops the first-response clock.';

-- No foreign key leaves this table: it must stay splittable by stream.
create table events (
  stream uuid not null,
  seq bigint not null,
  kind text not null,
  author bigint not null,
  key uuid not null,
  digest bytea,
  at timestamptz not null,
  target bigint,
  data json not null,
  primary key (stream, seq),
  unique (stream, author, key)
);
create index events_by_target on events (stream, target, seq) where target is not null;
comment on column events.author is 'A participant number of the stream, never a member; 0 is the system.';
comment on column events.digest is 'SHA-256 of what was asked, to tell a resend from a key used twice; null once redacted.';

create table messages (
  stream uuid not null,
  seq bigint not null,
  author bigint not null,
  at timestamptz not null,
  ref bytea not null,
  reply_to bigint,
  rev bigint not null,
  edited_at timestamptz,
  redacted boolean not null default false,
  reactions jsonb not null default '{}',
  body text not null,
  primary key (stream, seq)
);
comment on table messages is 'Projection of events, kept by append_events in the same transaction.';

create table members (
  id uuid primary key,
  handle text not null unique,
  role text not null check (role in ('member', 'moderator', 'reviewer', 'custodian', 'operator')),
  specialties text[] not null,
  country text not null,
  feed uuid not null,
  state text not null default 'active' check (state in ('active', 'locked')),
  created_at timestamptz not null default clock_timestamp()
);
create index members_by_specialty on members using gin (specialties);
comment on table members is 'The pseudonymous account. Who a member is does not stand in this schema.';

create table credentials (
  id uuid primary key,
  digest bytea not null unique,
  member uuid not null references members,
  kind text not null check (kind in ('session', 'token')),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
create index credentials_by_member on credentials (member);

create table participants (
  stream uuid not null,
  n bigint not null,
  member uuid not null,
  alias text not null,
  label text not null,
  primary key (stream, n),
  unique (stream, member),
  unique (stream, alias)
);
create index participants_by_member on participants (member, stream);

create table rooms (
  stream uuid primary key references streams,
  kind text not null check (kind in ('case', 'lounge')),
  title text not null,
  audience text not null check (audience in ('all', 'specialties', 'members')),
  specialties text[] not null default '{}',
  case_id uuid
);
create index rooms_lounges on rooms (stream) where kind = 'lounge';

create table room_members (
  stream uuid not null references rooms,
  member uuid not null,
  primary key (stream, member)
);
create index room_members_by_member on room_members (member);

create table cases (
  id uuid primary key,
  room uuid not null unique references rooms,
  author uuid not null,
  key uuid not null,
  digest bytea not null,
  label text not null,
  title text not null,
  specialty text not null,
  urgency text not null check (urgency in ('emergency', 'urgent', 'today', 'routine')),
  presentation text not null,
  question text not null,
  opened_at timestamptz not null,
  announced bigint not null default 0,
  unique (author, key)
);
create index cases_by_specialty on cases (specialty, id desc);
comment on column cases.announced is 'How many posts the boards have been told of.';

create table boards (
  stream uuid primary key references streams,
  specialty text not null,
  scope text not null check (scope in ('all', 'members')),
  unique (specialty, scope)
);
comment on column boards.scope is 'all: cases open to every member; members: cases open to this specialty alone.';

create table seen (
  member uuid not null,
  stream uuid not null,
  seq bigint not null,
  primary key (member, stream)
);

-- Who may see what carries this audience. The author of a case is always among its room_members.
create function sees(_member uuid, _own text[], _stream uuid, _audience text, _specialties text[]) returns boolean
language sql stable
as $$
  select _audience = 'all'
      or (_audience = 'specialties' and _specialties && _own)
      or exists (select from room_members r where r.stream = _stream and r.member = _member)
$$;
