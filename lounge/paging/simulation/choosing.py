"""Asks the program's own ranking (`lounge.paging.router.rank`) about people of the simulated world."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lounge.paging.router import Candidate, rank
from lounge.paging.simulation.people import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lounge.data import Specialties
    from lounge.paging.asking import Ask, Choice
    from lounge.paging.simulation.people import Person
    from lounge.paging.simulation.world import World
    from lounge.paging.weights import Weights


class Choosing:
    """Ranks people as the router does, with the weights that it is given."""

    def __init__(self, specialties: Specialties, weights: Weights, begins: datetime) -> None:
        """Take the specialties, the weights, and the moment that seconds are counted from."""
        self._specialties = specialties
        self._weights = weights
        self._begins = begins

    def __call__(self, ask: Ask, people: Sequence[Person], now: datetime, world: World) -> list[Choice]:
        """Return those whom the step may ask, best first; the world's time must be set to `now`."""
        return rank(ask, [self._candidate(ask, person, world) for person in people], self._weights, now)

    def _candidate(self, ask: Ask, person: Person, world: World) -> Candidate:
        crowd, local = person.crowd, world.local
        return Candidate(
            member=person.member,
            version=1,
            zone=local.zones[crowd.zone],
            specialty=crowd.specialty,
            distance=self._specialties.distance(ask.specialty, crowd.specialty),
            on_call=crowd.pattern in local.on_call[crowd.zone],
            awake=local.awake[crowd.zone],
            agrees=crowd.awake_too,
            today=person.spent_on(local.day(crowd.zone)),
            paged_at=None if person.paged_at == NEVER else self._begins + timedelta(seconds=person.paged_at),
            asked=person.asked,
            acknowledged=person.acknowledged,
        )
