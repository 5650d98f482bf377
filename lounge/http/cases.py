"""Cases over HTTP: the list, one of them, and opening a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct, field

from lounge.cases import Case, Draft, Filters, Order, OwnLine
from lounge.clock import milliseconds
from lounge.endings import Correction, FollowUp, Resolution
from lounge.http.cursor import Limit, read_cursor, write_cursor
from lounge.http.operation import Answer, Call, Operation
from lounge.live.events import CaseState, Urgency

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lounge.cases import Cases
    from lounge.clock import Clock
    from lounge.endings import Endings


class CasesQuery(Struct, frozen=True):
    """What the list is narrowed to, its order, and the page: `cursor` from the page before in the same order.

    `order` waiting: the cases that nobody has answered, those that wait longest first.
    """

    state: Annotated[list[CaseState], Meta(max_length=5)] = field(default_factory=list)
    specialty: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=50)] = field(default_factory=list)
    urgency: Annotated[list[Urgency], Meta(max_length=4)] = field(default_factory=list)
    waiting: bool | None = None
    mine: bool | None = None
    followed: bool | None = None
    order: Order = "newest"
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Limit = 50


class CaseList(Struct, frozen=True):
    """The cases open to you, in the order asked for; `time` is the server's; `next` is null on the last page."""

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

    def __init__(self, cases: Cases, endings: Endings, clock: Clock) -> None:
        """Take the rules of cases, and of how they end."""
        self._cases = cases
        self._endings = endings
        self._clock = clock

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/cases",
                name="cases",
                summary="The cases open to you, newest or longest waiting first.",
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
            self._change("resolve", "Close a case with its outcome.", self._resolve, Resolution),
            self._change("reopen", "Open a resolved or withdrawn case again.", self._reopen, None),
            self._change("withdraw", "Take a case back.", self._withdraw, None),
            self._change(
                "corrections", "Change what you wrote; the former text is kept nowhere.", self._correct, Correction
            ),
            self._change("follow-ups", "Say what became of the patient.", self._follow_up, FollowUp),
            Operation(
                method="POST",
                path="/api/v1/cases/{id}/views",
                name="view_case",
                summary="Count that you looked at a case: once, and not your own.",
                handle=self._view,
                answers={204: None},
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

    @staticmethod
    def _change(
        path: str, summary: str, handle: Callable[[Call[Any, None]], Awaitable[Answer]], body: type[Struct] | None
    ) -> Operation:
        name = path.replace("-", "_").rstrip("s") + "_case"
        return Operation(
            method="POST",
            path=f"/api/v1/cases/{{id}}/{path}",
            name=name,
            summary=summary,
            handle=handle,
            body=body,
            keyed=True,
            answers={200: OneCase},
        )

    async def _list(self, call: Call[None, CasesQuery]) -> Answer:
        query = call.query
        filters = Filters(
            states=query.state or None,
            specialties=query.specialty or None,
            urgencies=query.urgency or None,
            waiting=True if query.order == "waiting" else query.waiting,
            mine=query.mine,
            followed=query.followed,
        )
        after = None if query.cursor is None else read_cursor(query.cursor)
        found = await self._cases.lines(call.member, filters, after, query.limit + 1, query.order)
        page = found[: query.limit]
        following = write_cursor(page[-1].id) if len(found) > query.limit else None
        return Answer(CaseList(page, following, milliseconds(self._clock.now())))

    async def _open(self, call: Call[Draft, None]) -> Answer:
        case, new = await self._cases.open(call.member, call.key, call.body)
        return Answer(OneCase(case), 201 if new else 200)

    async def _one(self, call: Call[Any, None]) -> Answer:
        return Answer(OneCase(await self._cases.one(call.member, call.uuid("id"))))

    async def _resolve(self, call: Call[Resolution, None]) -> Answer:
        await self._endings.resolve(call.member, call.uuid("id"), call.key, call.body)
        return await self._one(call)

    async def _reopen(self, call: Call[None, None]) -> Answer:
        await self._endings.reopen(call.member, call.uuid("id"), call.key)
        return await self._one(call)

    async def _withdraw(self, call: Call[None, None]) -> Answer:
        await self._endings.withdraw(call.member, call.uuid("id"), call.key)
        return await self._one(call)

    async def _correct(self, call: Call[Correction, None]) -> Answer:
        await self._endings.correct(call.member, call.uuid("id"), call.key, call.body)
        return await self._one(call)

    async def _follow_up(self, call: Call[FollowUp, None]) -> Answer:
        await self._endings.follow_up(call.member, call.uuid("id"), call.key, call.body)
        return await self._one(call)

    async def _view(self, call: Call[None, None]) -> Answer:
        await self._cases.view(call.member, call.uuid("id"))
        return Answer(status=204)

    async def _remove_drills(self, call: Call[None, None]) -> Answer:
        return Answer(Removed(await self._cases.remove_drills(call.member)))
