"""How much the result hangs on each constant: one at a time, halved and half as much again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from lounge.paging.pulse import OBJECTIVE_SECONDS, OBJECTIVE_URGENCIES
from lounge.paging.simulation.outcome import percentile, share_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.paging.simulation.constants import Behaviour, Constants
    from lounge.paging.simulation.outcome import Outcome

OBJECTIVE: Final = float(OBJECTIVE_SECONDS)
"""Seconds within which a pressing case should be acknowledged."""
PRESSING: Final = OBJECTIVE_URGENCIES
HALF: Final = 0.5
COUNTS: Final = frozenset({"weekly_turns"})
"""Constants that are whole numbers."""


class Effect(Struct, frozen=True):
    """What a run came to: of emergency and urgent cases the share within the objective and p90; pages a case of all."""

    within: float
    p90: float
    pages: float


class Swing(Struct, frozen=True):
    """One constant: its values, lower and higher, and what came of each."""

    name: str
    what: str
    assumed: bool
    value: float
    low: float
    high: float
    at_low: Effect
    at_high: Effect

    @property
    def span(self) -> float:
        """How far the share within the objective moves."""
        return abs(self.at_high.within - self.at_low.within)


def effect_of(outcome: Outcome) -> Effect:
    """Return what is compared of a run."""
    times = outcome.tally.times(PRESSING)
    return Effect(share_within(times, OBJECTIVE), percentile(times, 0.9), outcome.pages / outcome.cases)


def swings(constants: Constants, run: Callable[[Behaviour], Outcome], tell: Callable[[int], None]) -> list[Swing]:
    """Run the world with each constant half and half as much again, or as far as it can go; the widest swing first."""
    found = []
    for name, constant in constants.behaviour.items():
        low, high = (_bounded(constants, name, constant.value * factor) for factor in (1 - HALF, 1 + HALF))
        effects = [effect_of(run(constants.behaving({name: value}))) for value in (low, high)]
        tell(2)
        found.append(Swing(name, constant.what, constant.assumed, constant.value, low, high, effects[0], effects[1]))
    return sorted(found, key=lambda swing: (-swing.span, swing.name))


def _bounded(constants: Constants, name: str, value: float) -> float:
    """Return the value, or the largest that it may be: shares end at one, turns are whole."""
    if name in COUNTS:
        return float(round(value))
    try:
        constants.behaving({name: value})
    except msgspec.ValidationError:
        return 1.0
    return value
