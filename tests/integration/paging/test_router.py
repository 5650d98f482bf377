"""Whom the router finds: those who can be reached now, wherever they are in the queue, and nobody who may not be asked."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from lounge.data import load_countries
from lounge.members.accounts import NewMember
from lounge.paging.asking import Ask
from lounge.paging.hours import week_of
from lounge.paging.policy import FARTHEST, Reach
from lounge.paging.router import LOOK, Router, Weights

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lounge.members.accounts import Member
    from lounge.paging.asking import Choice
    from tests.integration.paging.desk import Desk

    Choose = Callable[..., Awaitable[list[Choice]]]

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALWAYS = "1" * 672


class Fixed:
    """A clock that shows one moment."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0


def ask(author: Member, **about: Any) -> Ask:
    """Return what a step asks: 3 cardiologists on call in the author's country, unless told otherwise."""
    fields: dict[str, Any] = {
        "case": str(uuid.uuid4()),
        "room": str(uuid.uuid4()),
        "specialty": "cardiology",
        "urgency": "urgent",
        "language": "en",
        "licence": None,
        "author": author.id,
        "country": author.country,
        "audience": "all",
        "specialties": (),
        "reach": Reach("on_call", 0, "country"),
        "people": 3,
        "asked": frozenset(),
    }
    return Ask(**(fields | about))


@pytest_asyncio.fixture(loop_scope="session")
async def author(desk: Desk) -> Member:
    return await desk.member("dermatology", on_call=False)


@pytest.fixture
def choose(desk: Desk, author: Member) -> Choose:
    """Return what lets the router choose, at noon UTC on a Monday, for one ask."""
    router = Router(desk.node.specialties, load_countries(), Weights(), Fixed(MONDAY_NOON))

    async def chosen(by: Member = author, **about: Any) -> list[Choice]:
        async with desk.node.store.transaction() as transaction:
            (choices,) = await router.choose(transaction, [ask(by, **about)])
        return choices

    return chosen


async def set_duty(desk: Desk, member: Member, **columns: Any) -> None:
    """Write columns of a duty as they are: what hangs on them follows."""
    for column, value in columns.items():
        if column in {"hours", "quiet"}:
            await desk.owner(f"update duties set {column} = $2::text::bit(672) where member = $1", member.id, value)
        else:
            await desk.owner(f"update duties set {column} = $2 where member = $1", member.id, value)


async def standby(desk: Desk, *specialties: str, **about: Any) -> Member:
    """Return a member who is on call whenever it is."""
    columns = {name: about.pop(name) for name in list(about) if name not in {"country", "role"}}
    member = await desk.member(*specialties, **about, on_call=False)
    await set_duty(desk, member, **({"hours": ALWAYS} | columns))
    return member


def who(choices: list[Choice]) -> set[str]:
    return {choice.member.handle for choice in choices}


def handles(*members: Member) -> set[str]:
    return {one.handle for one in members}


async def test_the_switch_the_hours_and_neither(desk: Desk, choose: Choose) -> None:
    """Reached is whom the switch or the weekly hours say is on call now, and nobody else; a switch that ran out is none."""
    monday = week_of([])
    noon = monday[: 12 * 4] + "1111" + monday[13 * 4 :]
    switched = await desk.member("cardiology", on_call=False)
    await set_duty(desk, switched, on_call_until=datetime(2026, 11, 23, 12, 1, tzinfo=UTC))
    over = await desk.member("cardiology", on_call=False)
    await set_duty(desk, over, on_call_until=MONDAY_NOON)
    hourly = await standby(desk, "cardiology", hours=noon)
    await standby(desk, "cardiology", hours=noon[96:] + noon[:96])
    await desk.member("cardiology", on_call=False)
    assert who(await choose()) == handles(switched, hourly)


async def test_hours_are_those_of_the_own_zone(desk: Desk, choose: Choose) -> None:
    """At noon in London it is a quarter to six in the evening in Kathmandu."""
    evening = week_of([])
    evening = evening[: 17 * 4 + 3] + "1" + evening[17 * 4 + 4 :]
    there = await standby(desk, "cardiology", hours=evening, zone="Asia/Kathmandu")
    await standby(desk, "cardiology", hours=evening, zone="Europe/London")
    choices = await choose()
    assert who(choices) == handles(there)
    assert "local:17:45" in choices[0].why


