"""The pager over HTTP: a member's pages, the search for responders to a case, and the policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from msgspec import Meta, Struct

from lounge.clock import milliseconds
from lounge.errors import Forbidden, NotFound
from lounge.http.cursor import Limit, read_cursor, write_cursor
from lounge.http.operation import Answer, Call, Operation
from lounge.live.events import Urgency
from lounge.paging.escalations import Search
from lounge.paging.pages import Page, Reason
from lounge.paging.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lounge.clock import Clock
    from lounge.members.accounts import Member
    from lounge.paging.escalations import Escalations
    from lounge.paging.pages import Pages
    from lounge.paging.policies import Policies

OPEN_PAGES: Final = 100
"""How many open pages a feed begins with, at the most."""


class PagesQuery(Struct, frozen=True):
    """`open` true: those that wait for an answer or for your reply; false: those that are over. `cursor` from the page before."""

    open: bool | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Limit = 50


class PageList(Struct, frozen=True):
    """Your pages, the newest first; `time` is the server's, in milliseconds; `next` is null on the last page."""

    pages: list[Page]
    next: str | None
    time: int


class OnePage(Struct, frozen=True):
    """One page, as it stands."""

    page: Page


class Declining(Struct, frozen=True):
    """Why you do not take a case; the author is not told."""

    reason: Reason = "other"


class HandingOver(Struct, frozen=True):
    """To whom; without a handle, the next suitable member is asked."""

    handle: Annotated[str, Meta(max_length=32)] | None = None


class Received(Struct, frozen=True):
    """How far a page has got: on a device, or before somebody's eyes."""

    state: Literal["delivered", "seen"]


class OneSearch(Struct, frozen=True):
    """How the search for responders to a case stands."""

    search: Search


class PolicyList(Struct, frozen=True):
    """The policy of each urgency."""

    policies: dict[Urgency, Policy]


class PagerResource:
    """The resource."""

    def __init__(self, pages: Pages, escalations: Escalations, policies: Policies, clock: Clock) -> None:
        """Take the rules of pages, of searches, and the policies."""
        self._pages = pages
        self._escalations = escalations
        self._policies = policies
        self._clock = clock

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/pager/pages",
                name="pages",
                summary="Your pages, the newest first.",
                handle=self._list,
                query=PagesQuery,
                answers={200: PageList},
            ),
            Operation(
                method="GET",
                path="/api/v1/pager/pages/{id}",
                name="page",
                summary="One of your pages.",
                handle=self._one,
                answers={200: OnePage},
            ),
            self._answering("acknowledge", "Take a case: you will reply in its room.", self._acknowledge, None),
            self._answering("decline", "Say that you do not take a case.", self._decline, Declining),
            self._answering("hand-over", "Let somebody else be asked in your place.", self._hand_over, HandingOver),
            self._answering("received", "Say that a page has reached you.", self._received, Received),
            Operation(
                method="GET",
                path="/api/v1/cases/{id}/paging",
                name="search",
                summary="How the search for responders to your case stands.",
                handle=self._search,
                answers={200: OneSearch},
            ),
            self._steering("call-more", "Ask more people now.", self._call_more),
            self._steering("widen", "Ask farther afield now.", self._widen),
            self._steering("stand-down", "Ask nobody else.", self._stand_down),
            Operation(
                method="GET",
                path="/api/v1/pager/policies",
                name="policies",
                summary="Whom cases of each urgency ask, and when.",
                handle=self._all_policies,
                answers={200: PolicyList},
            ),
            Operation(
                method="POST",
                path="/api/v1/pager/policies/{urgency}",
                name="save_policy",
                summary="Change whom cases of an urgency ask: for operators.",
                handle=self._save_policy,
                body=Policy,
                answers={200: PolicyList},
            ),
        ]

    @staticmethod
    def _answering(
        path: str, summary: str, handle: Callable[[Call[Any, None]], Awaitable[Answer]], body: type[Struct] | None
    ) -> Operation:
        """Return an operation on a page: it needs no key, for asked twice it is done once."""
        return Operation(
            method="POST",
            path=f"/api/v1/pager/pages/{{id}}/{path}",
            name=f"{path.replace('-', '_')}_page",
            summary=summary,
            handle=handle,
            body=body,
            answers={200: OnePage},
        )

    @staticmethod
    def _steering(path: str, summary: str, handle: Callable[[Call[None, None]], Awaitable[Answer]]) -> Operation:
        return Operation(
            method="POST",
            path=f"/api/v1/cases/{{id}}/paging/{path}",
            name=f"{path.replace('-', '_')}_search",
            summary=summary,
            handle=handle,
            keyed=True,
            answers={200: OneSearch},
        )

    async def open_pages(self, member: Member) -> PageList:
        """Return a member's open pages, as a list of them says it: for the feed."""
        return await self._page_list(member, PagesQuery(open=True, limit=OPEN_PAGES))

    async def _page_list(self, member: Member, query: PagesQuery) -> PageList:
        before = None if query.cursor is None else read_cursor(query.cursor)
        found = await self._pages.of(member, open=query.open, before=before, limit=query.limit + 1)
        pages = found[: query.limit]
        following = write_cursor(pages[-1].id) if len(found) > query.limit else None
        return PageList(pages, following, milliseconds(self._clock.now()))

    async def _list(self, call: Call[None, PagesQuery]) -> Answer:
        return Answer(await self._page_list(call.member, call.query))

    async def _one(self, call: Call[None, None]) -> Answer:
        return Answer(OnePage(await self._pages.one(call.member, call.uuid("id"))))

    async def _acknowledge(self, call: Call[None, None]) -> Answer:
        return Answer(OnePage(await self._pages.acknowledge(call.member, call.uuid("id"))))

    async def _decline(self, call: Call[Declining, None]) -> Answer:
        return Answer(OnePage(await self._pages.decline(call.member, call.uuid("id"), call.body.reason)))

    async def _hand_over(self, call: Call[HandingOver, None]) -> Answer:
        return Answer(OnePage(await self._pages.hand_over(call.member, call.uuid("id"), call.body.handle)))

    async def _received(self, call: Call[Received, None]) -> Answer:
        return Answer(OnePage(await self._pages.received(call.member, call.uuid("id"), call.body.state)))

    async def _search(self, call: Call[None, None]) -> Answer:
        return Answer(OneSearch(await self._escalations.search(call.member, call.uuid("id"))))

    async def _call_more(self, call: Call[None, None]) -> Answer:
        return Answer(OneSearch(await self._escalations.call_more(call.member, call.uuid("id"), call.key)))

    async def _widen(self, call: Call[None, None]) -> Answer:
        return Answer(OneSearch(await self._escalations.widen(call.member, call.uuid("id"), call.key)))

    async def _stand_down(self, call: Call[None, None]) -> Answer:
        return Answer(OneSearch(await self._escalations.stand_down(call.member, call.uuid("id"), call.key)))

    async def _all_policies(self, _call: Call[Any, None]) -> Answer:
        return Answer(PolicyList(await self._policies.all()))

    async def _save_policy(self, call: Call[Policy, None]) -> Answer:
        if call.member.role != "operator":
            raise Forbidden("only an operator may change how cases are paged")
        urgency = call.request.path_params["urgency"]
        if urgency not in get_args(Urgency):
            raise NotFound
        await self._policies.save(call.member, urgency, call.body)
        return await self._all_policies(call)
