"""Hours of the week: spans and quarters, and what clocks show on days on which they change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lounge.data import load_countries
from lounge.errors import Invalid
from lounge.paging.hours import (
    DAY,
    NEVER,
    WEEK,
    Span,
    awake,
    by_day,
    covers,
    date_at,
    quarter_at,
    spans_of,
    time_at,
    week_of,
    without,
)
from lounge.paging.zones import load_zones

ZONES = load_zones()
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
QUARTER = timedelta(minutes=15)

quarters = st.integers(0, DAY - 1)
spans = st.builds(
    lambda day, first, last: Span(day, clock(first), clock(last)), st.integers(0, 6), quarters, st.integers(0, DAY)
)
weeks = st.lists(st.integers(0, WEEK - 1), max_size=60).map(
    lambda set_: "".join("1" if quarter in set_ else "0" for quarter in range(WEEK))
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001  a bound


def clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


@settings(deadline=None)
@given(weeks)
def test_a_week_told_in_spans_is_the_same_week(week: str) -> None:
    """Spans lose nothing, add nothing, and come in the order of the week."""
    told = spans_of(week)
    assert week_of(told) == week
    assert told == sorted(told, key=lambda span: (span.day, span.start))


@settings(deadline=None)
@given(st.lists(spans, max_size=10))
def test_spans_become_the_fewest_that_say_the_same(told: list[Span]) -> None:
    """Told again they stay as they are, and never become more, but where one is longer than a day."""
    once = spans_of(week_of(told))
    assert spans_of(week_of(once)) == once
    assert len(once) <= max(len(told), 7)


@settings(deadline=None)
@given(spans)
def test_a_span_covers_up_to_a_day(span: Span) -> None:
    """From its beginning up to and without its end, which is on the next day where it is not after the beginning."""
    week = week_of([span])
    length = week.count("1")
    first = span.day * DAY + int(span.start[:2]) * 4 + int(span.start[3:]) // 15
    assert 1 <= length <= DAY
    assert all(week[(first + n) % WEEK] == "1" for n in range(length))
    assert clock((first + length) % DAY) == span.end.replace("24:00", "00:00")


def test_a_night_is_one_span_and_so_is_that_from_sunday_to_monday() -> None:
    """A turn over midnight is told as it was given."""
    for day in range(7):
        night = [Span(day, "22:00", "06:30")]
        week = week_of(night)
        assert week.count("1") == 34
        assert spans_of(week) == night
    assert week_of([Span(6, "23:45", "00:15")])[0] == "1"


def test_whole_days_and_the_whole_week() -> None:
    """A day is 00:00 to 24:00; the whole week is seven of them."""
    assert spans_of(week_of([Span(2, "00:00", "00:00")])) == [Span(2, "00:00", "24:00")]
    assert spans_of("1" * WEEK) == [Span(day, "00:00", "24:00") for day in range(7)]
    assert spans_of(week_of([Span(2, "09:00", "09:00")])) == [Span(2, "09:00", "09:00")]
    assert spans_of(NEVER) == []


@pytest.mark.parametrize("time", ["9:00 ", "09:05", "24:15", "25:00", "aa:bb", "24:00"])
def test_a_time_that_no_clock_shows_is_refused(time: str) -> None:
    """As the beginning of a span; 24:00 can only end one. The error does not repeat what was sent."""
    with pytest.raises(Invalid) as raised:
        week_of([Span(0, time, "12:00")])
    assert raised.value.message.startswith("from")
    assert "aa" not in raised.value.message


@settings(deadline=None)
@given(moments, st.sampled_from(sorted(ZONES.countries)))
def test_the_wall_time_decides(moment: datetime, country: str) -> None:
    """Whoever is on call from nine to five is so exactly while clocks there show nine to five, whatever the day of the year."""
    zone = ZONES.of(country)
    local = moment.astimezone(ZoneInfo(zone))
    week = week_of([Span(day, "09:00", "17:00") for day in range(7)])
    assert covers(week, moment, zone) == (9 <= local.hour < 17)
    assert awake(NEVER, moment, zone) == (7 <= local.hour < 22)
    assert not awake("1" * WEEK, moment, zone)
    assert time_at(moment, zone) == local.strftime("%H:%M")
    assert date_at(moment, zone) == local.date()


@settings(deadline=None)
@given(moments, weeks, weeks)
def test_quiet_hours_take_away_from_the_weekly_ones(moment: datetime, week: str, quiet: str) -> None:
    """At each moment: on call by the hours, and not quiet."""
    assert covers(without(week, quiet), moment, "Asia/Kolkata") == (
        covers(week, moment, "Asia/Kolkata") and not covers(quiet, moment, "Asia/Kolkata")
    )


def shown(zone: str, day: date) -> list[int]:
    """Return the quarters of the week that clocks show on this date, one after the other."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    moments = [start + QUARTER * n for n in range(55 * 4)]
    return [quarter_at(moment, zone) for moment in moments if date_at(moment, zone) == day]