async def test_quiet_hours_beat_the_weekly_ones_and_the_switch_beats_them(desk: Desk, choose: Choose) -> None:
    """Who switched on meant it."""
    await standby(desk, "cardiology", quiet=ALWAYS)
    switched = await desk.member("cardiology", on_call=False)
    await set_duty(desk, switched, quiet=ALWAYS, on_call_until=datetime(2026, 11, 24, tzinfo=UTC))
    assert who(await choose()) == handles(switched)


async def test_who_is_awake_is_asked_only_where_they_agreed(desk: Desk, choose: Choose) -> None:
    """By day, not quiet, and `awake_too`; on call counts as well, at any hour."""
    awake = await desk.member("cardiology", on_call=False)
    await set_duty(desk, awake, awake_too=True)
    for columns in ({}, {"awake_too": True, "zone": "Pacific/Auckland"}, {"awake_too": True, "quiet": ALWAYS}):
        await set_duty(desk, await desk.member("cardiology", on_call=False), **columns)
    night = await standby(desk, "cardiology", zone="Pacific/Auckland")
    choices = await choose(reach=Reach("awake", 0, "country"))
    assert [choice.member.handle for choice in choices] == [night.handle, awake.handle]
    assert who(await choose(reach=Reach("on_call", 0, "country"))) == handles(night)
    assert {"on_call", "asleep", "local:01:00"} <= set(choices[0].why)
    assert "on_call" not in choices[1].why


async def test_specialties_as_far_as_the_step_reaches_the_nearest_first(desk: Desk, choose: Choose) -> None:
    """Down to those whom nearly all are related to; who is not paged for a specialty is not asked by it."""
    here = await standby(desk, "cardiology")
    near = await standby(desk, "heart-failure")
    far = await standby(desk, "emergency-medicine")
    await standby(desk, "dermatology")
    several = await standby(desk, "dermatology", "cardiology", paged_for=["dermatology"])
    distance = desk.node.specialties.distance
    assert (distance("cardiology", "heart-failure"), distance("cardiology", "dermatology")) == (1, None)
    assert who(await choose(reach=Reach("on_call", 0, "world"))) == handles(here)
    assert who(await choose(reach=Reach("on_call", 1, "world"))) == handles(here, near)
    choices = await choose(reach=Reach("on_call", FARTHEST, "world"))
    assert [choice.member.handle for choice in choices] == [here.handle, near.handle, far.handle]
    assert choices[1].why[0] == "near:heart-failure:1"
    emergency = await choose(specialty="emergency-medicine", reach=Reach("on_call", FARTHEST, "world"))
    assert who(emergency) >= handles(here, near, far, several)


async def test_borders(desk: Desk, choose: Choose) -> None:
    """The author's country, the region of the world around it, anywhere."""
    own, neighbour, far = [await standby(desk, "cardiology", country=country) for country in ("DE", "FR", "NP")]
    assert who(await choose(reach=Reach("on_call", 0, "country"))) == handles(own)
    assert who(await choose(reach=Reach("on_call", 0, "region"))) == handles(own, neighbour)
    assert who(await choose(reach=Reach("on_call", 0, "world"))) == handles(own, neighbour, far)


async def test_where_a_licence_is_asked_for_its_country_is_the_place_to_look(desk: Desk, choose: Choose) -> None:
    """And nowhere else: not a stand-in from abroad, either."""
    french = await standby(desk, "cardiology", country="FR")
    await standby(desk, "cardiology", country="DE")
    abroad = await standby(desk, "neurology", country="DE", stands_in=True)
    await standby(
        desk, "cardiology", country="FR", undisturbed_until=datetime(2026, 12, 1, tzinfo=UTC), stand_in=abroad.id
    )
    choices = await choose(licence="FR")
    assert who(choices) == handles(french)
    assert "licence:FR" in choices[0].why


async def test_neither_author_nor_asked_nor_locked(desk: Desk, choose: Choose) -> None:
    """Whatever they say of themselves."""
    mine, asked, locked, free = [await standby(desk, "cardiology") for _ in range(4)]
    await desk.owner("update members set state = 'locked' where id = $1", locked.id)
    assert who(await choose(mine, asked=frozenset({asked.id}))) == handles(free)


