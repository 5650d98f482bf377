-- Paging: when a member can be reached, the search for responders to each case, and the page of each person.

alter table cases add column licence text check (licence ~ '^[A-Z]{2}$');
comment on column cases.licence is 'The country in which a responder must be licensed, where the question depends on it.';

-- Quarters of the week in the member's own zone, Monday 00:00 first: 4 x 24 x 7 = 672.
create table duties (
  member uuid primary key references members,
  zone text not null default 'UTC',
  hours bit(672) not null default repeat('0', 672)::bit(672),
  quiet bit(672) not null default repeat('0', 672)::bit(672),
  paged_for text[] not null default '{}',
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
-- What changes with every page stands in no index, so that it is written in place.
create index duties_switched on duties (on_call_until) where on_call_until is not null;
comment on column duties.hours is 'When the member is on call every week.';
comment on column duties.quiet is 'When the weekly hours do not count; the switch counts all the same.';
comment on column duties.paged_for is 'For which of their specialties the member is paged.';
comment on column duties.awake_too is 'Whether the member may be paged when awake and not on call.';
comment on column duties.on_call_until is 'The switch: on call until then, whatever the hours say.';
comment on column duties.stands_in is 'Whether the member agrees to be somebody''s stand-in.';
comment on column duties.budget is 'Pages a day, in the own zone, that only an emergency exceeds.';
comment on column duties.version is 'Grows with every change by the member: each page says by which version it was routed.';

-- Where members are: the router asks each place in reach for those who were paged longest ago, so that no country is
-- looked through for people who sleep. One is never taken away: an empty one costs a probe.
create table places (
  country text not null,
  zone text not null,
  primary key (country, zone)
);

-- What the router looks through: drawn from duties and members by triggers, whoever changes them. One row for each
-- specialty that a member is paged for, and one with '' for steps that ask all who are related, however distantly.
create table callable (
  specialty text not null,
  member uuid not null references duties,
  country text not null,
  zone text not null,
  paged_at timestamptz not null default '-infinity',
  on_call_until timestamptz,
  hours bit(672),
  awake_too boolean not null,
  primary key (specialty, member)
) with (fillfactor = 70);
comment on column callable.hours is 'The weekly hours without the quiet ones; null where none is left.';
-- In the order in which they are asked, so that a search stops early; with what decides, so that it looks nowhere else.
create index callable_on_call on callable (specialty, country, zone, paged_at, member) include (on_call_until, hours)
  where on_call_until is not null or hours is not null;
create index callable_awake on callable (specialty, country, zone, paged_at, member) where awake_too;
create index callable_by_member on callable (member);
create index members_moderators on members (id) where role = 'moderator';

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

-- Members who are here already: in the zone of their country in which most people live (lounge/data/zones.json).
insert into duties (member, zone, paged_for)
select m.id, coalesce(z.pair[2], 'UTC'), m.specialties
from members m left join regexp_matches($$
  AD Europe/Andorra AE Asia/Dubai AF Asia/Kabul AG America/Antigua AI America/Anguilla AL Europe/Tirane AM Asia/Yerevan
  AO Africa/Luanda AQ Antarctica/McMurdo AR America/Argentina/Buenos_Aires AS Pacific/Pago_Pago AT Europe/Vienna AU
  Australia/Sydney AW America/Aruba AX Europe/Mariehamn AZ Asia/Baku BA Europe/Sarajevo BB America/Barbados BD
  Asia/Dhaka BE Europe/Brussels BF Africa/Ouagadougou BG Europe/Sofia BH Asia/Bahrain BI Africa/Bujumbura BJ
  Africa/Porto-Novo BL America/St_Barthelemy BM Atlantic/Bermuda BN Asia/Brunei BO America/La_Paz BQ America/Kralendijk
  BR America/Sao_Paulo BS America/Nassau BT Asia/Thimphu BW Africa/Gaborone BY Europe/Minsk BZ America/Belize CA
  America/Toronto CC Indian/Cocos CD Africa/Kinshasa CF Africa/Bangui CG Africa/Brazzaville CH Europe/Zurich CI
  Africa/Abidjan CK Pacific/Rarotonga CL America/Santiago CM Africa/Douala CN Asia/Shanghai CO America/Bogota CR
  America/Costa_Rica CU America/Havana CV Atlantic/Cape_Verde CW America/Curacao CX Indian/Christmas CY Asia/Nicosia CZ
  Europe/Prague DE Europe/Berlin DJ Africa/Djibouti DK Europe/Copenhagen DM America/Dominica DO America/Santo_Domingo DZ
  Africa/Algiers EC America/Guayaquil EE Europe/Tallinn EG Africa/Cairo EH Africa/El_Aaiun ER Africa/Asmara ES
  Europe/Madrid ET Africa/Addis_Ababa FI Europe/Helsinki FJ Pacific/Fiji FK Atlantic/Stanley FM Pacific/Chuuk FO
  Atlantic/Faroe FR Europe/Paris GA Africa/Libreville GB Europe/London GD America/Grenada GE Asia/Tbilisi GF
  America/Cayenne GG Europe/Guernsey GH Africa/Accra GI Europe/Gibraltar GL America/Nuuk GM Africa/Banjul GN
  Africa/Conakry GP America/Guadeloupe GQ Africa/Malabo GR Europe/Athens GS Atlantic/South_Georgia GT America/Guatemala
  GU Pacific/Guam GW Africa/Bissau GY America/Guyana HK Asia/Hong_Kong HN America/Tegucigalpa HR Europe/Zagreb HT
  America/Port-au-Prince HU Europe/Budapest ID Asia/Jakarta IE Europe/Dublin IL Asia/Jerusalem IM Europe/Isle_of_Man IN
  Asia/Kolkata IO Indian/Chagos IQ Asia/Baghdad IR Asia/Tehran IS Atlantic/Reykjavik IT Europe/Rome JE Europe/Jersey JM
  America/Jamaica JO Asia/Amman JP Asia/Tokyo KE Africa/Nairobi KG Asia/Bishkek KH Asia/Phnom_Penh KI Pacific/Tarawa KM
  Indian/Comoro KN America/St_Kitts KP Asia/Pyongyang KR Asia/Seoul KW Asia/Kuwait KY America/Cayman KZ Asia/Almaty LA
  Asia/Vientiane LB Asia/Beirut LC America/St_Lucia LI Europe/Vaduz LK Asia/Colombo LR Africa/Monrovia LS Africa/Maseru
  LT Europe/Vilnius LU Europe/Luxembourg LV Europe/Riga LY Africa/Tripoli MA Africa/Casablanca MC Europe/Monaco MD
  Europe/Chisinau ME Europe/Podgorica MF America/Marigot MG Indian/Antananarivo MH Pacific/Majuro MK Europe/Skopje ML
  Africa/Bamako MM Asia/Yangon MN Asia/Ulaanbaatar MO Asia/Macau MP Pacific/Saipan MQ America/Martinique MR
  Africa/Nouakchott MS America/Montserrat MT Europe/Malta MU Indian/Mauritius MV Indian/Maldives MW Africa/Blantyre MX
  America/Mexico_City MY Asia/Kuala_Lumpur MZ Africa/Maputo NA Africa/Windhoek NC Pacific/Noumea NE Africa/Niamey NF
  Pacific/Norfolk NG Africa/Lagos NI America/Managua NL Europe/Amsterdam NO Europe/Oslo NP Asia/Kathmandu NR
  Pacific/Nauru NU Pacific/Niue NZ Pacific/Auckland OM Asia/Muscat PA America/Panama PE America/Lima PF Pacific/Tahiti
  PG Pacific/Port_Moresby PH Asia/Manila PK Asia/Karachi PL Europe/Warsaw PM America/Miquelon PN Pacific/Pitcairn PR
  America/Puerto_Rico PS Asia/Hebron PT Europe/Lisbon PW Pacific/Palau PY America/Asuncion QA Asia/Qatar RE
  Indian/Reunion RO Europe/Bucharest RS Europe/Belgrade RU Europe/Moscow RW Africa/Kigali SA Asia/Riyadh SB
  Pacific/Guadalcanal SC Indian/Mahe SD Africa/Khartoum SE Europe/Stockholm SG Asia/Singapore SH Atlantic/St_Helena SI
  Europe/Ljubljana SJ Arctic/Longyearbyen SK Europe/Bratislava SL Africa/Freetown SM Europe/San_Marino SN Africa/Dakar
  SO Africa/Mogadishu SR America/Paramaribo SS Africa/Juba ST Africa/Sao_Tome SV America/El_Salvador SX
  America/Lower_Princes SY Asia/Damascus SZ Africa/Mbabane TC America/Grand_Turk TD Africa/Ndjamena TF Indian/Kerguelen
  TG Africa/Lome TH Asia/Bangkok TJ Asia/Dushanbe TK Pacific/Fakaofo TL Asia/Dili TM Asia/Ashgabat TN Africa/Tunis TO
  Pacific/Tongatapu TR Europe/Istanbul TT America/Port_of_Spain TV Pacific/Funafuti TW Asia/Taipei TZ
  Africa/Dar_es_Salaam UA Europe/Kyiv UG Africa/Kampala UM Pacific/Wake US America/New_York UY America/Montevideo UZ
  Asia/Tashkent VA Europe/Vatican VC America/St_Vincent VE America/Caracas VG America/Tortola VI America/St_Thomas VN
  Asia/Ho_Chi_Minh VU Pacific/Efate WF Pacific/Wallis WS Pacific/Apia YE Asia/Aden YT Indian/Mayotte ZA
  Africa/Johannesburg ZM Africa/Lusaka ZW Africa/Harare
$$, '([A-Z]{2})\s+([A-Z]\S+/\S+)', 'g') as z(pair) on z.pair[1] = m.country;
insert into places (country, zone) select distinct m.country, d.zone from members m join duties d on d.member = m.id;
insert into callable (specialty, member, country, zone, awake_too)
select distinct s, m.id, m.country, d.zone, false
from members m join duties d on d.member = m.id, unnest(m.specialties || '{""}'::text[]) s;

grant select, insert on duties, places, callable, policies, escalations, turns, calls, pages to lounge_app;
grant update (zone, hours, quiet, paged_for, awake_too, on_call_until, undisturbed_until, stand_in, stands_in, budget, spent_on, spent,
  asked, acknowledged, version) on duties to lounge_app;
grant update (country, zone, paged_at, on_call_until, hours, awake_too) on callable to lounge_app;
grant delete on callable to lounge_app;
grant update (policy, saved_at) on policies to lounge_app;
grant update (state, step, turn, wanted, acks, due, due_at, failures, again, paged_at, acknowledged_at, ended_at, raised, raised_at)
  on escalations to lounge_app;
grant update (state, turn, reason, delivered_at, seen_at, acknowledged_at, reminded_at, ended_at) on pages to lounge_app;