def test_where_clocks_go_forward_the_hour_left_out_counts_for_nobody() -> None:
    """2026-03-29 in Berlin: 01:45 is followed by 03:00. Who is on call from 02:00 to 03:00 is not called that Sunday."""
    sunday = shown("Europe/Berlin", date(2026, 3, 29))
    week = week_of([Span(6, "02:00", "03:00")])
    assert len(sunday) == 23 * 4
    assert [quarter for quarter in sunday if week[quarter] == "1"] == []


def test_where_clocks_go_back_the_hour_that_comes_twice_counts_twice() -> None:
    """2026-10-25 in Berlin: 02:00 to 03:00 comes twice, and so does the turn."""
    sunday = shown("Europe/Berlin", date(2026, 10, 25))
    week = week_of([Span(6, "02:00", "03:00")])
    assert len(sunday) == 25 * 4
    assert sum(week[quarter] == "1" for quarter in sunday) == 8


def test_half_an_hour_of_summer_time() -> None:
    """Lord Howe Island's clocks change by thirty minutes."""
    assert len(shown("Australia/Lord_Howe", date(2026, 10, 4))) == 47 * 2
    assert len(shown("Australia/Lord_Howe", date(2026, 4, 5))) == 49 * 2


@pytest.mark.parametrize(
    ("zone", "quarter"),
    [
        ("Asia/Kolkata", 5 * 4 + 2),
        ("Asia/Kathmandu", 5 * 4 + 3),
        ("Australia/Eucla", 8 * 4 + 3),
        ("Pacific/Chatham", 13 * 4 + 3),
        ("America/St_Johns", WEEK - 3 * 4 - 2),
        ("Pacific/Kiritimati", 14 * 4),
        ("Pacific/Pago_Pago", WEEK - 11 * 4),
    ],
)
def test_zones_that_are_not_whole_hours_ahead(zone: str, quarter: int) -> None:
    """Monday 00:00 in London on 2026-01-05."""
    assert quarter_at(MONDAY, zone) == quarter


@settings(deadline=None, max_examples=30)
@given(moments)
def test_what_clocks_show_of_all_zones_holds_for_the_whole_quarter(moment: datetime) -> None:
    """Within a quarter of an hour of UTC no clock changes its quarter, so what was worked out holds until the next."""
    begin = moment - (moment - datetime(2020, 1, 1, tzinfo=UTC)) % QUARTER
    here, last = ZONES.here(begin), begin + QUARTER - timedelta(microseconds=1)
    for zone in ("Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Europe/Berlin", "UTC"):
        assert here.quarter(zone) == quarter_at(begin, zone) == quarter_at(last, zone)
        assert here.date(zone) == date_at(last, zone)


def test_every_zone_is_whole_quarters_ahead() -> None:
    """What the law above rests on, for all of them, through a year."""
    for month in range(1, 13):
        moment = datetime(2026, month, 1, tzinfo=UTC)
        for zone in ZONES.here(moment).zones:
            offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
            assert offset is not None
            assert offset % QUARTER == timedelta()


def test_a_zone_that_this_machine_does_not_know_counts_as_utc() -> None:
    """Another node may know it: its members are reached all the same."""
    here = ZONES.here(MONDAY)
    assert here.quarter("Mars/Olympus_Mons") == here.quarter("UTC") == 0
    assert "Mars/Olympus_Mons" not in ZONES
    assert "localtime" not in ZONES


def test_every_country_has_a_zone_that_this_machine_knows() -> None:
    """The first is where most people live; islands without people have none, and keep UTC."""
    missing = {one.code for one in load_countries() if one.code not in ZONES.countries}
    assert missing == {"BV", "HM"}
    assert set(ZONES.countries) <= {one.code for one in load_countries()}
    assert [zone for zones in ZONES.countries.values() for zone in zones if zone not in ZONES] == []
    assert [ZONES.of(code) for code in ("US", "RU", "AU", "CA", "BR", "DE", "HM")] == [
        "America/New_York",
        "Europe/Moscow",
        "Australia/Sydney",
        "America/Toronto",
        "America/Sao_Paulo",
        "Europe/Berlin",
        "UTC",
    ]


def test_people_are_awake_from_seven_to_ten() -> None:
    """07:00 is day, 22:00 is not."""
    day = [quarter for quarter in range(DAY) if by_day(quarter)]
    assert (day[0], day[-1], len(day)) == (28, 87, 60)
