"""The people of a simulated world: counts of members who are alike, each drawn as a person when first considered."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from lounge.members.accounts import Member
from lounge.paging.simulation.chance import mixed, share
from lounge.paging.simulation.turns import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lounge.members.accounts import Role
    from lounge.paging.simulation.constants import Behaviour, Constants

NEVER: Final = float("-inf")
_LANGUAGES: Final = 13


class Person:
    """A member who was considered for a page at least once, and what they have borne so far."""

    __slots__ = ("acknowledged", "asked", "crowd", "date", "member", "nights", "number", "paged_at", "spent")

    def __init__(self, number: int, member: Member, crowd: Crowd) -> None:
        """Take the number, which no other person has, the account, and the crowd that the person is one of."""
        self.number = number
        self.member = member
        self.crowd = crowd
        self.paged_at = NEVER
        self.asked = 0
        self.acknowledged = 0
        self.nights = 0
        self.date = 0
        """The last day on which a page was spent, and how many were."""
        self.spent = 0

    def spent_on(self, date: int) -> int:
        """Return how many pages of that day's budget are spent."""
        return self.spent if self.date == date else 0

    def page(self, at: float, date: int, *, night: bool) -> None:
        """Bear a page."""
        self.spent = self.spent_on(date) + 1
        self.date = date
        self.asked += 1
        self.nights += night
        self.crowd.paged(self)
        self.paged_at = at


class Crowd:
    """Members of one specialty, country, zone and pattern of hours: alike but for what they have borne."""

    __slots__ = (
        "_fresh",
        "_line",
        "_maker",
        "_waiting",
        "awake_too",
        "country",
        "pattern",
        "role",
        "size",
        "specialty",
        "zone",
    )

    def __init__(
        self,
        maker: Maker,
        size: int,
        specialty: str,
        country: str,
        zone: int,
        pattern: int = NONE,
        *,
        awake_too: bool = False,
        role: Role = "member",
    ) -> None:
        """Take who makes persons, how many there are, and what they have in common."""
        self._maker = maker
        self.size = size
        self.specialty = specialty
        self.country = country
        self.zone = zone
        self.pattern = pattern
        self.awake_too = awake_too
        self.role = role
        self._fresh = size
        self._waiting: list[Person] = []
        self._line: dict[Person, None] = {}

    def first(self, number: int) -> list[Person]:
        """Return up to so many persons, whoever was paged longest ago first, as the index of `callable` has them."""
        while len(self._waiting) < number and self._fresh:
            self._fresh -= 1
            self._waiting.append(self._maker.person(self))
        found = self._waiting[:number]
        if len(found) < number:
            for person in self._line:
                found.append(person)
                if len(found) >= number:
                    break
        return found

    def paged(self, person: Person) -> None:
        """Put a person last."""
        if person.paged_at == NEVER:
            self._waiting.remove(person)
        else:
            del self._line[person]
        self._line[person] = None


class Group:
    """Crowds among which each member is as likely as any other."""

    __slots__ = ("crowds", "size", "sums")

    def __init__(self, crowds: Iterable[Crowd]) -> None:
        """Take the crowds."""
        self.crowds: Sequence[Crowd] = [one for one in crowds if one.size]
        self.sums = list(accumulate(one.size for one in self.crowds))
        self.size = self.sums[-1] if self.sums else 0


class Languages:
    """Which languages people speak: that of their country, and perhaps English."""

    def __init__(self, constants: Constants, behaviour: Behaviour, seed: int) -> None:
        """Take the languages of countries, and the share of people who speak English elsewhere."""
        self._places = constants.places.countries
        self._share = behaviour.speaks_english
        self._state = mixed(seed, _LANGUAGES)

    def of(self, country: str, number: int) -> tuple[str, ...]:
        """Return the languages of a person."""
        own = self._places[country].language
        if own == "en" or share(mixed(self._state, number)) >= self._share:
            return (own,)
        return (own, "en")


class Maker:
    """Makes persons."""

    def __init__(self, languages: Languages) -> None:
        """Take what tells the languages of a person."""
        self._languages = languages
        self.made: list[Person] = []

    def person(self, crowd: Crowd) -> Person:
        """Make the next person of a crowd."""
        number = len(self.made)
        member = Member(
            f"m{number}",
            f"member-{number}",
            crowd.role,
            (crowd.specialty,),
            crowd.country,
            "",
            self._languages.of(crowd.country, number),
        )
        person = Person(number, member, crowd)
        self.made.append(person)
        return person
