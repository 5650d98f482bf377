"""Small worlds whose members do as they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from lounge.data import load_countries, load_specialties
from lounge.paging.simulation.arrivals import arrivals
from lounge.paging.simulation.choosing import Choosing
from lounge.paging.simulation.constants import Setting, load_constants
from lounge.paging.simulation.run import Run
from lounge.paging.simulation.variants import policies
from lounge.paging.simulation.world import World
from lounge.paging.weights import Weights

if TYPE_CHECKING:
    from lounge.data import Countries, Specialties
    from lounge.live.events import Urgency
    from lounge.paging.asking import Choice
    from lounge.paging.simulation.arrivals import Arrival
    from lounge.paging.simulation.constants import Behaviour, Constants
    from lounge.paging.simulation.outcome import Outcome
    from lounge.paging.simulation.people import Person
    from lounge.paging.simulation.variants import Variant


class Paged(NamedTuple):
    """One page, as it was sent."""

    arrival: Arrival
    person: Person
    at: float
    choice: Choice | None


class Small:
    """A world of one country or a few."""

    def __init__(self, constants: Constants, specialties: Specialties, countries: Countries) -> None:
        self.constants = constants
        self.specialties = specialties
        self.countries = countries
        self.pages: list[Paged] = []
        self.setting = Setting("a test", 200, {"GB": 100_000})

    def world(self, behaviour: Behaviour, seed: int = 1) -> World:
        return World(self.setting, self.constants, behaviour, self.specialties, self.countries, seed)

    def run(
        self,
        behaviour: Behaviour,
        policy: Variant = "default",
        *,
        years: float = 1.0,
        seed: int = 1,
        urgency: Urgency | None = None,
        hours: tuple[int, int] = (0, 24),
    ) -> Outcome:
        """Run the cases of one urgency, or of all, that are opened in these hours of UTC."""
        world = self.world(behaviour, seed)
        cases = [
            one
            for one in arrivals(world, self.constants, years, seed)
            if urgency in (None, one.urgency) and hours[0] * 3_600 <= one.at % 86_400 < hours[1] * 3_600
        ]
        self.pages = []
        choose = Choosing(self.specialties, Weights(), self.constants.begins)
        run = Run(
            world,
            cases,
            policies(policy),
            choose,
            self.constants.begins,
            seed,
            watch=lambda *page: self.pages.append(Paged(*page)),
        )
        return run.outcome(policy, years)

    def behaving(self, **changed: float) -> Behaviour:
        return self.constants.behaving(changed)

    def obedient(self, **changed: float) -> Behaviour:
        """Everybody agrees to be asked when awake, reacts after a minute, and replies five minutes later."""
        told = {
            "on_call_share": 0.0,
            "awake_share": 1.0,
            "awake_reacts": 1.0,
            "awake_median": 1.0,
            "awake_spread": 0.0,
            "awake_acknowledges": 1.0,
            "asleep_reacts": 1.0,
            "declines": 1.0,
            "replies": 1.0,
            "reply_median": 5.0,
            "reply_spread": 0.0,
            "reminded_replies": 1.0,
        }
        return self.constants.behaving(told | changed)


@pytest.fixture
def small() -> Small:
    return Small(load_constants(), load_specialties(), load_countries())
