"""How soon cases are answered: counted right, of groups in which nobody can be picked out, and never of drills."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import pytest_asyncio

from lounge.clock import milliseconds
from lounge.errors import Busy
from lounge.members.accounts import NewMember
from lounge.paging import pulse as taking
from lounge.paging.pulse import Group, Load, Objective, Pulse, Spread, ahead_of_utc, highest
from tests.integration.cases.conftest import node, owner  # noqa: F401  fixtures

if TYPE_CHECKING:
    from lounge.cases import Case
    from lounge.members.accounts import Member
    from lounge.paging.pulse import Figures
    from tests.integration.cases.conftest import Ask, Node

K = 3
MONDAY_TO_FRIDAY_9_TO_17 = "".join(
    "1" if day < 5 and 36 <= quarter < 68 else "0" for day in range(7) for quarter in range(96)
)
SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Ward:
    """Members and cases whose times a test decides."""

    def __init__(self, node: Node, owner: Ask) -> None:  # noqa: F811  fixtures
        self.node = node
        self.owner = owner

    async def alone(self) -> None:
        """Let nothing of other tests count."""
        await self.owner("update rooms set drill = true")
        await self.owner("update members set state = 'locked'")
        await self.owner("update escalations set state = 'ended', due = null, due_at = null")

    async def members(self, count: int, specialty: str = "cardiology", country: str = "DE") -> list[Member]:
        return [await self.node.member(specialty, country=country) for _ in range(count)]

    async def operator(self) -> Member:
        new = NewMember(f"op-{self.node.ids.secret()[:12]}", ("cardiology",), "DE", "operator")
        return (await self.node.accounts.create([new]))[0]

    async def case(self, author: Member, *, ago: float = 3_600, **times: Any) -> Case:
        """Open a case `ago` seconds ago; `times` in seconds after that: paged, delivered, acknowledged, replied, resolved."""
        known = ("specialty", "urgency", "drill")
        about = {name: times.pop(name) for name in known if name in times}
        case = await self.node.case(author, **about)
        await self.owner(
            "with opened as (update cases set opened_at = clock_timestamp() - make_interval(secs => $2::float8),"
            " resolved_at = clock_timestamp() - make_interval(secs => $2::float8 - $5::float8) where id = $1"
            " returning id, room, opened_at),"
            " replied as (update streams s set first_reply_at = o.opened_at + make_interval(secs => $6::float8)"
            "  from opened o where s.id = o.room)"
            " update escalations e set opened_at = o.opened_at, due = null, due_at = null,"
            "  state = case when $6::float8 is null then 'searching' else 'answered' end,"
            "  paged_at = o.opened_at + make_interval(secs => $3::float8),"
            "  acknowledged_at = o.opened_at + make_interval(secs => $4::float8)"
            " from opened o where e.case_id = o.id",
            case.id,
            ago,
            times.get("paged"),
            times.get("acknowledged"),
            times.get("resolved"),
            times.get("replied"),
        )
        return case

    async def page(
        self, case: Case, member: Member, delivered: float | None = None, acknowledged: float | None = None
    ) -> None:
        """Write a page; times in seconds after the case was opened."""
        await self.owner(
            "insert into pages (id, case_id, member, turn, why, duty_version, label, paged_at, delivered_at, acknowledged_at)"
            " select $1, c.id, $3, 1, '{}', 1, 'Cardiology', c.opened_at, c.opened_at + make_interval(secs => $4::float8),"
            "  c.opened_at + make_interval(secs => $5::float8) from cases c where c.id = $2",
            self.node.ids.stream(),
            case.id,
            member.id,
            delivered,
            acknowledged,
        )

    async def on_call(self, member: Member, zone: str, hours: str, quiet: str | None = None) -> None:
        """Set weekly hours."""
        await self.owner(
            "update duties set zone = $2, hours = $3::text::bit(672), quiet = $4::text::bit(672) where member = $1",
            member.id,
            zone,
            hours,
            quiet or "0" * 672,
        )

    async def read(self, member: Member | None = None, days: int = 30, k: int = K) -> Figures:
        """Take the pulse, as a node that has kept nothing."""
        reader = member or (await self.members(1))[0]
        return await Pulse(self.node.store, self.node.ids, self.node.clock, k=k).figures(reader, days)


@pytest_asyncio.fixture(loop_scope="session")
async def ward(node: Node, owner: Ask) -> Ward:  # noqa: F811  fixtures
    """Return a ward in which nobody is."""
    ward = Ward(node, owner)
    await ward.alone()
    return ward


def of(groups: list[Group]) -> dict[str, int]:
    """Return which groups are shown, and of how many cases."""
    return {group.of: group.cases for group in groups}


async def test_the_stages_of_the_way_are_told_in_halves_and_95_percent(ward: Ward) -> None:
    """Milliseconds, between the two nearest where it falls between: from posting, or from the first page on."""
    author, reader, *asked = await ward.members(4)
    for n in range(1, 6):
        case = await ward.case(author, paged=n, acknowledged=n + 100 * n, replied=1_000 * n, resolved=2_000 * n)
        await ward.page(case, asked[0], delivered=n + 2 * n)
        await ward.page(case, asked[1], delivered=n + 50)
    figures = await ward.read(reader)
    assert figures.cases == 5
    times = figures.times
    assert times is not None
    assert times.paged == Spread(3_000, 4_800)
    assert times.delivered == Spread(6_000, 9_600)
    assert times.acknowledged == Spread(300_000, 480_000)
    assert times.replied == Spread(3_000_000, 4_800_000)
    assert times.resolved == Spread(6_000_000, 9_600_000)


async def test_times_are_told_by_specialty_country_and_urgency(ward: Ward) -> None:
    """The author's country; those with most cases first."""
    german, *_ = await ward.members(K)
    french, *_ = await ward.members(K, "neurology", "FR")
    for _ in range(5):
        await ward.case(german, paged=1, specialty="cardiology", urgency="urgent")
    for _ in range(6):
        await ward.case(french, paged=9, specialty="neurology", urgency="routine")
    figures = await ward.read(french)
    assert list(of(figures.specialties).items()) == [("neurology", 5), ("cardiology", 5)]
    assert list(of(figures.countries).items()) == [("FR", 5), ("DE", 5)]
    assert list(of(figures.urgencies).items()) == [("routine", 6), ("urgent", 5)]
    assert [group.times.paged for group in figures.countries] == [Spread(9_000, 9_000), Spread(1_000, 1_000)]


