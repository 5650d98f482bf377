-- Rooms of a drill: real in every respect, but in no list and on no board, and the only ones that can be removed again.
alter table rooms add column drill boolean not null default false;
grant insert (drill) on rooms to lounge_app;

-- Removes the drill rooms of one author with all that stands in them; returns how many they were.
create function remove_drills(_author uuid) returns bigint
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
  delete from cases where room = any(gone);
  delete from room_members where stream = any(gone);
  delete from rooms where stream = any(gone);
  delete from participants where stream = any(gone);
  delete from seen where stream = any(gone);
  delete from messages where stream = any(gone);
  delete from events where stream = any(gone);
  delete from streams where id = any(gone);
  return cardinality(gone);
end $$;
revoke execute on function remove_drills(uuid) from public;
grant execute on function remove_drills(uuid) to lounge_app;
