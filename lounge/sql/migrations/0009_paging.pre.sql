-- Paging: when a member can be reached, the search for responders to each case, and the page of each person.

alter table cases add column licence text check (licence ~ '^[A-Z]{2}$');
comment on column cases.licence is 'The country in which a responder must be licensed, where the question depends on it.';

-- Quarters of the week in the member's own zone, Monday 00:00 first: 4 x 24 x 7 = 672.
create table duties (
  member uuid primary key references members,
  zone text not null default 'UTC',
  hours bit(672) not null default repeat('0', 672)::bit(672),
  quiet bit(672) not null default repeat('0', 672)::bit(672),
  awake_too boolean not null default false,
  on_call_until timestamptz,
  undisturbed_until timestamptz,
  stand_in uuid references members,
  stands_in boolean not null default false,
  budget int not null default 4 check (budget between 0 and 100),
  spent_on date not null default '-infinity',
  spent int not null default 0,
  asked bigint not null default 0,
  acknowledged bigint not null default 0,
  version bigint not null default 1
) with (fillfactor = 70);
comment on column duties.hours is 'When the member is on call every week.';
comment on column duties.quiet is 'When the weekly hours do not count; the switch counts all the same.';
comment on column duties.awake_too is 'Whether the member may be paged when awake and not on call.';
comment on column duties.on_call_until is 'The switch: on call until then, whatever the hours say.';
comment on column duties.stands_in is 'Whether the member agrees to be somebody''s stand-in.';
comment on column duties.budget is 'Pages a day, in the own zone, that only an emergency exceeds.';
comment on column duties.version is 'Grows with every change by the member: each page says by which version it was routed.';

-- What a member is paged for. Whoever was paged longest ago comes first, so a search can stop early.
create table callable (
  specialty text not null,
  member uuid not null references duties,
  country text not null,
  paged_at timestamptz not null default '-infinity',
  primary key (specialty, member)
) with (fillfactor = 70);
create index callable_anywhere on callable (specialty, paged_at, member);
create index callable_in_country on callable (specialty, country, paged_at, member);
create index callable_by_member on callable (member);

create table policies (
  urgency text primary key check (urgency in ('emergency', 'urgent', 'today', 'routine')),
  policy json not null,
  saved_at timestamptz not null default clock_timestamp()
);
comment on table policies is 'What an operator saved; where a row is missing, the policy that comes along holds.';

-- The search for one case. It holds its own next step, so a case has one open step at the most.
create table escalations (
  case_id uuid primary key references cases,
  state text not null default 'searching'
    check (state in ('searching', 'held', 'exhausted', 'answered', 'stood_down', 'ended')),
  policy json not null,
  step int not null default 0,
  turn int not null default 0,
  wanted int not null,
  acks int not null default 0,
  due text check (due in ('step', 'remind', 'reopen')),
  due_at timestamptz,
  failures int not null default 0,
  again boolean not null default false,
  opened_at timestamptz not null default clock_timestamp(),
  paged_at timestamptz,
  acknowledged_at timestamptz,
  ended_at timestamptz,
  raised text[] not null default '{}',
  raised_at timestamptz,
  check ((due is null) = (due_at is null))
) with (fillfactor = 70);
create index escalations_due on escalations (due_at) where due_at is not null;
create index escalations_open on escalations (case_id) where state in ('searching', 'held', 'exhausted');
create index escalations_by_time on escalations (opened_at);
comment on column escalations.state is 'searching; held: acknowledged by enough; exhausted: the last resort was paged; answered: somebody replied.';
comment on column escalations.policy is 'As it stood when the search began: whoever changes a policy changes no search under way.';
comment on column escalations.step is 'Which step of the policy comes next.';
comment on column escalations.turn is 'How many steps were taken, repeated ones among them.';
comment on column escalations.due_at is 'By the clock of the database, counted from when the step before was taken.';
comment on column escalations.again is 'Whether the author asked for more after somebody had replied: no reply ends it then.';
comment on column escalations.raised is 'Why the auditor raised that this search needs somebody: each reason once.';
comment on column escalations.raised_at is 'When the auditor last raised that this search needs somebody.';

-- Each step as it was taken: once, whichever node took it.
create table turns (
  case_id uuid not null references escalations,
  turn int not null,
  step int not null,
  kind text not null check (kind in ('step', 'remind', 'reopen', 'answered')),
  at timestamptz not null default clock_timestamp(),
  due_at timestamptz,
  people int not null default 0,
  primary key (case_id, turn)
);

-- What an author asked of a search, by key: asked again it is done once.
create table calls (
  case_id uuid not null references escalations,
  key uuid not null,
  kind text not null check (kind in ('call-more', 'widen', 'stand-down')),
  at timestamptz not null default clock_timestamp(),
  primary key (case_id, key)
);

create table pages (
  id uuid primary key,
  case_id uuid not null references escalations,
  member uuid not null references members,
  turn int not null,
  state text not null default 'sent' check (state in
    ('queued', 'sent', 'delivered', 'seen', 'acknowledged', 'declined', 'handed_over', 'expired', 'superseded', 'answered')),
  reason text check (reason in ('busy', 'resting', 'not_my_field', 'conflict_of_interest', 'other')),
  why text[] not null,
  duty_version bigint not null,
  label text not null,
  paged_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  seen_at timestamptz,
  acknowledged_at timestamptz,
  reminded_at timestamptz,
  ended_at timestamptz,
  unique (case_id, member)
) with (fillfactor = 70);
create index pages_by_member on pages (member, id desc);
create index pages_open on pages (member) where state in ('queued', 'sent', 'delivered', 'seen', 'acknowledged');
comment on table pages is 'One case asked of one person. Told on their feed in the transaction that writes the row.';
comment on column pages.why is 'Why this person, in the words of lounge.paging.router; for themselves and for the record.';
comment on column pages.label is 'What other responders and the author learn of the person: specialty and region, as coarse as it must be.';

insert into duties (member) select id from members;
insert into callable (specialty, member, country)
select distinct s, m.id, m.country from members m, unnest(m.specialties) s;

grant select, insert on duties, callable, policies, escalations, turns, calls, pages to lounge_app;
grant update (zone, hours, quiet, awake_too, on_call_until, undisturbed_until, stand_in, stands_in, budget, spent_on, spent,
  asked, acknowledged, version) on duties to lounge_app;
grant update (country, paged_at) on callable to lounge_app;
grant delete on callable to lounge_app;
grant update (policy, saved_at) on policies to lounge_app;
grant update (state, step, turn, wanted, acks, due, due_at, failures, again, paged_at, acknowledged_at, ended_at, raised, raised_at)
  on escalations to lounge_app;
grant update (state, reason, delivered_at, seen_at, acknowledged_at, reminded_at, ended_at) on pages to lounge_app;
