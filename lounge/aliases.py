"""What a participant of a case room is called: a random alias, and a label no finer than a crowd can hide one in.

A label names specialty and region only as finely as at least k members share it (k-anonymity: Sweeney, "k-Anonymity: A
Model for Protecting Privacy", 2002). It is frozen at the first entry: it must not grow finer while a case is discussed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lounge.store import Pool

if TYPE_CHECKING:
    from lounge.clock import Clock
    from lounge.data import AliasWords, Countries, Specialties
    from lounge.ids import Random
    from lounge.members.accounts import Member
    from lounge.store import Store

EVERYBODY: Final = "Physician"
KEEP: Final = 60.0
"""Seconds for which counts are kept: a label is decided once for each member and room, a crowd changes slowly."""
KEPT: Final = 1_000
"""Bound of what is kept."""


class Crowd(NamedTuple):
    """How many members share each label, from the finest to the coarsest."""

    country: int
    region: int
    specialty: int
    group: int


class Levels(NamedTuple):
    """The labels of one member, from the finest to the coarsest."""

    country: str
    region: str
    specialty: str
    group: str


def coarsened(levels: Levels, crowd: Crowd, k: int) -> str:
    """Return the finest label that at least `k` members share."""
    for label, count in zip(levels, crowd, strict=True):
        if count >= k:
            return label
    return EVERYBODY


class Aliases:
    """Draws aliases and decides labels."""

    def __init__(
        self,
        store: Store,
        words: AliasWords,
        specialties: Specialties,
        countries: Countries,
        *,
        clock: Clock,
        random: Random,
        k: int,
    ) -> None:
        """Take the words, the catalogues, and the smallest crowd `k` that a label may name."""
        self._store = store
        self._words = words
        self._specialties = specialties
        self._countries = countries
        self._clock = clock
        self._random = random
        self._k = k
        self._crowds: dict[tuple[str, str], tuple[float, Crowd]] = {}

    def draw(self) -> str:
        """Return two words, such as "Silver Heron"; whether they are free in a room is for the room to say."""
        number = int.from_bytes(self._random.randbytes(8), "big")
        first, second = self._words.first, self._words.second
        return f"{first[number % len(first)]} {second[number // len(first) % len(second)]}"

    async def label(self, member: Member) -> str:
        """Return main specialty and region of `member`, as coarse as it must be."""
        if (
            not member.specialties
            or member.specialties[0] not in self._specialties
            or member.country not in self._countries
        ):
            return EVERYBODY
        specialty = self._specialties[member.specialties[0]]
        country = self._countries[member.country]
        levels = Levels(
            f"{specialty.name}, {country.name}",
            f"{specialty.name}, {country.region}",
            specialty.name,
            self._specialties.group_of(specialty.id).name,
        )
        return coarsened(levels, await self._crowd(specialty.id, country.code), self._k)

    async def _crowd(self, specialty: str, country: str) -> Crowd:
        kept = self._crowds.get((specialty, country))
        now = self._clock.monotonic()
        if kept is not None and now - kept[0] < KEEP:
            return kept[1]
        region = self._countries[country].region
        row = await self._store.row(
            "cases.crowd",
            specialty,
            country,
            [one.code for one in self._countries if one.region == region],
            [one.id for one in self._specialties.in_group(self._specialties[specialty].group)],
            pool=Pool.BACKGROUND,
        )
        crowd = Crowd(0, 0, 0, 0) if row is None else Crowd(row["country"], row["region"], row["specialty"], row["all"])
        if len(self._crowds) >= KEPT:
            self._crowds.clear()
        self._crowds[specialty, country] = (now, crowd)
        return crowd
