"""The pulse over HTTP: how soon cases are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from lounge.http.operation import Answer, Call, Operation
from lounge.paging.pulse import Figures

if TYPE_CHECKING:
    from lounge.paging.pulse import Pulse


class PulseQuery(Struct, frozen=True):
    """Of how many days."""

    days: Annotated[int, Meta(ge=1, le=365)] = 30


class PulseResource:
    """The resource."""

    def __init__(self, pulse: Pulse) -> None:
        """Take what takes the pulse."""
        self._pulse = pulse

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/pulse",
                name="pulse",
                summary="How soon cases are answered, what waits, and when members are on call.",
                handle=self._read,
                query=PulseQuery,
                answers={200: Figures},
            )
        ]

    async def _read(self, call: Call[None, PulseQuery]) -> Answer:
        return Answer(await self._pulse.figures(call.member, call.query.days))
