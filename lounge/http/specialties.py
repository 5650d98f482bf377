"""The specialties that members and cases have: the same for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from lounge.http.operation import Answer, Call, Operation

if TYPE_CHECKING:
    from lounge.data import Specialties


class GroupLine(Struct, frozen=True):
    """A group of specialties, such as surgery."""

    id: str
    name: str


class SpecialtyLine(Struct, frozen=True):
    """One specialty and the group it belongs to."""

    id: str
    name: str
    group: str


class SpecialtyList(Struct, frozen=True):
    """All of them."""

    groups: list[GroupLine]
    specialties: list[SpecialtyLine]


class Catalogue:
    """The resource."""

    def __init__(self, specialties: Specialties) -> None:
        """Take the specialties in the order in which they are shown."""
        groups = [GroupLine(one.id, one.name) for one in specialties.groups]
        self._answer = Answer(SpecialtyList(groups, [SpecialtyLine(s.id, s.name, s.group) for s in specialties]))

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

    async def _list(self, _call: Call[None, None]) -> Answer:
        return self._answer
