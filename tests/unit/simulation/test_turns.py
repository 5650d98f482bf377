"""The simulation's hours are those of the program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lounge.paging.hours import Span, by_day, covers, quarter_at, week_of
from lounge.paging.simulation.turns import Local, hours_of

BEGINS = datetime(2026, 1, 5, tzinfo=UTC)
ZONES = ("America/Los_Angeles", "Asia/Kathmandu", "Europe/London", "Pacific/Auckland")


@given(st.sampled_from(ZONES), st.integers(0, 27), st.integers(1, 7), st.integers(-86_400, 400 * 86_400))
def test_a_pattern_is_on_call_when_its_weekly_hours_say(zone: str, pattern: int, turns: int, seconds: int) -> None:
    """As `lounge.paging.hours` has it, in whatever zone, also where clocks change; and awake likewise."""
    local = Local(BEGINS, ZONES, turns)
    local.set(seconds)
    number = local.zones.index(zone)
    moment = BEGINS + timedelta(seconds=seconds)
    spans = [
        Span(day, f"{start:02}:00", f"{(start + length) % 24:02}:00") for day, start, length in hours_of(pattern, turns)
    ]
    assert (pattern in local.on_call[number]) == covers(week_of(spans), moment, zone)
    assert local.awake[number] == by_day(quarter_at(moment, zone))
    assert local.day(number) == moment.astimezone(ZoneInfo(zone)).toordinal()


@pytest.mark.parametrize("seconds", [0, 1_234, 86_400 * 30 + 77])
def test_it_is_so_long_until_seven(seconds: int) -> None:
    """By the clock on the wall."""
    local = Local(BEGINS, ZONES, 2)
    local.set(seconds)
    for number, zone in enumerate(local.zones):
        then = BEGINS + timedelta(seconds=seconds + local.until_seven(number, seconds))
        assert f"{then.astimezone(ZoneInfo(zone)):%H:%M:%S}" == "07:00:00"
