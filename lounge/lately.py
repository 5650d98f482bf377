"""How many were in a case room lately: the one thing that is told of presence there. Pure; wall-clock milliseconds.

Members are anonymous in case rooms. Who sees one alias leave here and another come there, a moment later, knows that the two
are one. So nothing is told when somebody comes or goes: once in five minutes, at a moment that only the installation's
secret tells in advance, every node says how many members there were during the last full five minutes, in steps.

What nodes tell each other is a set for each period that only ever grows, so they agree whatever is lost, late or doubled,
and a node that dies takes nobody along.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PERIOD: Final = 300_000
"""Milliseconds of a period: the same on all nodes, counted from 1970."""
STEPS: Final = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
"""The numbers that are told: the largest that is not above the true one."""
COUNTED: Final = 1_000
"""Members counted in one period: more change no number."""


def step(count: int) -> int:
    """Return the number that is told of `count` members."""
    return STEPS[bisect_right(STEPS, count) - 1]


def told_at(secret: bytes, stream: str, period: int) -> int:
    """Return when the number of a period is told: at a moment of the next one that is its own for each stream."""
    drawn = hashlib.blake2b(f"{stream} {period}".encode(), digest_size=8, key=secret, person=b"lounge lately").digest()
    return (period + 1) * PERIOD + int.from_bytes(drawn, "big") % PERIOD


class Lately:
    """The periods of one room: the one told last, the one to be told next, and the one that runs."""

    __slots__ = ("_due", "_moment", "_sets", "number", "told")

    def __init__(self, moment: Callable[[int], int], now: int) -> None:
        """Take when the number of a period is told."""
        self._moment = moment
        self._sets: dict[int, set[bytes]] = {}
        self._due = 0
        self.told = -1
        """The period whose number was told last."""
        self.number = 0
        """That number."""
        self.advance(now)

    @property
    def due(self) -> int:
        """When the next number is told, at the earliest."""
        return self._due

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell but 0."""
        return not self._sets and self.number == 0

    @property
    def sets(self) -> dict[int, set[bytes]]:
        """Who was seen in which period: those told, to be told, and running."""
        return self._sets

    def saw(self, members: Iterable[bytes], now: int) -> bool:
        """Count members into the running period; return whether that was new."""
        return self._add(now // PERIOD, members)

    def heard(self, period: int, members: Iterable[bytes], now: int, *, young: bool) -> bool:
        """Take what another node saw; return whether that was new.

        A number that was told stands; but a node that is `young` in this room learns it so.
        """
        if not self.told + (not young) <= period <= now // PERIOD + 1:
            return False
        new = self._add(period, members)
        if period == self.told:
            self.number = step(len(self._sets.get(period, ())))
        return new

    def advance(self, now: int) -> bool:
        """Go on to the newest number that may be told by now; return whether there is a new one."""
        if now < self._due:
            return False
        last = now // PERIOD - 1
        period = last if now >= self._moment(last) else last - 1
        self._due = self._moment(period + 1)
        if period <= self.told:
            return False
        self.told = period
        self.number = step(len(self._sets.get(period, ())))
        for old in [one for one in self._sets if one < period]:
            del self._sets[old]
        return True

    def _add(self, period: int, members: Iterable[bytes]) -> bool:
        known = self._sets.get(period, set())
        grown = known.union(members)
        if len(grown) == len(known) or len(grown) > COUNTED:
            return False
        self._sets[period] = grown
        return True
