"""Whom to ask first, and why: the laws of ranking, whatever the weights."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lounge.members.accounts import Member
from lounge.paging.asking import Ask
from lounge.paging.policy import FARTHEST, Reach
from lounge.paging.ranking import Candidate, rank
from lounge.paging.weights import HEAVIEST, Weights, weights_of

if TYPE_CHECKING:
    import random

NOW = datetime(2026, 11, 23, 13, 20, tzinfo=UTC)
ASK = Ask(
    case="01900000-0000-7000-8000-000000000001",
    room="01900000-0000-7000-8000-000000000002",
    specialty="cardiology",
    urgency="urgent",
    language="de",
    licence=None,
    author="author",
    country="DE",
    audience="all",
    specialties=(),
    reach=Reach("awake", FARTHEST, "world"),
    people=3,
    asked=frozenset({"asked"}),
)


def person(name: str = "anna", *, languages: tuple[str, ...] = ("de",), country: str = "DE", **about: Any) -> Candidate:
    fields: dict[str, Any] = {
        "version": 3,
        "zone": "Europe/Berlin",
        "specialty": "cardiology",
        "distance": 0,
        "on_call": True,
        "awake": True,
        "agrees": True,
    }
    role = about.pop("role", "member")
    member = Member(name, f"h-{name}", role, ("cardiology",), country, "feed", languages)
    return Candidate(member=member, **(fields | about))


def order(*people: Candidate, ask: Ask = ASK, weights: Weights | None = None) -> list[str]:
    return [choice.member.id for choice in rank(ask, people, weights or Weights(), NOW)]


candidates = st.lists(
    st.builds(
        lambda name, **about: person(f"m{name}", **about),
        st.integers(0, 10**9),
        languages=st.sampled_from([("de",), ("en",), ("fr", "de")]),
        country=st.sampled_from(["DE", "FR"]),
        distance=st.none() | st.integers(0, FARTHEST),
        on_call=st.booleans(),
        awake=st.booleans(),
        agrees=st.booleans(),
        undisturbed=st.booleans(),
        role=st.sampled_from(["member", "moderator"]),
        today=st.integers(0, 5),
        asked=st.integers(0, 50),
        acknowledged=st.integers(0, 50),
        paged_at=st.none() | st.integers(0, 10**6).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    ),
    max_size=12,
    unique_by=lambda one: one.member.id,
)
weights = st.builds(Weights, **{name: st.integers(0, HEAVIEST) for name in Weights.__struct_fields__})
reaches = st.builds(Reach, st.sampled_from(["on_call", "awake", "moderators"]), st.integers(0, FARTHEST))


@settings(deadline=None)
@given(candidates, weights, reaches, st.sampled_from([None, "DE"]))
def test_only_those_whom_the_step_may_ask(
    people: list[Candidate], weighed: Weights, reach: Reach, licence: str | None
) -> None:
    """Whatever the weights: nobody beyond the distance, undisturbed, without the licence, or neither on call nor willing."""
    ask = replace(ASK, reach=reach, licence=licence)
    by_id = {one.member.id: one for one in people}
    for choice in rank(ask, people, weighed, NOW):
        one = by_id[choice.member.id]
        if reach.who == "moderators":
            assert one.member.role == "moderator"
            continue
        assert one.distance is not None
        assert one.distance <= reach.distance
        assert not one.undisturbed
        assert licence in {None, one.member.country}
        assert one.on_call or (reach.who == "awake" and one.awake and one.agrees)


@settings(deadline=None)
@given(candidates, weights, st.randoms(use_true_random=False))
def test_the_order_in_which_people_were_found_is_of_no_account(
    people: list[Candidate], weighed: Weights, chance: random.Random
) -> None:
    """Nodes that find the same people choose the same."""
    turned = list(people)
    chance.shuffle(turned)
    assert rank(ASK, people, weighed, NOW) == rank(ASK, turned, weighed, NOW)


@settings(deadline=None)
@given(candidates, weights)
def test_the_best_comes_first(people: list[Candidate], weighed: Weights) -> None:
    """Scores fall, and each says by which version of the duty it was routed."""
    scores = [choice.score for choice in rank(ASK, people, weighed, NOW)]
    assert scores == sorted(scores, reverse=True)
    assert {choice.version for choice in rank(ASK, people, weighed, NOW)} <= {3}


def test_neither_the_author_nor_anybody_who_was_asked_before() -> None:
    """Whatever became of that page."""
    assert order(person("author"), person("asked"), person("anna")) == ["anna"]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"distance": 0}, {"distance": 1}),
        ({"distance": 3}, {"distance": 4}),
        ({"on_call": True}, {"on_call": False}),
        ({"awake": True}, {"awake": False}),
        ({"languages": ("en", "de")}, {"languages": ("en",)}),
        ({"today": 0}, {"today": 1}),
        ({"today": 2}, {"today": 3}),
        ({"paged_at": None}, {"paged_at": NOW - timedelta(hours=1)}),
        ({"paged_at": NOW - timedelta(days=40)}, {"paged_at": NOW - timedelta(days=39)}),
        ({"asked": 10, "acknowledged": 9}, {"asked": 10, "acknowledged": 2}),
        ({"asked": 10, "acknowledged": 9}, {"asked": 0, "acknowledged": 0}),
        ({"asked": 0, "acknowledged": 0}, {"asked": 10, "acknowledged": 2}),
    ],
)
def test_all_else_being_equal(better: dict[str, Any], worse: dict[str, Any]) -> None:
    """Each of these alone decides, and in both orders of finding them."""
    one, other = person("one", **better), person("other", **worse)
    assert order(one, other) == order(other, one) == ["one", "other"]


@pytest.mark.parametrize("name", Weights.__struct_fields__)
def test_a_weight_of_zero_does_not_count(name: str) -> None:
    """Two who differ in that alone score the same."""
    differing: dict[str, dict[str, Any]] = {
        "distance": {"distance": 2},
        "on_call": {"on_call": False},
        "awake": {"awake": False, "on_call": True},
        "language": {"languages": ("en",)},
        "today": {"today": 3},
        "rested": {"paged_at": NOW},
        "answers": {"asked": 9},
    }
    people = [person("one"), person("other", **differing[name])]
    assert len({choice.score for choice in rank(ASK, people, Weights(), NOW)}) == 2
    none = replace(Weights(), **{name: 0})
    assert len({choice.score for choice in rank(ASK, people, none, NOW)}) == 1


def test_among_equals_chance_decides_by_the_case_and_has_no_favourite() -> None:
    """The same case has the same order whoever asks; over many cases each comes first as often as the others."""
    people = [person(f"m{number}") for number in range(5)]
    firsts: Counter[str] = Counter()
    for number in range(1_000):
        ask = replace(ASK, case=str(uuid.UUID(int=number)))
        assert order(*people, ask=ask) == order(*reversed(people), ask=ask)
        firsts[order(*people, ask=ask)[0]] += 1
    assert all(150 < firsts[one.member.id] < 250 for one in people)


def test_the_licence_is_asked_for_where_the_question_depends_on_it() -> None:
    """Nobody without it, however well they suit otherwise."""
    ask = replace(ASK, licence="FR")
    assert order(person("german"), person("french", country="FR", distance=4, languages=("fr",)), ask=ask) == ["french"]


def test_moderators_are_the_last_resort() -> None:
    """On call or not, awake or not, of any specialty; the undisturbed only where no other is left."""
    ask = replace(ASK, reach=Reach("moderators"))
    away: dict[str, Any] = {"on_call": False, "awake": False, "agrees": False, "distance": None, "specialty": None}
    away |= {"role": "moderator"}
    resting = person("resting", **away, undisturbed=True)
    assert order(person("plain"), person("asleep", **away), resting, ask=ask) == ["asleep"]
    assert order(person("plain"), resting, ask=ask) == ["resting"]


def test_each_choice_explains_itself() -> None:
    """In codes: what it was matched by, when it is there, and what they bore."""
    (choice,) = rank(ASK, [person(today=1)], Weights(), NOW)
    assert choice.why == ("specialty:cardiology", "on_call", "awake", "local:14:20", "today:1", "language:de")
    ask = replace(ASK, licence="NP", language="en")
    neighbour = person(
        country="NP",
        zone="Asia/Kathmandu",
        specialty="neurology",
        distance=1,
        on_call=False,
        stand_in=True,
        languages=("ne",),
    )
    (choice,) = rank(ask, [neighbour], Weights(), NOW)
    assert choice.why == ("near:neurology:1", "stand_in", "awake", "local:19:05", "today:0", "licence:NP")
    last = person(role="moderator", awake=False, on_call=False, distance=None, specialty=None)
    (choice,) = rank(replace(ASK, reach=Reach("moderators")), [last], Weights(), NOW)
    assert choice.why == ("moderator", "asleep", "local:14:20", "today:0", "language:de")


@settings(deadline=None)
@given(weights)
def test_weights_are_read_as_they_are_written(weighed: Weights) -> None:
    """As a setting, and back."""
    assert weights_of(str(weighed)) == weighed


def test_weights_that_are_left_out_stay_as_they_were() -> None:
    """Spaces are of no account."""
    assert weights_of("distance=5, language = 7") == replace(Weights(), distance=5, language=7)


@pytest.mark.parametrize(
    "text", ["", "distance", "distance=", "distance=1.5", "distance=1001", "age=3", "awake=1,awake=1"]
)
def test_weights_of_another_form_are_refused(text: str) -> None:
    """And the error says which form is expected."""
    with pytest.raises(ValueError, match="expected names and whole numbers from 0 to 1000"):
        weights_of(text)
