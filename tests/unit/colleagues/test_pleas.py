"""What colleagues ask when a visitor is on call: cases that could be posted, and that reach the visitor at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from lounge.cases import Draft
from lounge.colleagues.asking import draft
from lounge.colleagues.cast import VISITORS
from lounge.data import load_demo, load_specialties, load_stock
from lounge.endings import Resolution
from lounge.summary import check_summary

if TYPE_CHECKING:
    from lounge.data.stock import Plea

DEMO = load_demo()
SPECIALTIES = load_specialties()
PLEAS = load_stock().pleas
MEMBERS = {one.handle: one for one in DEMO.members}
ADULT = 18

named = pytest.mark.parametrize("plea", PLEAS, ids=[one.specialty for one in PLEAS])


@named
def test_a_case_can_be_posted_as_it_stands(plea: Plea) -> None:
    """Of known specialties, its own among those whom it is for; and ended as it says."""
    posted = msgspec.convert(draft(plea), Draft)
    check_summary(posted.summary)
    assert posted.specialty in posted.audience.specialties
    assert all(one in SPECIALTIES for one in posted.audience.specialties)
    ending = {"outcome": plea.outcome, "diagnosis": plea.diagnosis, "learned": plea.learned, "accepted": 1}
    assert msgspec.convert(ending, Resolution).outcome == plea.outcome


@named
def test_it_is_of_an_adult_of_whom_nothing_is_told_that_could_name_them(plea: Plea) -> None:
    """No date, no number long enough to be one of a record or a telephone, no address, no title before a name."""
    assert plea.summary.patient is not None
    assert plea.summary.patient.unit == "years"
    assert plea.summary.patient.age >= ADULT
    told = f"{plea.title} {plea.presentation} {plea.question} {plea.summary.history} {plea.summary.examination}"
    assert not re.search(r"\d{5}|\d{1,2}[./-]\d{1,2}[./-]\d{2}|@|\b(?:Mr|Mrs|Ms|Dr)\b", told)


@named
def test_it_is_asked_by_a_colleague_from_where_nobody_else_could_be_paged(plea: Plea) -> None:
    """By none whom visitors are offered; no step is spent on the author's own country, so the first reaches everybody."""
    author = MEMBERS[plea.by]
    assert plea.by not in VISITORS
    others = [one for one in DEMO.members if one.country == author.country and one.handle != plea.by]
    assert not [one.handle for one in others if not set(one.specialties).isdisjoint(plea.specialties)]


def test_each_member_whom_visitors_are_offered_can_be_asked() -> None:
    """In their own field; each title is one case's, and none of the story's."""
    for handle in VISITORS:
        assert any(one.specialty in MEMBERS[handle].specialties for one in PLEAS), handle
    titles = [one.title for one in PLEAS]
    assert len({*titles, *(one.title for one in DEMO.cases)}) == len(titles) + len(DEMO.cases)
    assert 6 <= len(PLEAS) <= 10
