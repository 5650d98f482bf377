"""The demo network is put in once, whole, and is as old as its story says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from lounge.colleagues.cast import VISITORS
from lounge.data import load_countries, load_demo, load_languages, load_specialties
from lounge.demo import Seeder
from lounge.demo_duties import give_duties, spans
from lounge.demo_paging import DemoPaging
from lounge.endings import Endings
from lounge.errors import Unavailable
from lounge.lounges import ensure_lounges, lounges
from lounge.paging.auditor import Auditor
from lounge.paging.duties import Duties, DutyChange
from lounge.paging.hours import week_of
from lounge.paging.zones import load_zones
from lounge.sql import load_queries
from lounge.store import Direct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.cases.conftest import Ask, Node
    from tests.integration.conftest import Database

COUNTS = """select (select count(*) from members) as members, (select count(*) from cases) as cases,
    (select count(*) from messages) as messages, (select sum(head) from streams) as heads,
    (select count(distinct r.stream) from rooms r join messages m on m.stream = r.stream where r.kind = 'lounge') as lounges"""


@pytest_asyncio.fixture(loop_scope="session")
async def seeder(node: Node, database: Database) -> AsyncIterator[Seeder]:
    """Return what seeds the module's database, which has the standing lounges."""
    standing = lounges(node.ids, load_specialties(), load_countries(), load_languages().values())
    await ensure_lounges(node.store, standing)
    async with Direct(database.owner_url, load_queries()) as owner:
        endings = Endings(
            node.store,
            node.ids,
            node.clock,
            enter=node.rooms.participate,
            committed=node.committed,
            end_search=node.escalations.end,
        )
        duties = Duties(node.store, load_zones(), node.clock)
        paging = DemoPaging(owner, node.ids, node.accounts, node.aliases, duties, node.specialties)
        yield Seeder(node.store, owner, node.ids, node.clock, node.accounts, node.rooms, node.cases, endings, paging)


