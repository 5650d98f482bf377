"""The specialties that members and cases have: the same for everybody."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

from lounge.data.catalogue import FAR
from lounge.http.operation import Answer, Call, Operation

if TYPE_CHECKING:
    from lounge.data import Specialties


class GroupLine(Struct, frozen=True):
    """A group of specialties, such as surgery."""

    id: str
    name: str


class NeighbourLine(Struct, frozen=True):
    """Another specialty, and how far it is: from 1, which would normally answer the same question, to 3, which may help."""

    id: str
    distance: int


class SpecialtyLine(Struct, frozen=True):
    """One specialty, the group it belongs to, what is typed for it, its neighbours, the nearest first.

    `far` names groups: all of theirs that are not among its neighbours are at distance 4 of it, both ways.
    """

    id: str
    name: str
    group: str
    synonyms: tuple[str, ...]
    near: list[NeighbourLine]
    far: tuple[str, ...]


class SpecialtyList(Struct, frozen=True):
    """All of them."""

    groups: list[GroupLine]
    specialties: list[SpecialtyLine]


class Catalogue:
    """The resource."""

    def __init__(self, specialties: Specialties) -> None:
        """Take the specialties in the order in which they are shown."""
        groups = [GroupLine(one.id, one.name) for one in specialties.groups]
        lines = [
            SpecialtyLine(
                one.id,
                one.name,
                one.group,
                one.synonyms,
                [NeighbourLine(other, distance) for other, distance in specialties.near(one.id) if distance < FAR],
                one.far,
            )
            for one in specialties
        ]
        plain = msgspec.json.encode(SpecialtyList(groups, lines))
        headers = {"vary": "accept-encoding"}
        self._plain = Answer(Raw(plain), headers=headers)
        # Every first view waits for it. What is Raw goes out as it is; mtime 0: the same bytes on every node.
        self._packed = Answer(Raw(gzip.compress(plain, mtime=0)), headers={**headers, "content-encoding": "gzip"})

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/specialties",
                name="specialties",
                summary="The specialties that members and cases have.",
                handle=self._list,
                answers={200: SpecialtyList},
                signed_in=False,
                cache="public, max-age=3600",
            )
        ]

    async def _list(self, call: Call[None, None]) -> Answer:
        return self._packed if "gzip" in call.request.headers.get("accept-encoding", "") else self._plain
