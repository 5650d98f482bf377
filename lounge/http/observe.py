"""One line in the log and one count for each request; a fault nobody foresaw is logged here, once, and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from starlette.requests import ClientDisconnect

from lounge.errors import Internal
from lounge.http.operation import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from lounge.clock import Clock
    from lounge.ids import Random
    from lounge.metrics import Metrics

log = structlog.get_logger(__name__)

CLIENT_GONE: Final = 499
"""What the log says where the client left before the answer (nginx's number for it)."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observe:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp, clock: Clock, random: Random, metrics: Metrics) -> None:
        """Take the application and where the request's number, duration and count come from and go."""
        self._app = app
        self._clock = clock
        self._random = random
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; connections of other kinds pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = self._random.randbytes(8).hex()
        started = self._clock.monotonic()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", number.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=number):
            try:
                await self._app(scope, receive, sending)
            except ClientDisconnect:
                status = status or CLIENT_GONE
            except Exception:
                log.exception("fault")
                if status == 0:
                    await error_response(Internal())(scope, receive, sending)
            self._record(scope, status, self._clock.monotonic() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.answered(method, route, status, seconds)
        log.info("http", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
