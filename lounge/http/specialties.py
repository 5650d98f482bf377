"""The specialties that members and cases have: the same for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from lounge.http.operation import Answer, Call, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence


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


class Specialties:
    """The resource."""

    def __init__(self, groups: Sequence[GroupLine], specialties: Sequence[SpecialtyLine]) -> None:
        """Take the lists as they are shown."""
        self._answer = Answer(SpecialtyList(list(groups), list(specialties)))

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