async def test_a_group_of_few_members_is_not_shown(ward: Ward) -> None:
    """Fewer than k of a specialty or in a country, whatever they posted: one of them could be picked out."""
    author, *_ = await ward.members(K, "cardiology", "DE")
    rare, *_ = await ward.members(K - 1, "neurology", "FR")
    for _ in range(6):
        await ward.case(author, paged=1)
        await ward.case(rare, paged=1, specialty="neurology")
    figures = await ward.read(author)
    assert (figures.cases, figures.k) == (12, K)
    assert of(figures.specialties) == {"cardiology": 5}
    assert of(figures.countries) == {"DE": 5}


async def test_of_an_installation_of_few_nothing_is_told_but_numbers_of_cases(ward: Ward) -> None:
    """No time, no objective: who answered is known there."""
    author, *_ = await ward.members(K - 1)
    for _ in range(6):
        await ward.case(author, paged=1, acknowledged=2, replied=3)
    figures = await ward.read(author)
    assert figures.cases == 6
    assert (figures.times, figures.objective) == (None, None)
    assert figures.specialties == figures.countries == figures.urgencies == []
    assert set(figures.coverage) == {None}


async def test_the_times_of_few_cases_are_not_shown(ward: Ward) -> None:
    """Neither a group of fewer than five, nor a stage that fewer than five have come through: they would be those cases' own."""
    author, *_ = await ward.members(K)
    for n in range(6):
        await ward.case(author, paged=1, **({"replied": 60.0} if n < 4 else {}))
    for _ in range(4):
        await ward.case(author, paged=1, urgency="routine")
    figures = await ward.read(author)
    assert of(figures.urgencies) == {"urgent": 6}
    (urgent,) = figures.urgencies
    assert urgent.times.paged is not None
    assert urgent.times.replied is None


async def test_groups_tell_no_number_that_could_be_subtracted(ward: Ward) -> None:
    """But that of cases, which the list of cases tells anyway."""
    author, *_ = await ward.members(K)
    for _ in range(5):
        await ward.case(author, paged=1)
    (group,) = (await ward.read(author)).specialties
    assert set(Group.__struct_fields__) == {"of", "cases", "times"}
    assert set(Spread.__struct_fields__) == {"p50", "p95"}
    assert group.cases == 5


async def test_drills_never_count(ward: Ward) -> None:
    """Nowhere: not among cases, not among those that wait, not in anybody's load."""
    author, *responders = await ward.members(K + 1)
    operator = await ward.operator()
    for _ in range(6):
        drill = await ward.case(author, paged=1, replied=2, drill=True)
        await ward.owner(
            "insert into escalations (case_id, policy, wanted) values ($1, '{}', 1) on conflict do nothing", drill.id
        )
        for one in responders:
            await ward.page(drill, one)
    figures = await ward.read(operator)
    assert (figures.cases, figures.waiting, figures.unanswered) == (0, 0, 0)
    assert (figures.times, figures.load) == (None, [])
    assert figures.specialties == []


