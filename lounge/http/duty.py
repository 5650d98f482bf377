"""The own duty over HTTP: when you can be paged, what for, and the switch that says you are on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from lounge.http.operation import Answer, Call, Operation
from lounge.paging.duties import Duty, DutyChange, Moment

if TYPE_CHECKING:
    from lounge.paging.duties import Duties


class Until(Struct, frozen=True):
    """Until when you are on call, in milliseconds; null: no longer, but for your weekly hours."""

    until: Moment | None


class DutyResource:
    """The resource."""

    def __init__(self, duties: Duties) -> None:
        """Take the duties."""
        self._duties = duties

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/pager/duty",
                name="duty",
                summary="When and for what you are paged.",
                handle=self._of,
                answers={200: Duty},
            ),
            Operation(
                method="POST",
                path="/api/v1/pager/duty",
                name="change_duty",
                summary="Change when and for what you are paged; by its version, so it needs no key.",
                handle=self._change,
                body=DutyChange,
                answers={200: Duty},
            ),
            Operation(
                method="POST",
                path="/api/v1/pager/on-call",
                name="switch_on_call",
                summary="Be on call until a time, or no longer; the same again is the same, so it needs no key.",
                handle=self._switch,
                body=Until,
                answers={200: Duty},
            ),
        ]

    async def _of(self, call: Call[None, None]) -> Answer:
        return Answer(await self._duties.of(call.member))

    async def _change(self, call: Call[DutyChange, None]) -> Answer:
        return Answer(await self._duties.change(call.member, call.body))

    async def _switch(self, call: Call[Until, None]) -> Answer:
        return Answer(await self._duties.on_call(call.member, call.body.until))
