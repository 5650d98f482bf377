"""Who answers a case, and when."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lounge.colleagues.cast import VISITORS, cast, personas_of
from lounge.colleagues.pace import FIRST_REPLY, Pace
from lounge.colleagues.reading import facts_of
from lounge.data import load_demo, load_specialties
from tests.unit.colleagues.hand import a_case

SPECIALTIES = load_specialties()
DEMO = load_demo()
PERSONAS = personas_of(DEMO)


@given(
    specialty=st.sampled_from([one.id for one in SPECIALTIES]),
    urgency=st.sampled_from(["emergency", "urgent", "today", "routine"]),
    seed=st.integers(0, 2**32),
)
def test_two_to_four_answer_and_those_of_the_field_first(specialty: str, urgency: str, seed: int) -> None:
    """No member whom visitors are offered is among them, nobody twice, and whoever has the field leads."""
    facts = facts_of(a_case(specialty=specialty, urgency=urgency), SPECIALTIES)
    chosen = cast(facts, PERSONAS, SPECIALTIES, Random(seed))
    assert 2 <= len(chosen) <= 4
    assert len({one.handle for one in chosen}) == len(chosen)
    assert not VISITORS & {one.handle for one in chosen}
    if any(specialty in one.specialties for one in PERSONAS):
        assert specialty in chosen[0].specialties


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_who_answers_speaks_the_language(language: str) -> None:
    """At least two colleagues can, in each language that they have sentences of."""
    facts = facts_of(a_case(language=language), SPECIALTIES)
    chosen = cast(facts, PERSONAS, SPECIALTIES, Random(1))
    assert len(chosen) >= 2
    assert all(language in one.languages for one in chosen)


def test_the_visitors_names_are_members() -> None:
    """Each of the six exists; all others may be acted for."""
    assert {one.handle for one in DEMO.members} >= VISITORS
    assert len(PERSONAS) == len(DEMO.members) - len(VISITORS)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 4))
def test_the_first_reply_comes_within_half_a_minute_and_the_rest_in_the_next_minutes(seed: int, count: int) -> None:
    """Eight to 25 seconds, then one after the other."""
    due = Pace(Random(seed), asyncio.sleep).replies(count)
    assert len(due) == count
    assert FIRST_REPLY[0] <= due[0] <= FIRST_REPLY[1]
    assert due == sorted(set(due))
    assert due[-1] < 240
