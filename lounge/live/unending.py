"""An HTTP answer without an end (server-sent events) as its session sees it: without task or queue, as a `Line` is.

It takes over the transport once the application has sent status and headers. What is written goes out as chunks (RFC 9112,
7.1). Nothing waits for a peer without a deadline, and `Live.lost` is called once, whatever ended it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.live.terms import Terms
    from lounge.live.wire import Live, Timer

log = structlog.get_logger(__name__)

LAST_CHUNK: Final = b"0\r\n\r\n"


class Unending(asyncio.Protocol):
    """One answer under way; implements `Wire`."""

    __slots__ = ("_connections", "_leave", "_live", "_open", "_terms", "_timer", "_transport")

    def __init__(
        self,
        terms: Terms,
        transport: asyncio.Transport,
        live: Live,
        connections: set[Any],
        leave: Callable[[], None],
    ) -> None:
        """Take the transport and its session; `connections` is the server's list, `leave` is called in the end."""
        self._terms = terms
        self._transport = transport
        self._live = live
        self._connections = connections
        self._leave = leave
        self._timer: Timer | None = None
        self._open = True

    def take_over(self) -> None:
        """Begin, or tell the session of a connection that was over before it began."""
        if self._transport.is_closing():
            self._open = False
            self._guarded(self._live.opened, self)
            self.connection_lost(None)
            return
        self._connections.add(self)
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(self._terms.high_water, self._terms.low_water)
        self._guarded(self._live.opened, self)

    # For the session

    def write(self, frames: bytes) -> None:
        """Send bytes of the body as one chunk; nothing where there are none, since an empty chunk is the last."""
        if self._open and frames:
            self._transport.write(b"%x\r\n%b\r\n" % (len(frames), frames))

    def buffered(self) -> int:
        """Return the bytes that the kernel has not taken."""
        return self._transport.get_write_buffer_size()

    def pause(self) -> None:
        """Nothing: what a peer sends meanwhile is dropped."""

    def resume(self) -> None:
        """Nothing, as above."""

    def close(self, code: int, reason: str) -> None:  # noqa: ARG002  an answer has no code at its end
        """End the body, then the connection: abort if the peer does not read what it was sent in time."""
        if not self._open:
            return
        self._open = False
        self._transport.write(LAST_CHUNK)
        self._transport.close()
        self._timer = self._terms.later(self._terms.close_seconds, self.abort)

    def abort(self) -> None:
        """Drop the connection."""
        self._open = False
        self._cancel()
        self._transport.abort()

    # For the server

    async def drain(self) -> None:
        """Let the session finish, then close at a random moment."""
        try:
            await self._live.drain()
        except Exception as error:  # noqa: BLE001  the others must still be drained
            self._fault(error)
        await self._terms.spread()
        self.shutdown()

    def shutdown(self) -> None:
        """Close because the server stops."""
        self.close(0, "")

    # For the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Never called: the transport was made long before."""

    def data_received(self, data: bytes) -> None:
        """Drop what comes: no other request can be answered on this connection."""

    def eof_received(self) -> None:
        """End: a client that closes its side is gone."""

    def pause_writing(self) -> None:
        """Nothing: the session asks for `buffered` itself."""

    def resume_writing(self) -> None:
        """Tell the session that the peer has read."""
        if self._open:
            self._guarded(self._live.drained)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the interface's; why is of no matter
        """Tell the session, once."""
        self._open = False
        self._cancel()
        self._connections.discard(self)
        try:
            self._guarded(self._live.lost)
        finally:
            self._leave()

    def _guarded(self, call: Callable[..., None], *arguments: object) -> None:
        """Call the session: a fault in one must not reach the others."""
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001  see above
            self._fault(error)

    def _fault(self, error: Exception) -> None:
        log.error("unending.fault", error=type(error).__name__)
        if self._open:
            self.abort()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
