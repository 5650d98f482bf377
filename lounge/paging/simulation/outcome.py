"""What a simulated run came to, and the figures drawn from it."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lounge.live.events import Urgency

NEVER = math.inf


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of these, in ascending order, do not exceed; NaN of none.

    The nearest rank, so that it is always one of the values, and inf where too few were ever answered.
    """
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def share_within(ordered: Sequence[float], limit: float) -> float:
    """Return the share of these, in ascending order, that do not exceed a limit; NaN of none."""
    return bisect_right(ordered, limit) / len(ordered) if ordered else math.nan


class Tally:
    """What became of each case: seconds until the first acknowledgement and the first reply (inf: never), and pages."""

    def __init__(self) -> None:
        """Begin with none."""
        self.urgencies: list[Urgency] = []
        self.acknowledged = array("d")
        self.replied = array("d")
        self.pages = array("H")

    def add(self, urgency: Urgency, acknowledged: float, replied: float, pages: int) -> None:
        """Add a case."""
        self.urgencies.append(urgency)
        self.acknowledged.append(acknowledged)
        self.replied.append(replied)
        self.pages.append(pages)

    def times(self, urgencies: Iterable[Urgency], *, reply: bool = False) -> list[float]:
        """Return the times of cases of these urgencies, ascending."""
        chosen = frozenset(urgencies)
        values = self.replied if reply else self.acknowledged
        return sorted(value for value, urgency in zip(values, self.urgencies, strict=True) if urgency in chosen)


class Load(Struct, frozen=True):
    """What responders bore: pages and pages at night a year, of each that was paged at all, ascending."""

    pages: list[float]
    nights: list[float]
    responders: int
    """All who could have been paged, moderators aside."""

    def percentile(self, share: float) -> float:
        """Return pages a year that this share of all responders does not exceed."""
        idle = self.responders - len(self.pages)
        rank = math.ceil(share * self.responders - 1e-9) - idle
        return 0.0 if rank <= 0 or not self.pages else self.pages[min(rank, len(self.pages)) - 1]


class Outcome(Struct, frozen=True):
    """One policy, one world."""

    policy: str
    years: float
    tally: Tally
    load: Load
    moderators: Load

    @property
    def cases(self) -> int:
        """Cases that were opened."""
        return len(self.tally.urgencies)

    @property
    def pages(self) -> int:
        """Pages in all."""
        return sum(self.tally.pages)
