"""Hours of the week: spans and the quarters that they cover, in a zone of their own. Pure.

A week is 672 quarters of an hour, Monday 00:00 first, kept as text of so many "0" and "1" (as PostgreSQL shows a
bit(672)). The local wall time decides: a moment counts by what the clocks there show. So, where clocks go forward, the
quarters that are left out are never reached and count for nobody; where they go back, those that come twice count twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from lounge.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

MINUTES: Final = 15
DAY: Final = 96
"""Quarters of a day."""
WEEK: Final = 7 * DAY
SPANS: Final = 100
"""Spans that a week may be told in, at the most."""
NEVER: Final = "0" * WEEK
WAKES: Final = 7 * 4
"""The quarter of the day, 07:00, from which people are taken to be awake."""
SLEEPS: Final = 22 * 4
"""That from which they no longer are: 22:00."""

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):(00|15|30|45)|24:00")

Time = Annotated[str, Meta(min_length=5, max_length=5)]


class Span(Struct, frozen=True):
    """Some hours of every week: `day` 0 (Monday) to 6, times as "HH:MM" in quarters of an hour.

    Where `to` is not after `from` the span ends the next day; `to` may be "24:00". The longest has 24 hours.
    """

    day: Annotated[int, Meta(ge=0, le=6)]
    start: Time = field(name="from")
    end: Time = field(name="to")


Spans = Annotated[list[Span], Meta(max_length=SPANS)]


def week_of(spans: Iterable[Span]) -> str:
    """Return the quarters that these spans cover; raise Invalid where one has no such time."""
    covered = bytearray(WEEK)
    for span in spans:
        start, end = _quarter(span.start), _quarter(span.end)
        if start == DAY:
            raise Invalid("from: only the end of a span may be 24:00; a span from then on begins at 00:00 the next day")
        length = end - start if end > start else end - start + DAY
        for quarter in range(start, start + length):
            covered[(span.day * DAY + quarter) % WEEK] = 1
    return "".join("1" if one else "0" for one in covered)


def spans_of(week: str) -> list[Span]:
    """Return the fewest spans, by their beginning, that cover these quarters; one ends the week where it goes on after it."""
    spans = []
    for start, length in _runs(week):
        for begin in range(start, start + length, DAY):
            end = min(begin + DAY, start + length)
            day, first = divmod(begin % WEEK, DAY)
            last = end % DAY or DAY
            # A whole day that begins at midnight ends at 24:00, any other at the time at which it began.
            spans.append(Span(day, _time(first), _time(last)))
    return sorted(spans, key=lambda span: (span.day, span.start))


def without(week: str, quiet: str) -> str:
    """Return the quarters of `week` that are not in `quiet`."""
    return "".join("1" if one == "1" and other == "0" else "0" for one, other in zip(week, quiet, strict=True))


def quarter_at(moment: datetime, zone: str) -> int:
    """Return the quarter of the week that clocks in a zone show."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.weekday() * DAY + (local.hour * 60 + local.minute) // MINUTES


def covers(week: str, moment: datetime, zone: str) -> bool:
    """Say whether these hours hold at a moment."""
    return week[quarter_at(moment, zone)] == "1"


def by_day(quarter: int) -> bool:
    """Say whether people are taken to be awake in this quarter of the week: from 07:00 to 22:00."""
    return WAKES <= quarter % DAY < SLEEPS


def awake(quiet: str, moment: datetime, zone: str) -> bool:
    """Say whether it is day in the zone, and none of the quiet hours."""
    quarter = quarter_at(moment, zone)
    return by_day(quarter) and quiet[quarter] == "0"


def time_at(moment: datetime, zone: str) -> str:
    """Return what clocks in a zone show, as "HH:MM"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def date_at(moment: datetime, zone: str) -> date:
    """Return the date in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def _runs(week: str) -> Iterator[tuple[int, int]]:
    """Yield first quarter and length of each run, the one over the end of the week as one."""
    if "0" not in week:
        yield 0, WEEK
        return
    begins = week.index("0")
    turned = week[begins:] + week[:begins]
    for run in re.finditer("1+", turned):
        yield (run.start() + begins) % WEEK, run.end() - run.start()


def _quarter(time: str) -> int:
    """Return the quarter of the day at which a time stands."""
    if not _TIME.fullmatch(time):
        raise Invalid("from, to: a time is HH:MM in quarters of an hour, from 00:00 to 24:00")
    return int(time[:2]) * 4 + int(time[3:]) // MINUTES


def _time(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * MINUTES:02}"
