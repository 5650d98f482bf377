"""The cases of a simulated year: when, where and of what; the same for every policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lounge.paging.simulation.chance import Lot, mixed, share

if TYPE_CHECKING:
    from lounge.live.events import Urgency
    from lounge.paging.simulation.constants import Constants
    from lounge.paging.simulation.world import World

DAYS: Final = 365
_HOUR: Final = 3_600
_ARRIVALS: Final = 31


class Arrival(NamedTuple):
    """A case: when it is opened, in seconds after the begin, and what the router is asked by."""

    at: float
    number: int
    country: str
    specialty: str
    urgency: Urgency
    language: str


def arrivals(world: World, constants: Constants, years: float, seed: int) -> list[Arrival]:
    """Return the cases in the order in which they are opened."""
    setting = world.setting
    days = max(1, round(DAYS * years))
    homes = Lot({code: float(members) for code, members in sorted(setting.members.items())})
    zones = {code: Lot(world.zones_of(code)) for code in setting.members}
    fields = Lot(constants.specialties.weights)
    urgencies = Lot(constants.urgency_shares())
    hours = Lot(dict(enumerate(constants.hours.weights)))
    places = constants.places.countries
    base = mixed(seed, _ARRIVALS)
    found = []
    for number in range(max(1, round(setting.cases_a_year * days / DAYS))):
        state = mixed(base, number)
        country = homes.draw(mixed(state, 1))
        own = places[country].language
        english = share(mixed(state, 2)) < world.behaviour.asks_in_english
        day = int(share(mixed(state, 3)) * days)
        of_day = (hours.draw(mixed(state, 4)) + share(mixed(state, 5))) * _HOUR
        found.append(
            Arrival(
                world.local.seconds(zones[country].draw(mixed(state, 6)), day, of_day),
                number,
                country,
                fields.draw(mixed(state, 7)),
                urgencies.draw(mixed(state, 8)),
                "en" if english else own,
            )
        )
    return sorted(found)