async def test_only_the_period_counts(ward: Ward) -> None:
    """From its first second; a case that waits is told of whatever its age."""
    author, *_ = await ward.members(K)
    await ward.case(author, ago=86_400 - 60)
    await ward.case(author, ago=86_400 + 60)
    day, week = await ward.read(author, days=1), await ward.read(author, days=7)
    assert (day.cases, week.cases) == (1, 2)
    assert (day.unanswered, day.waiting) == (1, 2)
    assert day.time - day.since == pytest.approx(86_400_000, abs=60_000)


async def test_a_case_without_a_reply_is_unanswered_unless_it_was_withdrawn(ward: Ward) -> None:
    """And waits only while somebody searches."""
    author, *_ = await ward.members(K)
    await ward.case(author)
    await ward.case(author, replied=60)
    stood_down, withdrawn = await ward.case(author), await ward.case(author)
    await ward.owner("update escalations set state = 'stood_down' where case_id = $1", stood_down.id)
    await ward.owner("update escalations set state = 'ended' where case_id = $1", withdrawn.id)
    await ward.owner("update cases set state = 'withdrawn' where id = $1", withdrawn.id)
    figures = await ward.read(author)
    assert (figures.cases, figures.unanswered, figures.waiting) == (4, 2, 1)


async def test_the_objective_counts_urgent_cases_that_were_acknowledged_in_five_minutes(ward: Ward) -> None:
    """Or replied to; of twenty two may be missed. What is younger, or called off in time, or not urgent, counts nowhere."""
    author, *_ = await ward.members(K)
    for _ in range(9):
        await ward.case(author, paged=1, acknowledged=300)
        await ward.case(author, paged=1, replied=10, urgency="emergency")
    await ward.case(author, paged=1, acknowledged=301)
    await ward.case(author, paged=1)
    await ward.case(author, ago=200, paged=1)
    called_off = await ward.case(author, paged=1)
    await ward.owner(
        "update escalations set state = 'stood_down', ended_at = opened_at + interval '2 minutes' where case_id = $1",
        called_off.id,
    )
    await ward.case(author, paged=1, urgency="today")
    figures = await ward.read(author)
    assert figures.objective == Objective(90, 300, ["emergency", "urgent"], met=18, missed=2, allowed=2)


async def test_coverage_tells_each_hour_of_the_week_in_utc_how_many_are_on_call(ward: Ward) -> None:
    """By their weekly hours in their zones as clocks stand now; quiet hours taken off; fewer than k are not told."""
    # Kolkata is 5:30 ahead all year: 09:00 there is 03:30, so 04:00 is the first hour to begin within.
    for one in await ward.members(K):
        await ward.on_call(one, "Asia/Kolkata", MONDAY_TO_FRIDAY_9_TO_17)
    tuesday = "0" * 96 + "1" * 96 + "0" * 480
    for one in await ward.members(K):
        await ward.on_call(one, "Asia/Kolkata", MONDAY_TO_FRIDAY_9_TO_17, quiet=tuesday)
    for one in await ward.members(K - 1):
        await ward.on_call(one, "UTC", "1" * 672)
    figures = await ward.read()
    expected: list[int | None] = []
    for hour in range(168):
        local = (4 * hour + 22) % 672
        on = MONDAY_TO_FRIDAY_9_TO_17[local] == "1"
        members = K - 1 + (K if on else 0) + (K if on and tuesday[local] == "0" else 0)
        expected.append(members if members >= K else None)
    assert figures.coverage == expected
    assert figures.coverage[3:5] == [None, 3 * K - 1]


async def test_members_who_are_locked_cover_nothing(ward: Ward) -> None:
    """Nor do hours in a zone that nobody knows break the pulse: they count as UTC, as the router counts them."""
    lost, *others = await ward.members(K + 1)
    for one in others:
        await ward.on_call(one, "Mars/Olympus_Mons", "1" * 4 + "0" * 668)
    await ward.on_call(lost, "UTC", "1" * 672)
    await ward.owner("update members set state = 'locked' where id = $1", lost.id)
    assert (await ward.read()).coverage == [K, *[None] * 167]


