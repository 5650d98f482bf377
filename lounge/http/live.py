"""`GET /live`: who may open a live connection, decided before the upgrade; then the session has it.

Refused before the upgrade: 503 where the node is full, 403 where another site's page asks, 400 without the subprotocol,
401 for a cookie or token that is not valid. A member with too many connections is let in and closed with 1013 at once:
a browser shows its page the code of a close, but not the status of a refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from starlette.routing import WebSocketRoute

from lounge.errors import BadRequest, Busy, Internal, LoungeError
from lounge.http.fallback import Relay
from lounge.http.operation import error_response
from lounge.live.gateway import EXTENSION, Gateway

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import HTTPConnection
    from starlette.websockets import WebSocket

    from lounge.live.capacity import Capacity
    from lounge.live.wire import Live, Wire
    from lounge.members.accounts import Credential

log = structlog.get_logger(__name__)

PATH: Final = "/live"
SUBPROTOCOL: Final = "lounge.v1+json"
CLOSE_TOO_MANY: Final = 1013
RETRY_SECONDS: Final = 5.0


class LiveEndpoint:
    """Lets connections in.

    `check_origin` raises Forbidden where another site may be behind a request; `authenticate` returns whose it is, None
    where it carries neither cookie nor token (`hello` must bring one then), and raises SignInNeeded where they are not
    valid; `room_for` says whether a member may open one more; `make_session` makes what drives the connection.
    """

    def __init__(
        self,
        *,
        capacity: Capacity,
        check_origin: Callable[[HTTPConnection], None],
        authenticate: Callable[[HTTPConnection], Awaitable[Credential | None]],
        room_for: Callable[[Credential], bool],
        make_session: Callable[[Credential | None], Live],
    ) -> None:
        """Take collaborators."""
        self._capacity = capacity
        self._check_origin = check_origin
        self._authenticate = authenticate
        self._room_for = room_for
        self._make_session = make_session

    def route(self) -> WebSocketRoute:
        """Return the route."""
        return WebSocketRoute(PATH, self.serve, name="live")

    async def serve(self, websocket: WebSocket) -> None:
        """Answer one request for a connection."""
        seat = self._capacity.enter()
        if seat is None:
            await _refuse(
                websocket, Busy("all connections of this server are taken: try again", retry_after=RETRY_SECONDS)
            )
            return
        kept = False
        try:
            credential = await self._admit(websocket)
            await websocket.accept(SUBPROTOCOL)
            live = self._live(credential)
            gateway = websocket.scope.get("extensions", {}).get(EXTENSION)
            if isinstance(gateway, Gateway):
                kept = True
                gateway.hand_over(live, seat.leave)
            else:
                await Relay(websocket, live).run()
        except _Refused as refused:
            await _refuse(websocket, refused.error)
        finally:
            if not kept:
                seat.leave()

    async def _admit(self, websocket: WebSocket) -> Credential | None:
        """Check in the order of cost: origin, subprotocol, who asks."""
        try:
            self._check_origin(websocket)
            _check_subprotocol(websocket)
            return await self._authenticate(websocket)
        except LoungeError as error:
            raise _Refused(error) from error
        except Exception as error:
            log.error("live.fault", error=type(error).__name__)  # noqa: TRY400  a traceback may quote the request
            raise _Refused(Internal()) from error

    def _live(self, credential: Credential | None) -> Live:
        if credential is not None and not self._room_for(credential):
            return _Refusal()
        return self._make_session(credential)


class _Refused(Exception):
    """A request is answered before the upgrade."""

    def __init__(self, error: LoungeError) -> None:
        """Take what to answer."""
        super().__init__()
        self.error = error


class _Refusal:
    """What drives a connection that is closed at once; implements `Live`."""

    def opened(self, wire: Wire) -> None:
        """Close."""
        wire.close(CLOSE_TOO_MANY, "too many connections of this member: close one first")

    def received(self, payload: bytes) -> None:
        """Nothing."""

    def drained(self) -> None:
        """Nothing."""

    def lost(self) -> None:
        """Nothing."""

    async def drain(self) -> None:
        """Nothing."""


def _check_subprotocol(websocket: WebSocket) -> None:
    if SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
        raise BadRequest(f"connect with the WebSocket subprotocol {SUBPROTOCOL}")


async def _refuse(websocket: WebSocket, error: LoungeError) -> None:
    """Answer before the upgrade, where the server can say more than 403."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(error_response(error))
    else:
        await websocket.close()
