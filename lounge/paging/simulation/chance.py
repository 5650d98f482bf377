"""Chance that a seed repeats, and that does not hang on what else was drawn before.

Every draw is a hash of what it is for (SplitMix64; Steele, Lea, Flood: Fast splittable pseudorandom number generators,
OOPSLA 2014). So two policies, or two values of a constant, are compared on the same cases in the same crowds; people are
numbered as they are first considered, so their moods are not the same, and small differences remain chance.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Thing = TypeVar("Thing")

_WORD: Final = (1 << 64) - 1
_SCALE: Final = 1.0 / (1 << 53)
_quantile: Final = NormalDist().inv_cdf


def mixed(state: int, number: int = 0) -> int:
    """Return a 64-bit hash of two numbers."""
    z = (state + (number + 1) * 0x9E3779B97F4A7C15) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


def share(state: int) -> float:
    """Return a number in [0, 1) of a hash."""
    return (state >> 11) * _SCALE


def about(median: float, spread: float, state: int) -> float:
    """Return a draw of the log-normal with this median; `spread` is the standard deviation of the logarithm."""
    return median * math.exp(spread * _quantile((share(state) * (1 - 2e-12)) + 1e-12))


class Lot(Generic[Thing]):
    """Draws one of several things by weight."""

    def __init__(self, weights: Mapping[Thing, float]) -> None:
        """Take the weights; some must be above zero."""
        self.things = list(weights)
        self._sums = list(accumulate(weights.values()))

    def draw(self, state: int) -> Thing:
        """Return the thing that this hash draws."""
        index = bisect_right(self._sums, share(state) * self._sums[-1])
        return self.things[min(index, len(self.things) - 1)]


def whole(expected: float, state: int) -> int:
    """Round up or down by chance, so that the mean is as expected."""
    low = math.floor(expected)
    return low + (share(state) < expected - low)
