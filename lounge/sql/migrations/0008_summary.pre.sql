-- A case tells of its patient in parts, and every room has a language.

alter table cases add column summary json not null default '{}';
comment on column cases.summary is 'What lounge.summary.Summary tells; corrected as a whole, and kept nowhere else.';
alter table rooms add column language text not null default 'en' check (language ~ '^[a-z]{2}$');
comment on column rooms.language is 'In which one writes here, by its ISO 639-1 code.';

grant update (summary) on cases to lounge_app;
grant update (language) on rooms to lounge_app;