async def test_a_day_s_budget_by_the_date_of_the_own_zone(desk: Desk, choose: Choose) -> None:
    """Whoever has spent it is not found, but for an emergency; where it is tomorrow already, it is whole."""
    spent = await standby(desk, "cardiology", budget=2, spent=2, spent_on=MONDAY_NOON.date())
    tomorrow = await standby(
        desk, "cardiology", budget=2, spent=2, spent_on=MONDAY_NOON.date(), zone="Pacific/Kiritimati"
    )
    never = await standby(desk, "cardiology", budget=0)
    choices = await choose()
    assert who(choices) == handles(tomorrow)
    assert "today:0" in choices[0].why
    assert who(await choose(urgency="emergency")) == handles(spent, tomorrow, never)


async def test_whoever_is_undisturbed_is_passed_over_for_their_stand_in(desk: Desk, choose: Choose) -> None:
    """Of any specialty, if they agree, are not undisturbed themselves, and were not asked; never the stand-in's stand-in."""
    later = datetime(2026, 12, 1, tzinfo=UTC)
    other = await desk.member("pathology", on_call=False)
    await set_duty(desk, other, stands_in=True)
    away = await standby(desk, "cardiology", undisturbed_until=later, stand_in=other.id)
    (choice,) = await choose()
    assert choice.member.handle == other.handle
    assert choice.why[:2] == ("specialty:cardiology", "stand_in")
    assert await choose(asked=frozenset({other.id})) == []
    assert await choose(asked=frozenset({away.id})) == []
    assert await choose(other) == []

    await set_duty(desk, other, stands_in=False)
    assert await choose() == []
    third = await standby(desk, "pathology", stands_in=True)
    await set_duty(desk, other, stands_in=True, undisturbed_until=later, stand_in=third.id)
    assert await choose() == []
    await set_duty(desk, away, undisturbed_until=MONDAY_NOON)
    assert who(await choose()) == handles(away)


async def test_only_those_who_may_see_the_case(desk: Desk, choose: Choose) -> None:
    """Of a case for some specialties, those who have one of them; a stand-in as well."""
    both = await standby(desk, "cardiology", "nephrology")
    await standby(desk, "cardiology")
    stranger = await standby(desk, "pathology", stands_in=True)
    await standby(
        desk, "cardiology", "nephrology", undisturbed_until=datetime(2026, 12, 1, tzinfo=UTC), stand_in=stranger.id
    )
    assert who(await choose(audience="specialties", specialties=("nephrology",))) == handles(both)


async def test_a_case_for_some_members_asks_among_them(desk: Desk, choose: Choose) -> None:
    """By the same rules: specialty, on call, budget, stand-ins who are among them too."""
    room = str(uuid.uuid4())
    later = datetime(2026, 12, 1, tzinfo=UTC)
    stand_ins = await desk.members(5, "cardiology", on_call=False)
    for stand_in in stand_ins:
        await set_duty(desk, stand_in, stands_in=True)
    one = await standby(desk, "cardiology")
    away = [await standby(desk, "cardiology", undisturbed_until=later, stand_in=other.id) for other in stand_ins]
    poor = await standby(desk, "cardiology", budget=0)
    other = await standby(desk, "pathology")
    await standby(desk, "cardiology")
    await desk.owner("insert into streams (id, kind) values ($1, 'room')", room)
    await desk.owner("insert into rooms (stream, kind, title, audience) values ($1, 'case', '', 'members')", room)
    for member in (*stand_ins, one, *away, poor, other):
        await desk.owner("insert into room_members (stream, member) values ($1, $2)", room, member.id)
    invited = {"room": room, "audience": "members"}
    assert who(await choose(**invited)) == handles(one, *stand_ins)
    assert who(await choose(**invited, urgency="emergency")) == handles(one, *stand_ins, poor)
    assert who(await choose(**invited, asked=frozenset(member.id for member in away))) == handles(one)
    assert who(await choose(**invited, reach=Reach("on_call", 0, "country"), country="FR")) == set()


async def test_moderators_are_asked_whatever_they_are_if_they_can_open_the_case(desk: Desk, choose: Choose) -> None:
    """Asleep, abroad, with a spent budget; one who is undisturbed only where no other is left."""
    last = Reach("moderators", FARTHEST, "world")
    asleep = await desk.member("pathology", country="NZ", role="moderator", on_call=False)
    await set_duty(desk, asleep, budget=0, zone="Pacific/Auckland")
    resting = await desk.member("cardiology", role="moderator", on_call=False)
    await set_duty(desk, resting, undisturbed_until=datetime(2026, 12, 1, tzinfo=UTC))
    await standby(desk, "cardiology")
    choices = await choose(reach=last)
    assert who(choices) == handles(asleep)
    assert choices[0].why[0] == "moderator"
    assert who(await choose(reach=last, asked=frozenset({asleep.id}))) == handles(resting)
    assert who(await choose(reach=last, audience="specialties", specialties=("cardiology",))) == handles(resting)
    assert await choose(reach=last, audience="specialties", specialties=("neurology",)) == []


