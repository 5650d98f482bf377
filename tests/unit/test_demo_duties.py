"""In the demo somebody can be asked at any hour, but not those whom visitors are; what is told of former searches can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lounge.colleagues.cast import VISITORS
from lounge.data import DemoMember, load_demo, load_specialties
from lounge.demo_duties import spans
from lounge.demo_searches import Teller
from lounge.members.accounts import Member
from lounge.paging.hours import NEVER, awake, covers, week_of, without
from lounge.paging.zones import load_zones

DEMO = load_demo()
SPECIALTIES = load_specialties()
ZONES = load_zones()
NEIGHBOUR = 3
WEEKS = (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 7, 6, tzinfo=UTC))
"""Mondays of a winter and a summer."""
HALF_HOURS = 7 * 48


def hours(one: DemoMember) -> str:
    """Return when a member is on call."""
    return without(week_of(spans(one.duty.hours)), week_of(spans(one.duty.quiet)))


def test_visitors_are_not_on_call_and_all_others_are_at_times() -> None:
    """Whoever is offered on the sign-in page turns the switch on and sees what happens."""
    for one in DEMO.members:
        assert (hours(one) == NEVER, not one.duty.awake_too) == (one.handle in VISITORS,) * 2, one.handle


def test_zones_are_of_the_members_countries() -> None:
    """Each is one of those that the country keeps; stand-ins exist and agree."""
    members = {one.handle: one for one in DEMO.members}
    for one in DEMO.members:
        assert one.duty.zone in ZONES.countries[one.country], one.handle
        if one.duty.stand_in is not None:
            assert members[one.duty.stand_in].duty.stands_in
            assert one.duty.stand_in != one.handle


def test_there_is_a_moderator_as_the_last_resort() -> None:
    """Or no policy could be saved."""
    assert [one.handle for one in DEMO.members if one.role == "moderator"] == ["larch-ledger"]


@pytest.mark.parametrize("begin", WEEKS, ids=["winter", "summer"])
def test_at_any_hour_somebody_near_can_be_asked_for_any_case_of_the_demo(begin: datetime) -> None:
    """On call or awake, of the specialty or a neighbour of it, and no visitor: moderators are not asked at once."""
    weeks = {one.handle: (hours(one), week_of(spans(one.duty.quiet))) for one in DEMO.members}
    wanted = {one.specialty for one in DEMO.cases} | {name for one in DEMO.members for name in one.specialties}
    for half in range(HALF_HOURS):
        at = begin + timedelta(minutes=30 * half)
        there = {
            name
            for one in DEMO.members
            if one.duty.hours
            and (covers(weeks[one.handle][0], at, one.duty.zone) or awake(weeks[one.handle][1], at, one.duty.zone))
            for name in one.specialties
        }
        for specialty in wanted:
            distances = [SPECIALTIES.distance(specialty, one) for one in there]
            assert any(one is not None and one <= NEIGHBOUR for one in distances), (specialty, at)


@pytest.mark.parametrize("begin", WEEKS, ids=["winter", "summer"])
def test_many_are_on_call_at_any_hour(begin: datetime) -> None:
    """A dozen at least: a wave finds people who are on call, not only awake."""
    weeks = {one.handle: hours(one) for one in DEMO.members}
    for half in range(HALF_HOURS):
        at = begin + timedelta(minutes=30 * half)
        assert sum(covers(weeks[one.handle], at, one.duty.zone) for one in DEMO.members) >= 12


def test_searches_are_told_alike_each_time_and_end_before_they_are_told() -> None:
    """Those of cases without a reply as well, though some are minutes old; who is asked is related to the case."""
    accounts = {
        one.handle: Member(one.handle, one.handle, one.role, one.specialties, one.country, "", one.languages)
        for one in DEMO.members
    }
    teller, now = Teller(DEMO.members, accounts, SPECIALTIES), datetime(2026, 3, 1, 12, tzinfo=UTC)
    states = []
    for case in DEMO.cases:
        opened_at = now - timedelta(minutes=case.minutes_ago)
        replied_at = now - timedelta(minutes=case.posts[0].minutes_ago) if case.posts else None
        told = teller.told(case, opened_at, replied_at)
        assert told == teller.told(case, opened_at, replied_at)
        states.append(told.state)
        assert all(opened_at < one.paged_at < one.ended_at <= now for one in told.pages)
        assert len({one.handle for one in told.pages}) == len(told.pages) >= 1
        assert sum(one.people for one in told.turns) == len(told.pages)
        if replied_at is None:
            # Whoever signs in as somebody who is offered has no such page before them.
            assert not {one.handle for one in told.pages} & (VISITORS - {"larch-ledger"})
    assert states.count("answered") == len(DEMO.cases) - 4
    assert states.count("exhausted") == 1
