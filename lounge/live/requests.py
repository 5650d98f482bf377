"""HTTP/1.1 on uvicorn, with deadlines and bounds that it lacks, up to the hand-over of an upgrade or of an unending answer.

Its parser bounds neither the time nor the size of headers, drops what a client sends right behind an upgrade request,
and lets the upgrade happen while the answer to an earlier request is still being written.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lounge.live.gateway import Gateway
from lounge.live.unending import Unending

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.server import ServerState

    from lounge.live.listener import Configuration
    from lounge.live.wire import Live, Timer

EXTENSION: Final = "lounge.requests"
"""Where the ASGI scope of a request offers its connection, under `extensions`."""
HEADER_OVERHEAD: Final = 32
"""What each header counts beside its bytes, so that many empty ones are bounded too (as in RFC 9113, 6.5.2)."""


class Requests(HttpToolsProtocol):
    """One connection that speaks HTTP."""

    config: Configuration

    def __init__(
        self,
        config: Configuration,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Take what uvicorn gives to every protocol."""
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False
        self._terms = config.terms
        self._timer: Timer | None = None
        self._waiting = True
        """Whether the headers of the next request are not complete."""
        self._begun = False
        """Whether a byte of that request has come."""
        self._fed = 0
        """Bytes read of headers that are not complete: the parser keeps them where we cannot see them."""
        self._parsed = 0
        """Bytes of the headers parsed so far."""
        self._ended = False
        """Whether a request ended in the current read."""
        self._too_large = False
        self._refused = False
        self._answered: RequestResponseCycle | None = None
        """The request that the application answers now; others may wait behind it."""

    # For the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        """Wait for a request, but not for ever; keep none that is one too many."""
        super().connection_made(transport)
        if len(self.connections) > self._terms.connections:
            transport.abort()
            return
        self._after(self._terms.header_seconds, self._late)

    def data_received(self, data: bytes) -> None:
        """Parse."""
        if self._refused or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self._waiting and not self._begun:
            self._begin()
        self._ended = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            if self._too_large:
                self._refuse_headers()
            else:
                self.send_400_response("this is not a valid HTTP/1.1 request")
        else:
            if self._waiting and not self._ended:
                self._fed += len(data)
                if self._fed > self._terms.header_bytes:
                    self._refuse_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting; what refers to this object from its own request is cut, so that all goes at once."""
        self._cancel()
        super().connection_lost(exc)
        if self._answered is not None:
            self._answered.disconnected = True
        self._withdraw_offer()

    # For the application

    def hand_over(self, live: Live, leave: Callable[[], None]) -> None:
        """Give the connection, on which status and headers of an answer were sent, to `live`; `leave` is called in the end.

        Raise RuntimeError where they were not. A peer that is gone already is told as any other: opened, lost.
        """
        cycle = self._answered
        if cycle is None or not (cycle.disconnected or (cycle.response_started and cycle.chunked_encoding)):
            message = "send status and headers first, then hand over, once"
            raise RuntimeError(message)
        # The endpoint returns without an end of its answer, which is right where nobody waits for one there.
        cycle.disconnected = True
        self.pipeline.clear()
        self.flow.resume_reading()
        self.connections.discard(self)
        self._cancel()
        unending = Unending(self._terms, self.transport, live, self.connections, leave)
        # The parser, the scope and the requests refer to this object, and it to them: cut, so that all go at once.
        self.parser = None  # type: ignore[assignment]  # as the base class ends, too
        self._withdraw_offer()
        self._answered = None
        unending.take_over()

    def _withdraw_offer(self) -> None:
        """Offer this connection no more to the requests that may hold it: the one that is answered, and the last one."""
        for scope in (self.scope, None if self._answered is None else self._answered.scope):
            if scope is not None:
                scope["extensions"] = {}

    # For the parser

    def on_message_begin(self) -> None:
        """Start the deadline of a request that came right behind another."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self}  # type: ignore[dict-item]  # uvicorn's own are dictionaries
        if not self._begun:
            self._begin()

    def on_url(self, url: bytes) -> None:
        """Count, then keep."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count, then keep."""
        self._count(len(name) + len(value) + HEADER_OVERHEAD)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the application; the body has a deadline of its own there."""
        self._waiting = False
        self._cancel()
        super().on_headers_complete()
        if len(self.pipeline) > self._terms.pipelined:
            # One read holds thousands of small requests, each of which costs a hundred times its bytes.
            raise ValueError

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        self._waiting = True
        self._begun = False
        self._ended = True
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            # Answered before its end: the base class began to wait for the next request, and stopped at these bytes.
            self._after(self.timeout_keep_alive, self._late)

    def on_response_complete(self) -> None:
        """Read what is left of a body that was refused, for a moment: a reset would take the answer from the peer."""
        super().on_response_complete()
        if not self._waiting and not self.pipeline and not self.transport.is_closing():
            self._after(self._terms.linger_seconds, self.transport.abort)

    # Upgrade

    def _upgrade(self, rest: bytes) -> None:
        """Hand the transport to the gateway, with what the client sent behind its request."""
        if not self._should_upgrade():
            # HTTP/1.1 lets a server ignore a protocol it does not speak (RFC 9110, 7.8); the parser stops here, though.
            if self.cycle is not None:
                self.cycle.keep_alive = False
            return
        if self.pipeline or (self.cycle is not None and not self.cycle.response_complete):
            self.transport.abort()
            return
        self.connections.discard(self)
        lines = [self.scope["method"].encode(), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.scope["headers"]:
            lines += [name, b": ", value, b"\r\n"]
        lines.append(b"\r\n")
        gateway = Gateway(self._terms, self.config, self.server_state, self.app_state)
        gateway.connection_made(self.transport)
        self.transport.set_protocol(gateway)
        gateway.data_received(b"".join(lines))
        if rest:
            gateway.data_received(rest)
        # The parser holds this object, which holds the parser: cut, so that both go at once.
        self.parser = None  # type: ignore[assignment]  # as the base class ends, too

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Note which request is answered: `cycle` of the base class is the last one that came."""
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    # Refusals

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg, retry=False)

    def _refuse_headers(self) -> None:
        message = f"the headers of a request take at most {self._terms.header_bytes} bytes"
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message, retry=False)

    def _late(self) -> None:
        """End a connection whose request did not come, or did not end, in time."""
        if self._begun:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "the headers did not arrive in time", retry=True)
        else:
            self.transport.abort()

    def _refuse(self, status: HTTPStatus, message: str, *, retry: bool) -> None:
        """Answer without the application, and end the connection; abort it where another answer is under way."""
        if self._refused:
            return
        self._refused = True
        if self.pipeline or (self.cycle is not None and not self.cycle.response_complete):
            self.transport.abort()
            return
        body = msgspec.json.encode({"error": {"code": "bad_request", "message": message, "retry": retry}})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
            f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._after(self._terms.linger_seconds, self.transport.abort)

    def _begin(self) -> None:
        self._begun = True
        self._fed = self._parsed = 0
        self._too_large = False
        self._after(self._terms.header_seconds, self._late)

    def _count(self, size: int) -> None:
        """Hold one read, however long, to the bound as well; raise ValueError, at which the parser stops."""
        self._parsed += size
        if self._parsed > self._terms.header_bytes:
            self._too_large = True
            raise ValueError

    def _after(self, seconds: float, callback: Callable[[], None]) -> None:
        self._cancel()
        self._timer = self._terms.later(seconds, callback)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
