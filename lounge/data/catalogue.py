"""The catalogue of specialties: what they are called and typed as, and how far they are from each other.

Ours comes along; an operator's own file of the same form replaces it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from lounge.reason import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FAR: Final = 4
"""The distance of a specialty to all of the groups that it is `far` from, where none nearer is given."""
MOST: Final = 150
"""Specialties at the most, and neighbours of one: what a page must fetch before it shows a name."""

Slug = Annotated[str, Meta(pattern=r"^[a-z-]{3,40}\Z")]
NuccCode = Annotated[str, Meta(pattern=r"^[0-9A-Z]{9}X\Z")]
Name = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,79}\Z")]
Synonym = Annotated[str, Meta(pattern=r"^[^\sA-Z\x00-\x1f\x7f][^A-Z\x00-\x1f\x7f]{1,39}\Z")]
Distance = Annotated[int, Meta(ge=1, le=3)]
Text = Annotated[str, Meta(min_length=1, max_length=400)]


class CatalogueError(Exception):
    """A catalogue of specialties cannot be used; the text names the place, by number or id, and quotes no text of it."""


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """A family of neighbouring specialties, such as surgery."""

    id: Slug
    name: Name


class Neighbour(Struct, frozen=True, forbid_unknown_fields=True):
    """Another specialty, and how far it is: 1 would normally answer the same question, 2 is a neighbour, 3 may help."""

    id: Slug
    distance: Distance


class Specialty(Struct, frozen=True, forbid_unknown_fields=True):
    """One specialty; `nucc` is its code in the NUCC Health Care Provider Taxonomy, `group` the id of its group.

    `synonyms` is what physicians type for it, in lower case. A pair of neighbours stands in `near` of either of the two, or
    alike in both. `far` names groups: to all of theirs that are not nearer this one is at distance 4.
    """

    id: Slug
    name: Name
    nucc: NuccCode
    group: Slug
    synonyms: Annotated[tuple[Synonym, ...], Meta(max_length=30)] = ()
    near: Annotated[tuple[Neighbour, ...], Meta(max_length=MOST)] = ()
    far: Annotated[tuple[Slug, ...], Meta(max_length=30)] = ()


class Specialties:
    """All specialties, by id and in the order of their groups; `id in specialties` tells whether there is one."""

    def __init__(self, source: str, groups: tuple[Group, ...], specialties: tuple[Specialty, ...]) -> None:
        """Take the source's name, the groups, and the specialties as they are listed; raise CatalogueError."""
        self.source = source
        self.groups = groups
        self.all = specialties
        self._by_id = {one.id: one for one in specialties}
        self._groups = {one.id: one for one in groups}
        self._check()
        self._distances = self._measured()
        order = {one.id: number for number, one in enumerate(specialties)}
        self._near = {
            one: sorted(others.items(), key=lambda other: (other[1], order[other[0]]))
            for one, others in self._distances.items()
        }

    def __contains__(self, specialty_id: object) -> bool:
        """Tell whether there is a specialty with this id."""
        return specialty_id in self._by_id

    def __iter__(self) -> Iterator[Specialty]:
        """Iterate over the specialties as they are listed."""
        return iter(self.all)

    def __len__(self) -> int:
        """Count the specialties."""
        return len(self.all)

    def __getitem__(self, specialty_id: str) -> Specialty:
        """Return the specialty with this id, or raise KeyError."""
        return self._by_id[specialty_id]

    def get(self, specialty_id: str) -> Specialty | None:
        """Return the specialty with this id, or None."""
        return self._by_id.get(specialty_id)

    def group_of(self, specialty_id: str) -> Group:
        """Return the group of the specialty with this id, or raise KeyError."""
        return self._groups[self._by_id[specialty_id].group]

    def in_group(self, group_id: str) -> tuple[Specialty, ...]:
        """Return the specialties of this group, or raise KeyError."""
        group = self._groups[group_id]
        return tuple(one for one in self.all if one.group == group.id)

    def distance(self, one: str, other: str) -> int | None:
        """Return how far two specialties are, the same both ways: 0 the same, 1 to 4, None where they are unrelated.

        An id that this catalogue does not have, such as one that members kept from another, is near itself alone.
        """
        return 0 if one == other else self._distances.get(one, {}).get(other)

    def near(self, specialty_id: str) -> list[tuple[str, int]]:
        """Return the id and distance of all that are related to this one, the nearest first; none where it is unknown."""
        return list(self._near.get(specialty_id, ()))

    def _check(self) -> None:
        """See that every id, and every name, which is how labels tell of it, means one thing and is there."""
        _once((one.id for one in self.groups), "groups", "id")
        _once((one.id for one in self.all), "specialties", "id")
        _once((one.name.casefold() for one in self.groups), "groups", "name")
        _once((one.name.casefold() for one in self.all), "specialties", "name")
        for one in self.all:
            _known(one.group, self._groups, f"{one.id}.group")
            for group in one.far:
                _known(group, self._groups, f"{one.id}.far")
            for number, synonym in enumerate(one.synonyms):
                if synonym != synonym.lower():
                    message = f"specialties: {one.id}.synonyms[{number}] has capital letters"
                    raise CatalogueError(message)
        if empty := [group.id for group in self.groups if not self.in_group(group.id)]:
            message = f"groups: {empty[0]} has no specialty"
            raise CatalogueError(message)

    def _measured(self) -> dict[str, dict[str, int]]:
        """Return all distances, both ways; raise CatalogueError where they contradict each other."""
        distances: dict[str, dict[str, int]] = {one.id: {} for one in self.all}
        for one in self.all:
            _once((other.id for other in one.near), f"specialties: {one.id}.near", "id")
            for other in one.near:
                _known(other.id, self._by_id, f"{one.id}.near")
                if other.id == one.id:
                    message = f"specialties: {one.id}.near names {one.id} itself"
                    raise CatalogueError(message)
                if distances[one.id].get(other.id, other.distance) != other.distance:
                    message = f"specialties: {one.id} and {other.id} give two distances to each other"
                    raise CatalogueError(message)
                distances[one.id][other.id] = distances[other.id][one.id] = other.distance
        for one in self.all:
            for other_id in (other.id for group in one.far for other in self.in_group(group) if other.id != one.id):
                distances[one.id].setdefault(other_id, FAR)
                distances[other_id].setdefault(one.id, FAR)
        return distances


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    source: Text
    distances: Text
    groups: Annotated[tuple[Group, ...], Meta(min_length=1, max_length=30)]
    specialties: Annotated[tuple[Specialty, ...], Meta(min_length=1, max_length=MOST)]


def catalogue_of(content: bytes) -> Specialties:
    """Return the specialties that a file of JSON holds; raise CatalogueError."""
    try:
        file = msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # Cut short: the name of a field that is unknown may be of any length.
        why = reason(error)[:160] if isinstance(error, msgspec.MsgspecError) else "not UTF-8"
        raise CatalogueError(why) from None
    return Specialties(file.source, file.groups, file.specialties)


def _once(values: Iterable[str], place: str, what: str) -> None:
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value in seen:
            message = f"{place}: the {what} of entry {number} (from 0) stands there before"
            raise CatalogueError(message)
        seen.add(value)


def _known(value: str, known: Iterable[str], place: str) -> None:
    if value not in known:
        message = f"specialties: {place} names {value}, which the file does not have"
        raise CatalogueError(message)
