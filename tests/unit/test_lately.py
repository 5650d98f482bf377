"""How many were in a case room lately: the same number everywhere, at a moment that nobody's coming or going moves."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lounge.lately import COUNTED, PERIOD, STEPS, Lately, step, told_at

SECRET = b"s" * 32
STREAM = "01a206ef-c2ff-7977-aca1-845dad60ee5f"
moment = partial(told_at, SECRET, STREAM)
START = 5_000_000 * PERIOD


def who(number: int) -> bytes:
    return number.to_bytes(8, "big")


@pytest.mark.parametrize(
    ("count", "told"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (5, 5), (9, 5), (10, 10), (499, 200), (10**6, 500)]
)
def test_numbers_are_told_in_steps(count: int, told: int) -> None:
    """The largest step that is not above the number."""
    assert step(count) == told
    assert told in STEPS


@given(st.integers(0, 2**33))
def test_a_period_is_told_in_the_next_one(period: int) -> None:
    """At a moment of its own: after the period has ended, before the next one has."""
    assert (period + 1) * PERIOD <= moment(period) < (period + 2) * PERIOD


def test_the_moments_of_two_rooms_have_nothing_to_do_with_each_other() -> None:
    """Nor have those of two periods, nor of two secrets: of a hundred differences no two are alike."""
    other = partial(told_at, SECRET, STREAM.replace("0", "1"))
    foreign = partial(told_at, b"t" * 32, STREAM)
    for one in (other, foreign):
        assert len({one(period) - moment(period) for period in range(100)}) > 95
    assert len({moment(period) - period * PERIOD for period in range(100)}) > 95


visits = st.lists(st.tuples(st.integers(0, 3 * PERIOD), st.integers(1, 12)), max_size=40)


@given(visits)
def test_the_number_is_of_the_last_full_period_and_stands_until_the_next_is_told(made: list[tuple[int, int]]) -> None:
    """Whoever came whenever, at every moment it is the step of those seen in the newest period whose moment has passed."""
    lately = Lately(moment, START)
    seen: dict[int, set[int]] = {}
    for after, number in sorted(made):
        now = START + after
        lately.advance(now)
        told = max(period for period in range(now // PERIOD - 3, now // PERIOD) if moment(period) <= now)
        assert (lately.told, lately.number) == (told, step(len(seen.get(told, ()))))
        lately.saw([who(number)], now)
        seen.setdefault(now // PERIOD, set()).add(number)
    lately.advance(START + 6 * PERIOD)
    assert lately.number == 0
    assert lately.quiet


@given(visits, st.data())
def test_nodes_that_heard_of_each_other_tell_the_same(made: list[tuple[int, int]], data: st.DataObject) -> None:
    """Each of three nodes sees some; what they tell each other comes in any order, twice, and at the end of the period."""
    nodes = [Lately(moment, START) for _ in range(3)]
    end = START + PERIOD
    for after, number in sorted(made):
        node = data.draw(st.sampled_from(nodes))
        node.saw([who(number)], START + after % PERIOD)
    said = [(period, set(members)) for node in nodes for period, members in node.sets.items()] * 2
    for node in nodes:
        for period, members in data.draw(st.permutations(said)):
            node.heard(period, members, end, young=False)
        assert node.advance(moment(START // PERIOD))
    assert len({node.number for node in nodes}) == 1
    assert nodes[0].number == step(len({number for _, number in made}))


def test_what_was_told_stands_but_a_young_node_learns_it() -> None:
    """News of a period whose number was told changes nothing; a node that has just begun to follow takes it."""
    period = START // PERIOD
    old, young = Lately(moment, moment(period)), Lately(moment, moment(period))
    for node, is_young in ((old, False), (young, True)):
        node.heard(period, [who(1), who(2)], moment(period), young=is_young)
        assert node.told == period
    assert (old.number, young.number) == (0, 2)


@given(st.integers(0, 2**40), st.integers(0, COUNTED))
def test_periods_that_are_not_now_are_not_heard(period: int, count: int) -> None:
    """What another node says of long ago, or of what is to come, takes no memory."""
    lately = Lately(moment, START)
    for number in range(4):
        lately.heard(period + number * 10, [who(n) for n in range(count)], START, young=False)
    assert all(START // PERIOD - 2 <= one <= START // PERIOD + 1 for one in lately.sets)


def test_no_more_members_are_counted_than_change_a_number() -> None:
    """The set of a period is bounded."""
    lately = Lately(moment, START)
    for number in range(COUNTED + 100):
        lately.saw([who(number)], START)
    assert len(lately.sets[START // PERIOD]) == COUNTED
