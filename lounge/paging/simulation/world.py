"""A simulated world: its members by specialty, country and hours, and whom of them an ask can reach at a moment."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from lounge.paging.router import MOST, RINGS, SPARE, WIDTH
from lounge.paging.simulation.chance import Lot, mixed, share, whole
from lounge.paging.simulation.people import Crowd, Group, Languages, Maker
from lounge.paging.simulation.turns import NONE, Local, patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lounge.data import Countries, Specialties
    from lounge.paging.asking import Ask
    from lounge.paging.simulation.constants import Behaviour, Constants, Setting
    from lounge.paging.simulation.people import Person

MODERATORS: Final = 3
"""At the least."""
BUDGET: Final = 4
"""Pages a day that everybody here takes: what a duty begins with."""
_CROWDS: Final = 11
_PEOPLE: Final = 12
_SUPPLY: Final = 14


class Area:
    """The members of one specialty in a country, a region or the world, by what decides when they can be reached."""

    def __init__(self, crowds: Iterable[Crowd]) -> None:
        """Sort the crowds."""
        turns: dict[tuple[int, int], list[Crowd]] = {}
        zones: dict[int, list[Crowd]] = {}
        for one in crowds:
            if one.pattern != NONE:
                turns.setdefault((one.zone, one.pattern), []).append(one)
            if one.awake_too:
                zones.setdefault(one.zone, []).append(one)
        self._turns = {key: Group(group) for key, group in turns.items()}
        self._zones = {zone: Group(group) for zone, group in sorted(zones.items())}
        self._places = sorted({zone for zone, _ in turns})

    def on_call(self, local: Local) -> list[Group]:
        """Return those on call now."""
        keys = ((zone, pattern) for zone in self._places for pattern in sorted(local.on_call[zone]))
        return [self._turns[key] for key in keys if key in self._turns]

    def awake(self, local: Local) -> list[Group]:
        """Return those awake now who agreed to be asked then, also those of them who are on call."""
        return [group for zone, group in self._zones.items() if local.awake[zone]]


class World:
    """Members, and what time it is for each of them."""

    def __init__(
        self,
        setting: Setting,
        constants: Constants,
        behaviour: Behaviour,
        specialties: Specialties,
        countries: Countries,
        seed: int,
    ) -> None:
        """Lay the world out; nobody in it is drawn yet."""
        self.setting = setting
        self.behaviour = behaviour
        self._constants = constants
        self._specialties = specialties
        self._seed = seed
        self._regions = {code: countries[code].region for code in setting.members}
        places = constants.places.countries
        zones = (zone for code in setting.members for zone in places[code].zones)
        self.local = Local(constants.begins, zones, behaviour.weekly_turns)
        self._zone = {name: number for number, name in enumerate(self.local.zones)}
        self.maker = Maker(Languages(constants, behaviour, seed))
        self._crowds = list(self._laid_out())
        self._moderators = list(self._last_resort())
        self._by_specialty: dict[str, list[Crowd]] = {}
        for crowd in self._crowds:
            self._by_specialty.setdefault(crowd.specialty, []).append(crowd)
        self._areas: dict[tuple[str, str], Area] = {}

    @property
    def responders(self) -> int:
        """Members whom a page can reach, moderators aside."""
        return sum(one.size for one in self._crowds)

    @property
    def moderators(self) -> int:
        """Members who are the last resort."""
        return sum(one.size for one in self._moderators)

    def zones_of(self, country: str) -> dict[int, float]:
        """Return the share of a country's members in each of its zones."""
        return {self._zone[name]: part for name, part in self._constants.places.countries[country].zones.items()}

    def reach(self, ask: Ask, seconds: float) -> list[Person]:
        """Return whom the router would find for this ask (`lounge.paging.router`), by chance where it is one of many.

        Those on call first, then those awake, each by rings of specialties, until there are enough to choose from. Never whom
        the ask has asked, nor, but for an emergency, who has spent the day's budget.
        """
        self.local.set(seconds)
        if ask.reach.who == "moderators":
            everybody = (person for crowd in self._moderators for person in crowd.first(crowd.size))
            return [person for person in everybody if person.member.id not in ask.asked]
        most = min(WIDTH + SPARE + 2 * ask.people + len(ask.asked), MOST)
        state = mixed(mixed(self._seed, _SUPPLY), int(ask.case) * 32 + len(ask.asked))
        found: dict[Person, None] = {}
        for awake in (False, True) if ask.reach.who == "awake" else (False,):
            for ring in RINGS:
                if len(found) >= most:
                    break
                state = mixed(state)
                drawn = _drawn(self._ring(ask, ring, awake=awake), most, state)
                found |= {person: None for person in drawn if self._can_be_asked(person, ask)}
        return list(found)

    def _can_be_asked(self, person: Person, ask: Ask) -> bool:
        if person.member.id in ask.asked:
            return False
        return ask.urgency == "emergency" or person.spent_on(self.local.day(person.crowd.zone)) < BUDGET

    def _ring(self, ask: Ask, ring: tuple[int, int], *, awake: bool) -> list[Group]:
        """Return the groups of the specialties at these distances."""
        first, last = ring
        near = {ask.specialty: 0} | dict(self._specialties.near(ask.specialty))
        area = {"country": ask.country, "region": self._regions[ask.country], "world": "world"}[ask.reach.borders]
        found = []
        for specialty, distance in near.items():
            if first <= distance <= min(last, ask.reach.distance) and specialty in self._by_specialty:
                one = self._area(specialty, area)
                found += one.awake(self.local) if awake else one.on_call(self.local)
        return found

    def on_call(self, person: Person) -> bool:
        """Tell whether the person is on call at the time that was set last."""
        return person.crowd.pattern in self.local.on_call[person.crowd.zone]

    def _area(self, specialty: str, area: str) -> Area:
        key = specialty, area
        if key not in self._areas:
            crowds = self._by_specialty.get(specialty, [])
            self._areas[key] = Area(one for one in crowds if area in {"world", one.country, self._regions[one.country]})
        return self._areas[key]

    def _laid_out(self) -> Iterator[Crowd]:
        """Make the crowds that can be paged: those with hours on call, and those who agreed to be asked when awake."""
        lot = patterns(self.behaviour)
        weights = self._constants.specialties.weights
        total = sum(weights.values())
        state = mixed(self._seed, _CROWDS)
        for country, members in sorted(self.setting.members.items()):
            zones = Lot(self.zones_of(country))
            for specialty in sorted(weights):
                state = mixed(state)
                cell = members * weights[specialty] / total
                yield from self._cell(cell, specialty, country, lot, zones, state)

    def _cell(
        self, size: float, specialty: str, country: str, lot: Lot[int], zones: Lot[int], state: int
    ) -> Iterator[Crowd]:
        counts: dict[tuple[int, int, bool], int] = {}
        behaviour = self.behaviour
        for number in range(whole(size * behaviour.on_call_share, mixed(state, 1))):
            draw = mixed(state, 1_000 + number)
            key = zones.draw(draw), lot.draw(mixed(draw, 1)), share(mixed(draw, 2)) < behaviour.awake_share
            counts[key] = counts.get(key, 0) + 1
        for zone, part in self.zones_of(country).items():
            others = size * (1 - behaviour.on_call_share) * behaviour.awake_share * part
            counts[zone, NONE, True] = whole(others, mixed(state, 10 + zone))
        for (zone, pattern, too), count in counts.items():
            if count:
                yield Crowd(self.maker, count, specialty, country, zone, pattern, awake_too=too)

    def _last_resort(self) -> Iterator[Crowd]:
        """Make the moderators."""
        number = max(MODERATORS, round(self.setting.size * self.behaviour.moderators_share))
        homes = Lot({code: float(members) for code, members in sorted(self.setting.members.items())})
        fields = Lot(self._constants.specialties.weights)
        state = mixed(self._seed, _PEOPLE)
        for one in range(number):
            draw = mixed(state, one)
            country = homes.draw(draw)
            zone = Lot(self.zones_of(country)).draw(mixed(draw, 1))
            yield Crowd(self.maker, 1, fields.draw(mixed(draw, 2)), country, zone, role="moderator")


def _drawn(groups: list[Group], limit: int, state: int) -> list[Person]:
    """Draw up to `limit` members of these groups, each as likely as any other."""
    sums = list(accumulate(group.size for group in groups))
    total = sums[-1] if sums else 0
    wanted: dict[Crowd, int] = {}
    if total <= limit:
        for group in groups:
            wanted |= {crowd: crowd.size for crowd in group.crowds}
    else:
        for number in range(limit):
            at = int(share(mixed(state, number)) * total)
            index = bisect_right(sums, at)
            group = groups[index]
            crowd = group.crowds[bisect_right(group.sums, at - (sums[index] - group.size))]
            wanted[crowd] = min(wanted.get(crowd, 0) + 1, crowd.size)
    return [person for crowd, number in wanted.items() for person in crowd.first(number)]
