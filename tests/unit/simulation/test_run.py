"""The engine's decisions on a simulated clock, in worlds small and simple enough to be worked out by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from lounge.paging.simulation.variants import VARIANTS
from lounge.paging.simulation.world import BUDGET

if TYPE_CHECKING:
    from lounge.paging.simulation.variants import Variant
    from tests.unit.simulation.conftest import Paged, Small

BY_DAY = (9, 20)


def times(pages: list[Paged], *, again: bool = False) -> set[float]:
    """Return how long after their case was opened pages were sent, first ones or those that came again."""
    return {round(page.at - page.arrival.at, 6) for page in pages if (page.choice is None) == again}


def test_somebody_who_answers_at_once_has_the_case_at_once(small: Small) -> None:
    """With nobody on call the steps for those on call are passed at once; all react after 60 s, and reply 300 s later."""
    outcome = small.run(small.obedient(), urgency="urgent", hours=BY_DAY)
    assert outcome.cases > 5
    assert {round(one, 6) for one in outcome.tally.acknowledged} == {60.0}
    assert {round(one, 6) for one in outcome.tally.replied} == {360.0}
    assert set(outcome.tally.pages) == {6}


def test_a_step_that_finds_nobody_is_passed_at_once(small: Small) -> None:
    """At night, with nobody on call, moderators are asked the moment the case is opened: all three."""
    outcome = small.run(small.obedient(), urgency="urgent", hours=(0, 5))
    assert outcome.cases
    assert times(small.pages) == {0.0}
    assert {page.person.member.role for page in small.pages} == {"moderator"}
    assert {len(asked) for asked in by_case(small.pages).values()} == {outcome.moderators.responders}


def test_silence_widens_the_search_at_the_times_of_the_policy(small: Small) -> None:
    """Nobody reacts: 6 at once, 6 more after 2 minutes, all in reach 5 minutes later, moderators 5 minutes after that."""
    outcome = small.run(small.obedient(awake_reacts=0.0), urgency="urgent", hours=BY_DAY)
    assert times(small.pages) == {0.0, 120.0, 420.0, 720.0}
    counts = Counter(round(page.at - page.arrival.at) for page in small.pages)
    assert [counts[at] / outcome.cases for at in (0, 120, 420)] == [6, 6, 100]
    assert set(outcome.tally.acknowledged) == {float("inf")}


def test_when_all_have_declined_the_next_step_does_not_wait(small: Small) -> None:
    """All decline after a minute, so each step lasts a minute."""
    small.run(small.obedient(awake_acknowledges=0.0), urgency="urgent", hours=BY_DAY)
    assert times(small.pages) == {0.0, 60.0, 120.0, 180.0}


def test_whoever_forgets_is_reminded(small: Small) -> None:
    """An urgent case is acknowledged after 60 s, its responder reminded 600 s later, and replied to 300 s after that."""
    outcome = small.run(small.obedient(replies=0.0), urgency="urgent", hours=BY_DAY)
    assert {round(one, 6) for one in outcome.tally.replied} == {960.0}
    assert set(outcome.tally.pages) == {6}


def test_whoever_forgets_twice_loses_the_case_and_the_others_are_asked_again(small: Small) -> None:
    """600 s after the reminder, at 1,260 s, the five who were let off are asked again; then four, and so on."""
    small.run(small.obedient(replies=0.0, reminded_replies=0.0), urgency="urgent", hours=BY_DAY)
    again = sorted(times(small.pages, again=True))
    assert again[:2] == [1260.0, 2520.0]
    counts = Counter(round(page.at - page.arrival.at) for page in small.pages if page.choice is None)
    cases = len(by_case(small.pages))
    assert [counts[1260] / cases, counts[2520] / cases] == [5, 4]


def test_enough_acknowledgements_stop_the_search(small: Small) -> None:
    """An emergency wants two: ten are asked at once, two have it after half a minute, and nobody else is asked."""
    small.run(small.obedient(awake_median=0.5), urgency="emergency", hours=BY_DAY, years=1)
    for pages in by_case(small.pages).values():
        assert len(pages) == 10
        assert sum(page.person.acknowledged for page in pages) >= 2
    assert times(small.pages) == {0.0}


@pytest.mark.parametrize("policy", VARIANTS)
def test_every_page_belongs_to_a_case_and_nobody_is_asked_twice(small: Small, policy: Variant) -> None:
    """No page before its case is opened, none again but to whoever was let off, and as many as were counted."""
    outcome = small.run(small.behaving(), policy)
    first = [page for page in small.pages if page.choice is not None]
    assert all(page.at >= page.arrival.at for page in small.pages)
    asked = Counter((page.arrival.number, page.person.number) for page in first)
    assert set(asked.values()) == {1}
    again = {(page.arrival.number, page.person.number) for page in small.pages if page.choice is None}
    assert again <= asked.keys()
    assert len(first) == outcome.pages
    borne = sum(outcome.load.pages) + sum(outcome.moderators.pages)
    assert round(borne * outcome.years) == outcome.pages


def test_nobody_bears_more_pages_a_day_than_the_budget_but_for_emergencies(small: Small) -> None:
    """Even where 80 cases a day are each shouted at 100 people."""
    small.setting = type(small.setting)("a test", 80 * 365, {"IE": 3_000})
    small.run(small.behaving(), "everybody", years=0.01)
    spent: dict[tuple[int, int], int] = defaultdict(int)
    world = small.world(small.behaving())
    for page in small.pages:
        if page.choice is None or page.person.member.role == "moderator" or page.arrival.urgency == "emergency":
            continue
        world.local.set(page.at)
        spent[page.person.number, world.local.day(page.person.crowd.zone)] += 1
    assert max(spent.values()) == BUDGET


def test_only_those_who_agreed_are_paged(small: Small) -> None:
    """On call at that hour, or awake and willing; whoever sleeps is paged where they are on call, or the last resort."""
    small.run(small.behaving())
    world = small.world(small.behaving())
    for page in small.pages:
        if page.choice is None or page.person.member.role == "moderator":
            continue
        world.local.set(page.at)
        up = world.local.awake[page.person.crowd.zone]
        assert world.on_call(page.person) or (up and page.person.crowd.awake_too)


def test_a_seed_makes_the_same_year_again(small: Small) -> None:
    """The same pages at the same times; another seed makes others."""
    runs = []
    for seed in (1, 1, 2):
        outcome = small.run(small.behaving(), seed=seed)
        pages = [(page.arrival, page.person.number, page.at, page.choice) for page in small.pages]
        runs.append((pages, list(outcome.tally.acknowledged), outcome.load))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def by_case(pages: list[Paged]) -> dict[int, list[Paged]]:
    """Return the first pages to each person, by case."""
    found: dict[int, list[Paged]] = defaultdict(list)
    for page in pages:
        if page.choice is not None:
            found[page.arrival.number].append(page)
    return found
