"""Weekly hours: turns on call by local time, and who is awake.

A day has four turns: 07-12, 12-17, 17-22, and the night 22-07, which belongs to the day it begins on. A member keeps one kind
of turn, on as many days of the week as `weekly_turns` says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from lounge.paging.simulation.chance import Lot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.paging.simulation.constants import Behaviour

NIGHT: Final = 3
NONE: Final = -1
"""The pattern of whoever has no hours on call."""
WAKES: Final = 7
"""The hour at which people wake up, and at 22:00 they sleep."""
_ORDER: Final = (0, 3, 5, 1, 4, 6, 2)
_QUARTER: Final = 900
_DAY: Final = 86_400


def patterns(behaviour: Behaviour) -> Lot[int]:
    """Return what draws a pattern: kind of turn times 7 plus the first day, Monday 0."""
    day = (1 - behaviour.night_turns) / 3
    shares = [day, day, day, behaviour.night_turns]
    return Lot({kind * 7 + first: shares[kind] / 7 for kind in range(4) for first in range(7)})


def turn_at(weekday: int, hour: int) -> tuple[int, int]:
    """Return the kind of turn at this local time, and the day that it belongs to."""
    if hour < WAKES:
        return NIGHT, (weekday - 1) % 7
    return (hour - 2) // 5 - 1, weekday


class Local:
    """What time it is where, one quarter of an hour after another; times are seconds after `begins`."""

    def __init__(self, begins: datetime, zones: Iterable[str], weekly_turns: int) -> None:
        """Take the start, the names of the zones, and the turns that a pattern has a week."""
        self._begins = begins
        self.zones = sorted(set(zones))
        self._infos = [ZoneInfo(name) for name in self.zones]
        self._offsets = _ORDER[:weekly_turns]
        self._quarter: int | None = None
        self._wall: list[datetime] = []
        self.awake: list[bool] = []
        """By zone: whether people there are awake, which is from 07:00 to 22:00."""
        self.on_call: list[frozenset[int]] = []
        """By zone: the patterns that are on call."""

    def set(self, seconds: float) -> None:
        """Set the time."""
        quarter = int(seconds // _QUARTER)
        if quarter == self._quarter:
            return
        self._quarter = quarter
        moment = self._begins + timedelta(seconds=quarter * _QUARTER)
        self._wall = [moment.astimezone(info) for info in self._infos]
        turns = [turn_at(wall.weekday(), wall.hour) for wall in self._wall]
        self.awake = [kind != NIGHT for kind, _ in turns]
        self.on_call = [frozenset(kind * 7 + (day - off) % 7 for off in self._offsets) for kind, day in turns]

    def day(self, zone: int) -> int:
        """Return the date in this zone, as a number."""
        return self._wall[zone].toordinal()

    def until_seven(self, zone: int, seconds: float) -> float:
        """Return how many seconds it is until seven in the morning in this zone."""
        wall = self._wall[zone]
        passed = wall.hour * 3_600 + wall.minute * 60 + seconds % _QUARTER
        return (WAKES * 3_600 - passed) % _DAY

    def seconds(self, zone: int, day: int, of_day: float) -> float:
        """Return when it is `of_day` seconds after midnight of a day there, counted from the first day."""
        middle = self._begins + timedelta(days=day, hours=12)
        offset = self._infos[zone].utcoffset(middle.replace(tzinfo=None))
        assert offset is not None
        return day * _DAY + of_day - offset.total_seconds()


def hours_of(pattern: int, weekly_turns: int) -> list[tuple[int, int, int]]:
    """Return the spans of a pattern: day, first hour, hours."""
    if pattern == NONE:
        return []
    kind, first = divmod(pattern, 7)
    start, length = ((7, 5), (12, 5), (17, 5), (22, 9))[kind]
    return [((first + off) % 7, start, length) for off in _ORDER[:weekly_turns]]