async def test_who_speaks_the_language_of_the_case_comes_first(desk: Desk, choose: Choose) -> None:
    """And is found among many who do not, who wait as long."""
    await desk.node.accounts.create(
        [NewMember(f"n-{uuid.uuid4().hex[:12]}", ("cardiology",), "CH", "member", ("de",)) for _ in range(80)]
    )
    speaks = NewMember(f"n-{uuid.uuid4().hex[:12]}", ("cardiology",), "CH", "member", ("it",))
    (italian,) = await desk.node.accounts.create([speaks])
    await desk.owner("update duties set hours = $1::text::bit(672)", ALWAYS)
    choices = await choose(language="it", country="CH")
    assert choices[0].member.handle == italian.handle
    assert "language:it" in choices[0].why
    assert len(choices) == 16


async def test_nobody_stands_before_others_in_vain(desk: Desk, choose: Choose) -> None:
    """However many wait longer who cannot be asked now, the one who can is found."""
    many = await desk.node.accounts.create(
        [NewMember(f"n-{uuid.uuid4().hex[:12]}", ("cardiology",), "DE", "member") for _ in range(LOOK + 50)]
    )
    statement = "update duties set hours = $1::text::bit(672), budget = 0 where member = any($2::uuid[])"
    await desk.owner(statement, ALWAYS, [one.id for one in many])
    free = await standby(desk, "cardiology")
    await desk.owner("update callable set paged_at = $2 where member = $1", free.id, MONDAY_NOON)
    assert who(await choose()) == handles(free)


async def test_asks_that_are_alike_do_not_all_fall_on_the_same(desk: Desk, author: Member) -> None:
    """Ten cases at once, ten people on call: each bears three of the thirty pages."""
    people = [await standby(desk, "cardiology") for _ in range(10)]
    router = Router(desk.node.specialties, load_countries(), Weights(), Fixed(MONDAY_NOON))
    async with desk.node.store.transaction() as transaction:
        found = await router.choose(transaction, [ask(author) for _ in range(10)])
    pages = Counter(choice.member.handle for choices in found for choice in choices[:3])
    assert pages == dict.fromkeys(handles(*people), 3)


async def test_asks_that_differ_are_answered_each_in_its_place(desk: Desk, author: Member) -> None:
    """In the order in which they were asked, without what one of them excludes."""
    heart, skin = await standby(desk, "cardiology"), await standby(desk, "nephrology")
    asks = [ask(author), ask(author, specialty="nephrology"), ask(author, asked=frozenset({heart.id})), ask(author)]
    router = Router(desk.node.specialties, load_countries(), Weights(), Fixed(MONDAY_NOON))
    async with desk.node.store.transaction() as transaction:
        found = await router.choose(transaction, asks)
    assert [who(choices) for choices in found] == [handles(heart), handles(skin), set(), handles(heart)]


async def test_what_a_member_is_follows_at_once(desk: Desk, choose: Choose) -> None:
    """Another specialty or country, by whatever way it was written: found by the new one, not by the old."""
    member = await standby(desk, "pathology", "neurology", paged_for=["pathology"])
    await desk.owner(
        "update members set specialties = '{neurology,cardiology}', country = 'FR' where id = $1", member.id
    )
    (row,) = await desk.owner("select paged_for from duties where member = $1", member.id)
    assert row["paged_for"] == ["cardiology"]
    assert who(await choose(country="FR")) == handles(member)
    assert await choose() == []
    assert await choose(country="FR", specialty="pathology") == []
    assert await choose(country="FR", specialty="neurology") == []


async def test_a_zone_that_this_node_does_not_know_counts_as_utc(desk: Desk, choose: Choose) -> None:
    """Its members are reached all the same."""
    noon = week_of([])
    noon = noon[: 12 * 4] + "1" + noon[12 * 4 + 1 :]
    member = await standby(desk, "cardiology", hours=noon, zone="Zenith/New_Town")
    (choice,) = await choose()
    assert (choice.member.handle, "local:12:00" in choice.why) == (member.handle, True)