def test_zones_are_as_far_ahead_as_their_clocks_show_now() -> None:
    """In quarters of an hour; with daylight saving where it holds."""
    assert ahead_of_utc(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "UTC", "../etc/passwd"], SUMMER) == {
        "Europe/Berlin": 8,
        "Asia/Kathmandu": 23,
        "America/St_Johns": -10,
        "UTC": 0,
        "../etc/passwd": 0,
    }


def test_a_share_of_random_ids_lies_below_its_bound() -> None:
    """All of them below the last one."""
    assert highest(1.0) == "f" * 8 + "-ffff-ffff-ffff-" + "f" * 12
    assert UUID(highest(0.5)).int == 2**127


async def test_of_very_many_members_some_stand_for_the_rest(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """About as many as there are."""
    monkeypatch.setattr(taking, "SAMPLE", 30)
    for one in await ward.members(60):
        await ward.on_call(one, "UTC", "1" * 672)
    assert 30 <= ((await ward.read()).coverage[0] or 0) <= 90


async def test_operators_see_what_responders_bear_by_no_name(ward: Ward) -> None:
    """Pages and acknowledgements, those with most pages first; no other member sees it."""
    author, one, two, three = await ward.members(4)
    operator = await ward.operator()
    for n in range(3):
        case = await ward.case(author, paged=1)
        await ward.page(case, one, acknowledged=60)
        if n < 2:
            await ward.page(case, two)
        if n < 1:
            await ward.page(case, three, acknowledged=30)
    assert (await ward.read(operator)).load == [Load(3, 3), Load(2, 0), Load(1, 1)]
    assert set(Load.__struct_fields__) == {"pages", "acknowledged"}
    for other in (author, await ward.node.member()):
        assert (await ward.read(other)).load is None


async def test_the_load_of_few_responders_is_shown_to_nobody(ward: Ward) -> None:
    """An operator knows them."""
    author, one, two = await ward.members(3)
    for _ in range(6):
        case = await ward.case(author, paged=1)
        await ward.page(case, one)
        await ward.page(case, two)
    assert (await ward.read(await ward.operator())).load == []


async def test_the_figures_are_kept_for_a_minute_and_taken_once(ward: Ward) -> None:
    """However many ask at once. What is kept for a member has no load, so an operator's is read when first asked for."""
    author, *responders = await ward.members(K + 1)
    operator = await ward.operator()
    pulse = Pulse(ward.node.store, ward.node.ids, ward.node.clock, k=K)
    asked = await asyncio.gather(*(pulse.figures(author, 30) for _ in range(10)))
    assert len({id(one) for one in asked}) == 1
    case = await ward.case(author, paged=1)
    for one in responders:
        await ward.page(case, one)
    assert await pulse.figures(author, 30) is asked[0]
    told = await pulse.figures(operator, 30)
    assert (told.cases, told.load) == (0, [Load(1, 0)] * K)
    assert (await pulse.figures(author, 30)).load is None
    ward.node.clock.advance(61)
    later, again = await pulse.figures(author, 30), await pulse.figures(operator, 30)
    assert (later.cases, later.load) == (1, None)
    assert (again.cases, again.load) == (1, [Load(1, 0)] * K)


async def test_what_was_kept_for_long_is_forgotten(ward: Ward) -> None:
    """Whatever period it was of."""
    reader = await ward.node.member()
    pulse = Pulse(ward.node.store, ward.node.ids, ward.node.clock, k=K)
    for days in range(1, 6):
        await pulse.figures(reader, days)
    ward.node.clock.advance(61)
    await pulse.figures(reader, 30)
    assert len(pulse._kept) == 1


async def test_who_comes_when_too_many_wait_is_told_to_come_later(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time on a node, and a bound on those who wait; then all is as before."""
    monkeypatch.setattr(taking, "QUEUE", 3)
    reader = await ward.node.member()
    pulse = Pulse(ward.node.store, ward.node.ids, ward.node.clock, k=K)
    answers: list[Any] = await asyncio.gather(*(pulse.figures(reader, d) for d in range(1, 6)), return_exceptions=True)
    assert [type(one) for one in answers[3:]] == [Busy, Busy]
    assert [one.days for one in answers[:3]] == [1, 2, 3]
    assert (await pulse.figures(reader, 9)).days == 9


async def test_of_very_many_cases_the_newest_count(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """And `since` says from when on."""
    monkeypatch.setattr(taking, "COUNTED", 4)
    author, *_ = await ward.members(K)
    cases = [await ward.case(author, ago=10_000 - n) for n in range(7)]
    figures = await ward.read(author)
    assert figures.cases == 4
    ((last_left_out,),) = await ward.owner("select opened_at from cases where id = $1", cases[2].id)
    assert figures.since == milliseconds(last_left_out)
