"""`GET /api/v1/pager/feed`: a member's pages as server-sent events (the HTML standard, 9.2), to whatever can read HTTP.

Refused before it begins, as any request: 401 for a token or cookie that is not valid, 403 where another site's page asks,
429 where the member has too many connections open, 503 where the node is full. Then the connection is handed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct
from starlette.responses import Response

from lounge.errors import Busy, Unavailable
from lounge.http.operation import Answer, Call, Operation
from lounge.live.requests import EXTENSION, Requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection
    from starlette.types import Receive, Scope, Send

    from lounge.live.capacity import Capacity, Seat
    from lounge.live.wire import Live
    from lounge.paging.feed import Feeds

EVENT_STREAM: Final = "text/event-stream"
RETRY_SECONDS: Final = 5.0
_HEADERS: Final = {
    # As it is: the framework would add the character set, which the standard fixes.
    "content-type": EVENT_STREAM,
    "cache-control": "no-store",
    "connection": "close",
    # nginx would keep what it is sent until it has a page of it.
    "x-accel-buffering": "no",
}


class FeedQuery(Struct, frozen=True):
    """`after`: the last event's id, for programs that cannot set the header Last-Event-ID, which wins over it."""

    after: Annotated[str, Meta(max_length=64)] | None = None


class FeedResource:
    """The resource."""

    def __init__(self, feeds: Feeds, capacity: Capacity, check_origin: Callable[[HTTPConnection], None]) -> None:
        """Take the node's feeds and places; `check_origin` raises Forbidden where another site may be behind a request."""
        self._feeds = feeds
        self._capacity = capacity
        self._check_origin = check_origin

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/pager/feed",
                name="pager_feed",
                summary="Your pages as server-sent events: first those that are open, or what you missed, then live.",
                handle=self._serve,
                query=FeedQuery,
                answers={200: EVENT_STREAM},
            )
        ]

    async def _serve(self, call: Call[None, FeedQuery]) -> Answer:
        request = call.request
        # A page of another site could not read it, but would take up the member's connections.
        self._check_origin(request)
        if request.method == "HEAD":
            return Answer(b"", headers=_HEADERS)
        if not isinstance(request.scope.get("extensions", {}).get(EXTENSION), Requests):
            raise Unavailable("this server cannot hold a feed open: run it by `lounge serve`")
        feed = self._feeds.admit(call.credential)
        seat = self._capacity.enter()
        try:
            if seat is None:
                message = "all connections of this server are taken: try again"
                raise Busy(message, retry_after=RETRY_SECONDS)  # noqa: TRY301  counted out below
            await feed.prepare(request.headers.get("last-event-id") or call.query.after)
        except BaseException:
            feed.lost()
            if seat is not None:
                seat.leave()
            raise
        return Answer(FeedResponse(feed, seat))


class FeedResponse(Response):
    """Sends status and headers, then hands the connection over to what writes the body."""

    def __init__(self, feed: Live, seat: Seat) -> None:
        """Take the feed, prepared, and its place."""
        self.status_code = 200
        self.background = None
        self.init_headers(_HEADERS)
        self._feed = feed
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI's
        """Answer one request."""
        kept = False
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            # The offer is gone where the client is.
            requests = scope.get("extensions", {}).get(EXTENSION)
            if isinstance(requests, Requests):
                requests.hand_over(self._feed, self._seat.leave)
                kept = True
        finally:
            if not kept:
                self._feed.lost()
                self._seat.leave()
