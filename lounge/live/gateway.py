"""The opening handshake of WebSocket on uvicorn, up to the moment when the connection is handed over to its session.

uvicorn and the `websockets` library negotiate; the ASGI endpoint decides who may come in. It accepts, calls
`hand_over` and returns; from then on a `Line` owns the transport, and this object and the endpoint's task are garbage.
What the base class does with an open connection (queue, keep-alive, closing, shutdown) is never reached, on purpose: it
waits for a flush without a deadline wherever it closes, and shutting down raises where the peer closed first.

Only a connection that is handed over carries messages: an endpoint that accepts and then returns, or asks for messages,
has its connection aborted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import structlog
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from lounge.live.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn._types import ASGIReceiveEvent
    from uvicorn.config import Config
    from uvicorn.server import ServerState
    from websockets.http11 import Request

    from lounge.live.terms import Terms
    from lounge.live.wire import Live, Timer

log = structlog.get_logger(__name__)

EXTENSION: Final = "lounge.gateway"
"""Where the ASGI scope of a WebSocket offers the gateway, under `extensions`."""


class Gateway(WebSocketsSansIOProtocol):
    """One handshake."""

    def __init__(self, terms: Terms, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        """Take the terms for the connection beside what uvicorn gives to every protocol."""
        super().__init__(config, server_state, app_state)
        self._terms = terms
        self._early = bytearray()
        self._reading = True
        self._handed_over = False
        self._gone = False
        self._timer: Timer | None = None

    def hand_over(self, live: Live, leave: Callable[[], None]) -> None:
        """Give the accepted connection to `live`; `leave` is called when it is over.

        Raise RuntimeError where it was not accepted. A peer that is gone already is told as any other: opened, lost.
        """
        if self._handed_over or not (self.handshake_complete or self.transport.is_closing()):
            message = "accept first, then hand over, once"
            raise RuntimeError(message)
        self._handed_over = True
        self.connections.discard(self)
        # The parser of the handshake holds request and headers in a circle of references: cut, so that both go at once.
        self.conn.parser.close()
        line = Line(self._terms, self.transport, live, self.connections, leave)
        early, self._early = bytes(self._early), bytearray()
        if self._gone:
            # The transport of uvloop refuses whatever is asked of it by now.
            line.take_nothing()
            return
        if not self._reading:
            self.transport.resume_reading()
        line.take_over(early)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the endpoint that the peer left before it was handed over."""
        self._gone = True
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the request; keep what comes after it, in order, until the connection is handed over."""
        if not self.handshake_initiated:
            super().data_received(data)
            if not self.handshake_initiated:
                self._refuse_request()
            return
        self._early += data
        if len(self._early) >= self._terms.early_bytes and self._reading:
            self._reading = False
            self.transport.pause_reading()

    def handle_connect(self, event: Request) -> None:
        """Start the endpoint, and offer it the gateway."""
        super().handle_connect(event)
        if self.response.status_code == 101:  # noqa: PLR2004  Switching Protocols
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    async def run_asgi(self) -> None:
        """Run the endpoint; leave the transport alone where it was handed over."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except asyncio.CancelledError:
            if not self._handed_over:
                self.transport.abort()
            raise
        except Exception as error:  # noqa: BLE001  there is nobody above who could answer
            log.error("gateway.fault", error=type(error).__name__)  # noqa: TRY400  a traceback may quote the request
        if self._handed_over:
            return
        if self.handshake_complete and not self.close_sent:
            self.transport.abort()
            return
        self.send_500_response()
        self._end()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the endpoint's next event of the handshake; messages come after the hand-over alone."""
        if self.handshake_complete and not self.disconnected and self.queue.empty():
            message = "this server hands connections over: messages go to the session"
            raise RuntimeError(message)
        return await super().receive()

    def send_500_response(self) -> None:
        """Answer a handshake that nobody answered, if there is still somebody to read it."""
        if not self.transport.is_closing():
            super().send_500_response()

    def start_keepalive(self) -> None:
        """Nothing: the line does it, from the hand-over on."""

    def shutdown(self) -> None:
        """Refuse a handshake under way because the server stops: it may be tried again, here or elsewhere."""
        if not self.handshake_complete and self.initial_response is None and not self.transport.is_closing():
            self.handshake_complete = self.close_sent = self.disconnected = True
            self.conn.send_response(self.conn.reject(503, "the server restarts: try again\n"))
            self.transport.write(b"".join(self.conn.data_to_send()))
        self._end()

    def _refuse_request(self) -> None:
        """Answer a request that the library cannot parse (the base class would leave the socket open for ever)."""
        output = b"".join(self.conn.data_to_send())
        self.transport.write(output or b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.handshake_complete = self.close_sent = self.disconnected = True
        self._end()

    def _end(self) -> None:
        """Close, within a deadline for what the peer has still to read."""
        self.transport.close()
        if self._timer is None and not self._gone:
            self._timer = self._terms.later(self._terms.linger_seconds, self.transport.abort)