async def test_seeding_is_taken_up_where_it_broke_off_and_done_once(
    node: Node, seeder: Seeder, owner: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four starts that broke off and one that did not leave what the file says, each thing once; the next has nothing to do."""
    demo, change = load_demo(), node.rooms.change
    for allowed in (2, 15, 90, 250):
        left = allowed

        async def failing(*args: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Unavailable
            return await change(*args)

        monkeypatch.setattr(node.rooms, "change", failing)
        with pytest.raises(Unavailable):
            await seeder.seed(demo)
    monkeypatch.setattr(node.rooms, "change", change)
    assert await seeder.seed(demo) is True
    (counts,) = await owner(COUNTS)
    assert (counts["members"], counts["cases"], counts["lounges"]) == (40, 30, len(demo.lounges) + len(demo.talks))
    said = [
        *(one.posts for one in demo.cases),
        *(one.posts for one in demo.lounges),
        *(one.posts for one in demo.talks),
    ]
    followed_up = [one for one in demo.cases if one.follow_up is not None]
    assert counts["messages"] == sum(map(len, said)) + len(followed_up)
    assert await seeder.seed(demo) is False
    assert await owner(COUNTS) == [counts]


async def test_the_story_has_one_time(seeder: Seeder, owner: Ask) -> None:
    """Events never run backwards; messages, first replies, heads and the lines on boards say the times of the events."""
    await seeder.seed(load_demo())
    assert not await owner(
        """select 1 from (select at, lag(at) over (partition by stream order by seq) as before from events e
           where stream in (select stream from rooms)) e where e.at < e.before"""
    )
    assert not await owner(
        "select 1 from messages m join events e on e.stream = m.stream and e.seq = m.seq where e.at <> m.at"
    )
    assert not await owner(
        """select 1 from cases c join streams s on s.id = c.room
           where s.last_at <> (select max(at) from events e where e.stream = c.room)
              or c.opened_at <> (select min(at) from events e where e.stream = c.room)
              or s.first_reply_at is distinct from
                 (select min(at) from messages m where m.stream = c.room and m.author > 1)
              or c.announced <> s.posts"""
    )
    assert not await owner(
        """select 1 from events e join cases c on c.id = (e.data->>'id')::uuid
           where e.kind = 'case.opened' and (e.data->>'opened_at')::bigint <> extract(epoch from c.opened_at) * 1000"""
    )


async def test_cases_end_as_the_story_says(seeder: Seeder, owner: Ask) -> None:
    """Resolved, reopened and withdrawn by the rules themselves, at the story's times; who was asked of a patient has answered."""
    demo = load_demo()
    await seeder.seed(demo)
    rows = await owner(
        """select title, c.state, outcome, resolved_at is not null as ended, opened_at, resolved_at, now() as now,
                  accepted, diagnosis, rev = announced_rev as told, s.state as room,
                  (select count(*) from follow_ups f where f.case_id = c.id) as asked,
                  (select count(*) from follow_ups f where f.case_id = c.id and f.answered_at is null
                     and f.due_at < now()) as owed
           from cases c join streams s on s.id = c.room"""
    )
    stands = {row["title"]: row for row in rows}
    for case in demo.cases:
        row = stands[case.title]
        assert row["told"], case.title
        closed = case.withdrawn_minutes_ago is not None or (case.resolution and case.reopened_minutes_ago is None)
        assert row["room"] == ("closed" if closed else "open"), case.title
        if case.withdrawn_minutes_ago is not None:
            assert row["state"] == "withdrawn"
        elif case.reopened_minutes_ago is not None:
            assert (row["state"], row["ended"], row["accepted"], row["asked"]) == ("reopened", False, None, 0)
        elif case.resolution is not None:
            assert (row["state"], row["outcome"]) == ("resolved", case.resolution.outcome)
            ago = (row["now"] - row["resolved_at"]).total_seconds() / 60
            assert case.resolution.minutes_ago <= ago < case.resolution.minutes_ago + 5
            if case.follow_up is not None:
                assert row["owed"] == 0, case.title
        else:
            assert row["state"] == "open"


async def test_the_standing_lounges_are_talked_in(seeder: Seeder, owner: Ask) -> None:
    """What the story says in them stands in the very rooms that every installation has."""
    demo = load_demo()
    await seeder.seed(demo)
    groups = await owner(
        """select r.lounge_group, count(*) as said from messages m join rooms r on r.stream = m.stream
           where r.kind = 'lounge' and r.title not in (select unnest($1::text[])) group by 1""",
        [one.title for one in demo.lounges],
    )
    wanted: dict[str, int] = {}
    for talk in demo.talks:
        wanted[talk.group] = wanted.get(talk.group, 0) + len(talk.posts)
    assert {row["lounge_group"]: row["said"] for row in groups} == wanted


async def test_members_have_the_duties_of_the_story(node: Node, seeder: Seeder) -> None:
    """Zone, hours and stand-in of each as the file says; those whom visitors are offered are not on call; a change stays."""
    demo = load_demo()
    await seeder.seed(demo)
    duties = Duties(node.store, load_zones(), node.clock)
    for one in demo.members:
        duty = await duties.of(await node.accounts.by_handle(one.handle))
        wanted = week_of(spans(one.duty.hours))
        assert (duty.zone, week_of(duty.hours), duty.stand_in) == (one.duty.zone, wanted, one.duty.stand_in), one.handle
        assert duty.paged_for == list(one.specialties)
        if one.handle in VISITORS:
            assert (duty.hours, duty.on_call_until, duty.now.on_call, duty.awake_too) == ([], None, False, False)
    tidewater = await node.accounts.by_handle("tidewater")
    seen = await duties.of(tidewater)
    await duties.change(tidewater, DutyChange(version=seen.version, hours=[]))
    await give_duties(duties, node.accounts, demo.members)
    assert (await duties.of(tidewater)).hours == []


async def test_each_case_has_a_search_that_is_over_and_says_so_once(seeder: Seeder, owner: Ask) -> None:
    """Answered before the first reply, or standing where nobody replied; in the order of time; told again, the same."""
    demo = load_demo()
    await seeder.seed(demo)
    rows = await owner(
        """select c.title, e.state, s.first_reply_at, e.opened_at = c.opened_at as together, e.paged_at, e.acknowledged_at,
                  e.ended_at, c.opened_at, now() as now from cases c join escalations e on e.case_id = c.id
           join streams s on s.id = c.room"""
    )
    assert {row["title"] for row in rows} == {one.title for one in demo.cases}
    for row in rows:
        assert row["together"]
        if row["first_reply_at"] is not None:
            times = [row["opened_at"], row["paged_at"], row["acknowledged_at"], row["ended_at"]]
            assert (row["state"], row["ended_at"]) == ("answered", row["first_reply_at"]), row["title"]
            assert times == sorted(set(times)), row["title"]
        else:
            assert row["state"] in ("exhausted", "stood_down"), row["title"]
            assert row["acknowledged_at"] is None
            assert (row["ended_at"] is None) == (row["state"] == "exhausted")
        assert row["paged_at"] < row["now"]
    everything = "select (select count(*) from escalations), (select count(*) from pages), (select count(*) from turns)"
    before = await owner(everything)
    await seeder._paging.put_in(demo)
    assert await owner(everything) == before


async def test_nothing_rings_after_seeding(node: Node, seeder: Seeder, owner: Ask) -> None:
    """No step is due, no page waits for anybody, no feed was told of one, and the auditor finds nothing to call for."""
    await seeder.seed(load_demo())
    assert not await owner("select 1 from escalations where due is not null or state in ('searching', 'held')")
    assert not await owner(
        "select 1 from pages where state in ('queued', 'sent', 'delivered', 'seen', 'acknowledged') or ended_at is null"
    )
    assert not await owner(
        "select 1 from events where kind in ('paged', 'page.changed', 'page.reminded', 'pager.alarm')"
    )
    assert await node.store.rows("paging.replied", None) == []
    await owner("update turns set at = at - interval '1 day'")
    told = len(node.told)
    await Auditor(node.store, node.ids, node.clock, node.committed).audit()
    assert len(node.told) == told


async def test_pages_are_of_people_who_may_see_the_case_at_times_that_can_be(seeder: Seeder, owner: Ask) -> None:
    """Never the author, nobody without access, none twice; paged, delivered, seen, taken and over in this order."""
    await seeder.seed(load_demo())
    assert not await owner(
        """select 1 from pages p join cases c on c.id = p.case_id join rooms r on r.stream = c.room
           join members m on m.id = p.member
           where p.member = c.author or not sees(m.id, m.specialties, c.room, r.audience, r.specialties)"""
    )
    pages = await owner("select *, now() as now from pages")
    for page in pages:
        times = [
            page[one] for one in ("paged_at", "delivered_at", "seen_at", "acknowledged_at", "ended_at") if page[one]
        ]
        assert times == sorted(times)
        assert times[-1] <= page["now"]
        assert page["label"]
        assert page["why"]
        assert ":None" not in " ".join(page["why"])
        assert (page["reason"] is None) == (page["state"] != "declined")
        # The newest come first by their ids, so these are of the time at which the page was sent.
        assert abs(int(str(page["id"]).replace("-", "")[:12], 16) - page["paged_at"].timestamp() * 1000) < 2
    assert 2 <= len(pages) / 30 <= 3.5
    borne = await owner("select sum(asked) as asked, sum(acknowledged) as acknowledged from duties")
    assert [(row["asked"], row["acknowledged"]) for row in borne] == [
        (len(pages), sum(page["acknowledged_at"] is not None for page in pages))
    ]
