"""Duties: what a member says of when they can be reached, and a budget that no two engines overspend."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import UNSET

from lounge.clock import milliseconds
from lounge.errors import Invalid, Stale
from lounge.members.accounts import NewMember
from lounge.paging import duties as budget
from lounge.paging.asking import Choice
from lounge.paging.duties import Duties, DutyChange
from lounge.paging.hours import Span
from lounge.paging.zones import load_zones
from tests.integration.cases.conftest import StillClock

if TYPE_CHECKING:
    from lounge.live.events import Urgency
    from lounge.members.accounts import Member
    from tests.integration.cases.conftest import Node
    from tests.integration.paging.desk import Desk

ZONES = load_zones()
DAY = 86_400.0


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def duties(desk: Desk, clock: StillClock) -> Duties:
    return Duties(desk.node.store, ZONES, clock)


def ahead(clock: StillClock, **by: float) -> int:
    return milliseconds(clock.now() + timedelta(**by))


async def spend(
    desk: Desk, members: list[Member], *, urgency: Urgency = "urgent", take: int = 1, why: str = "on_call"
) -> list[str]:
    """Spend a page of some of these, routed by their duties as they stand; return the handles of those it was spent of."""
    rows = await desk.owner(
        "select member, version from duties where member = any($1::uuid[])", [m.id for m in members]
    )
    versions = {str(row["member"]): row["version"] for row in rows}
    choices = [Choice(member, 0.0, (why,), versions[member.id]) for member in members]
    async with desk.node.store.transaction() as transaction:
        got = await budget.spend(transaction, choices, urgency=urgency, take=take)
    return [one.member.handle for one in got]


async def row_of(desk: Desk, member: Member) -> Any:
    (row,) = await desk.owner("select * from duties where member = $1", member.id)
    return row


async def test_every_new_member_has_a_duty_in_the_zone_of_their_country(desk: Desk) -> None:
    """With the account, in one statement: paged for all of their specialties, four pages a day, and found where they are."""
    desk.node.accounts._zone_of = ZONES.of
    (member,) = await desk.node.accounts.create([NewMember("nepal-one", ("cardiology", "nephrology"), "NP")])
    duty = await Duties(desk.node.store, ZONES, StillClock()).of(member)
    assert (duty.zone, duty.budget, duty.paged_for) == ("Asia/Kathmandu", 4, ["cardiology", "nephrology"])
    assert (duty.hours, duty.quiet, duty.awake_too, duty.on_call_until, duty.version) == ([], [], False, None, 1)
    assert (duty.now.on_call, duty.now.pages_today) == (False, 0)
    rows = await desk.owner("select specialty, country, zone from callable where member = $1 order by 1", member.id)
    assert [tuple(row) for row in rows] == [
        ("", "NP", "Asia/Kathmandu"),
        ("cardiology", "NP", "Asia/Kathmandu"),
        ("nephrology", "NP", "Asia/Kathmandu"),
    ]


async def test_what_a_change_leaves_out_stays(desk: Desk, duties: Duties) -> None:
    """And each change makes a new version."""
    member = await desk.member("cardiology", "nephrology", on_call=False)
    night = [Span(0, "22:00", "06:00")]
    first = await duties.change(member, DutyChange(1, zone="America/St_Johns", hours=night, budget=2, awake_too=True))
    second = await duties.change(member, DutyChange(2, paged_for=["nephrology"], quiet=[Span(0, "23:00", "00:00")]))
    assert (second.zone, second.hours, second.budget, second.awake_too) == ("America/St_Johns", night, 2, True)
    assert (second.paged_for, second.quiet) == (["nephrology"], [Span(0, "23:00", "24:00")])
    assert (first.version, second.version) == (2, 3)
    rows = await desk.owner("select specialty, zone, hours::text from callable where member = $1 order by 1", member.id)
    assert [(row["specialty"], row["zone"], row["hours"].count("1")) for row in rows] == [
        ("", "America/St_Johns", 28),
        ("nephrology", "America/St_Johns", 28),
    ]


async def test_a_change_of_what_changed_meanwhile_is_stale(desk: Desk, duties: Duties) -> None:
    """Two tabs do not overwrite each other: one of two changes of the same version stands."""
    member = await desk.member(on_call=False)
    both = await asyncio.gather(
        *(duties.change(member, DutyChange(1, budget=n)) for n in (7, 8)), return_exceptions=True
    )
    assert sorted(isinstance(one, Stale) for one in both) == [False, True]
    with pytest.raises(Stale):
        await duties.change(member, DutyChange(1, budget=9))
    assert (await duties.of(member)).budget in {7, 8}


async def test_the_switch(desk: Desk, duties: Duties, clock: StillClock) -> None:
    """On call until then, whatever the hours; off again; the same twice is one change; over by itself."""
    member = await desk.member(on_call=False)
    until = ahead(clock, hours=4)
    duty = await duties.on_call(member, until)
    assert (duty.now.on_call, duty.on_call_until, duty.version) == (True, until, 2)
    assert (await duties.on_call(member, until)).version == 2
    clock.advance(4 * 3600)
    assert ((await duties.of(member)).now.on_call, (await duties.of(member)).on_call_until) == (False, None)
    clock.advance(-3600)
    off = await duties.on_call(member, None)
    assert (off.now.on_call, off.on_call_until) == (False, None)


async def test_undisturbed_is_not_on_call(desk: Desk, duties: Duties, clock: StillClock) -> None:
    """Whatever switch and hours say."""
    member = await desk.member(on_call=False)
    await duties.on_call(member, ahead(clock, hours=4))
    duty = await duties.change(member, DutyChange(2, undisturbed_until=ahead(clock, hours=1)))
    assert not duty.now.on_call
    clock.advance(3601)
    assert (await duties.of(member)).now.on_call


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"zone": "Mars/Olympus_Mons"}, "zone: "),
        ({"zone": "../../etc/passwd"}, "zone: "),
        ({"paged_for": ["dermatology"]}, "paged_for: "),
        ({"hours": [Span(0, "09:01", "10:00")]}, "from, to: "),
        ({"on_call_until": 1}, "on_call_until: "),
        ({"on_call_until": "in 8 days"}, "on_call_until: "),
        ({"undisturbed_until": "in 400 days"}, "undisturbed_until: "),
        ({"stand_in": "own"}, "stand_in: nobody stands in for themselves"),
        ({"stand_in": "no-such-member"}, "stand_in: nobody of this handle"),
    ],
)
async def test_what_breaks_a_rule_is_refused_and_nothing_changes(
    desk: Desk, duties: Duties, clock: StillClock, change: dict[str, Any], says: str
) -> None:
    """The error names the field and does not repeat what was sent."""
    member = await desk.member(on_call=False)
    given: dict[str, Any] = {
        name: member.handle
        if value == "own"
        else ahead(clock, days=float(value.split()[1]))
        if isinstance(value, str) and value.startswith("in ")
        else value
        for name, value in change.items()
    }
    with pytest.raises(Invalid) as raised:
        await duties.change(member, DutyChange(1, **given))
    assert raised.value.message.startswith(says)
    assert "Mars" not in raised.value.message
    assert (await duties.of(member)).version == 1


async def test_a_stand_in_agreed_and_is_there(desk: Desk, duties: Duties, clock: StillClock) -> None:
    """Never one who did not agree, is undisturbed now, or was locked; why stays theirs."""
    member, other = await desk.member(on_call=False), await desk.member(on_call=False)
    with pytest.raises(Invalid):
        await duties.change(member, DutyChange(1, stand_in=other.handle))
    await duties.change(other, DutyChange(1, stands_in=True, undisturbed_until=ahead(clock, hours=1)))
    with pytest.raises(Invalid):
        await duties.change(member, DutyChange(1, stand_in=other.handle))
    await duties.change(other, DutyChange(2, undisturbed_until=None))
    assert (await duties.change(member, DutyChange(1, stand_in=other.handle))).stand_in == other.handle
    assert (await duties.change(member, DutyChange(2, budget=1))).stand_in == other.handle
    assert (await duties.change(member, DutyChange(3, stand_in=None))).stand_in is None
    await desk.owner("update members set state = 'locked' where id = $1", other.id)
    with pytest.raises(Invalid):
        await duties.change(member, DutyChange(4, stand_in=other.handle))


async def test_switches_that_ran_out_are_cleared(desk: Desk, duties: Duties, clock: StillClock) -> None:
    """No others, and it is no change by the member."""
    over, on = await desk.member(on_call=False), await desk.member(on_call=False)
    await duties.on_call(over, ahead(clock, hours=1))
    await duties.on_call(on, ahead(clock, hours=3))
    clock.advance(2 * 3600)
    assert await duties.lapse() >= 1
    assert ((await row_of(desk, over))["on_call_until"], (await row_of(desk, over))["version"]) == (None, 2)
    assert (await row_of(desk, on))["on_call_until"] is not None
    rows = await desk.owner("select on_call_until from callable where member = $1", over.id)
    assert {row["on_call_until"] for row in rows} == {None}


async def test_changes_of_member_and_duty_at_once_both_reach_the_router(desk: Desk, duties: Duties) -> None:
    """Whichever comes first: what is looked through shows both."""
    for _ in range(20):
        member = await desk.member(on_call=False)
        await asyncio.gather(
            duties.change(member, DutyChange(1, zone="Asia/Tokyo")),
            desk.owner("update members set country = 'JP' where id = $1", member.id),
        )
        rows = await desk.owner("select distinct country, zone from callable where member = $1", member.id)
        assert [tuple(row) for row in rows] == [("JP", "Asia/Tokyo")]


# The budget


async def test_a_page_is_spent_of_the_best_until_enough_are_got(desk: Desk) -> None:
    """In their order, one each; it shows in what they bore and in when they were paged."""
    people = await desk.members(4)
    assert await spend(desk, people, take=2) == [people[0].handle, people[1].handle]
    rows = [await row_of(desk, one) for one in people]
    assert [(row["spent"], row["asked"]) for row in rows] == [(1, 1), (1, 1), (0, 0), (0, 0)]
    paged = await desk.owner(
        "select member from callable where member = any($1::uuid[]) and paged_at > '-infinity'", [m.id for m in people]
    )
    assert Counter(str(row["member"]) for row in paged) == {people[0].id: 2, people[1].id: 2}


async def test_whoever_has_spent_their_budget_is_passed_over(desk: Desk, duties: Duties) -> None:
    """For the next best; but not where it is an emergency, they are the last resort, or were named by a colleague."""
    poor, free = await desk.member(), await desk.member()
    await duties.change(poor, DutyChange(1, budget=1))
    assert await spend(desk, [poor]) == [poor.handle]
    assert await spend(desk, [poor, free]) == [free.handle]
    assert await spend(desk, [poor]) == []
    assert await spend(desk, [poor, free], urgency="emergency") == [poor.handle]
    assert await spend(desk, [poor], why="moderator") == [poor.handle]
    assert await spend(desk, [poor], why="handed_over") == [poor.handle]
    assert ((await row_of(desk, poor))["spent"], (await duties.of(poor)).now.pages_today) == (4, 4)


async def test_the_budget_is_whole_again_on_the_next_day_of_the_own_zone(desk: Desk) -> None:
    """And not sooner for one who moved west, where it is yesterday."""
    member = await desk.member()
    await desk.owner("update duties set budget = 1 where member = $1", member.id)
    assert await spend(desk, [member]) == [member.handle]
    await desk.owner("update duties set spent_on = spent_on + 1 where member = $1", member.id)
    assert await spend(desk, [member]) == []
    await desk.owner("update duties set spent_on = spent_on - 2 where member = $1", member.id)
    assert await spend(desk, [member]) == [member.handle]
    assert (await row_of(desk, member))["spent"] == 1


async def test_whoever_changed_their_duty_since_they_were_routed_is_passed_over(desk: Desk, duties: Duties) -> None:
    """No page comes after a "do not disturb" that was acknowledged; nor to one who was locked."""
    changed, locked, free = await desk.members(3)
    choices = [Choice(member, 0.0, ("on_call",), 1) for member in (changed, locked, free)]
    await duties.change(changed, DutyChange(1, undisturbed_until=ahead(StillClock(), hours=1)))
    await desk.owner("update members set state = 'locked' where id = $1", locked.id)
    async with desk.node.store.transaction() as transaction:
        got = await budget.spend(transaction, choices, urgency="urgent", take=3)
    assert [one.member.handle for one in got] == [free.handle]


async def test_nothing_is_spent_where_nobody_is_wanted(desk: Desk) -> None:
    """Nor of nobody."""
    member = await desk.member()
    assert await spend(desk, [member], take=0) == []
    assert await spend(desk, []) == []
    assert (await row_of(desk, member))["asked"] == 0


async def test_two_engines_at_once_do_not_overspend(desk: Desk, other: Node) -> None:
    """Forty rounds from two nodes, in opposite orders, over people with three pages each: all are spent, and not one more."""
    people = await desk.members(5)
    await desk.owner("update duties set budget = 3 where member = any($1::uuid[])", [m.id for m in people])
    got: Counter[str] = Counter()

    async def engine(node: Node, choices: list[Choice]) -> None:
        for _ in range(20):
            async with node.store.transaction() as transaction:
                granted = await budget.spend_all(transaction, [budget.Wish(choices, "urgent", 1)] * 2)
            got.update(one.member.handle for taken in granted for one in taken)
            await asyncio.sleep(0)

    choices = [Choice(member, 0.0, ("on_call",), 1) for member in people]
    async with asyncio.TaskGroup() as group:
        for node in (desk.node, other):
            for order in (choices, choices[::-1]):
                group.create_task(engine(node, order))
    assert got == dict.fromkeys((member.handle for member in people), 3)
    assert [(await row_of(desk, member))["spent"] for member in people] == [3] * 5


async def test_two_engines_that_route_before_they_lock_do_not_overspend(desk: Desk, other: Node) -> None:
    """One page left, two that want it at the same time, many times over: one of them gets it."""
    for _ in range(60):
        member = await desk.member()
        await desk.owner("update duties set budget = 1 where member = $1", member.id)
        choice = Choice(member, 0.0, ("on_call",), 1)

        async def engine(node: Node, choice: Choice = choice) -> int:
            async with node.store.transaction() as transaction:
                return len(await budget.spend(transaction, [choice], urgency="urgent", take=1))

        assert sorted(await asyncio.gather(engine(desk.node), engine(other))) == [0, 1]
        assert (await row_of(desk, member))["spent"] == 1


async def test_a_change_without_anything_is_a_change_of_nothing(desk: Desk, duties: Duties) -> None:
    """All fields may be left out."""
    member = await desk.member(on_call=False)
    before = await duties.of(member)
    after = await duties.change(member, DutyChange(1, stand_in=UNSET))
    assert (after.hours, after.budget, after.version) == (before.hours, before.budget, 2)
