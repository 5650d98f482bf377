"""Cases over HTTP: the list, one of them, and opening a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct, field

from lounge.cases import Case, Draft, Filters, OwnLine, Urgency
from lounge.clock import milliseconds
from lounge.http.cursor import Limit, read_cursor, write_cursor
from lounge.http.operation import Answer, Call, Operation

if TYPE_CHECKING:
    from lounge.cases import Cases
    from lounge.clock import Clock


class CasesQuery(Struct, frozen=True):
    """What the list is narrowed to, and the page: `cursor` from the page before."""

    state: Literal["open", "closed"] | None = None
    specialty: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=50)] = field(default_factory=list)
    urgency: Annotated[list[Urgency], Meta(max_length=4)] = field(default_factory=list)
    waiting: bool | None = None
    mine: bool | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Limit = 50


class CaseList(Struct, frozen=True):
    """The cases open to you, newest first; `time` is the server's; `next` is null on the last page."""

    cases: list[OwnLine]
    next: str | None
    time: int


class OneCase(Struct, frozen=True):
    """A whole case."""

    case: Case


class Removed(Struct, frozen=True):
    """How many there were."""

    removed: int


class CasesResource:
    """The resource."""

    def __init__(self, cases: Cases, clock: Clock) -> None:
        """Take the rules of cases."""
        self._cases = cases
        self._clock = clock

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/cases",
                name="cases",
                summary="The cases open to you, newest first.",
                handle=self._list,
                query=CasesQuery,
                answers={200: CaseList},
            ),
            Operation(
                method="POST",
                path="/api/v1/cases",
                name="open_case",
                summary="Open a case and its room.",
                handle=self._open,
                body=Draft,
                keyed=True,
                answers={200: OneCase, 201: OneCase},
            ),
            Operation(
                method="GET",
                path="/api/v1/cases/{id}",
                name="case",
                summary="One case, whole.",
                handle=self._one,
                answers={200: OneCase},
            ),
            Operation(
                method="DELETE",
                path="/api/v1/drills",
                name="remove_drills",
                summary="Remove the drill cases that you opened, with all that was written in them.",
                handle=self._remove_drills,
                answers={200: Removed},
            ),
        ]

    async def _list(self, call: Call[None, CasesQuery]) -> Answer:
        query = call.query
        filters = Filters(query.state, query.specialty or None, query.urgency or None, query.waiting, query.mine)
        before = None if query.cursor is None else read_cursor(query.cursor)
        found = await self._cases.lines(call.member, filters, before, query.limit + 1)
        page = found[: query.limit]
        following = write_cursor(page[-1].id) if len(found) > query.limit else None
        return Answer(CaseList(page, following, milliseconds(self._clock.now())))

    async def _open(self, call: Call[Draft, None]) -> Answer:
        case, new = await self._cases.open(call.member, call.key, call.body)
        return Answer(OneCase(case), 201 if new else 200)

    async def _one(self, call: Call[None, None]) -> Answer:
        return Answer(OneCase(await self._cases.one(call.member, call.uuid("id"))))

    async def _remove_drills(self, call: Call[None, None]) -> Answer:
        return Answer(Removed(await self._cases.remove_drills(call.member)))
