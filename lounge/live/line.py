"""An open WebSocket as the session sees it: frames go from the transport to the session, without task or queue.

A line takes over the transport after the handshake and is all that an idle connection costs. It ends in one of four
ways: a closing handshake, the peer's refusal to finish one, a peer that broke the rules, or a transport that is gone.
Whatever it was, `Live.lost` is called once, and nothing waits for a peer without a deadline: `transport.close()` alone
would wait for a flush that a stalled peer never grants.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import structlog
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from lounge.live.inbound import Inbound

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.live.terms import Terms
    from lounge.live.wire import Live, Timer

log = structlog.get_logger(__name__)

PING: Final = b"\x89\x00"
REASON_BYTES: Final = 123
"""As much as fits beside the code in a close frame (RFC 6455, 5.5)."""


class Line(asyncio.Protocol):
    """One open connection; implements `Wire`."""

    __slots__ = (
        "_awaiting",
        "_connections",
        "_deaf",
        "_ending",
        "_held",
        "_inbound",
        "_leave",
        "_live",
        "_open",
        "_paused",
        "_terms",
        "_timer",
        "_transport",
    )

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
        self._inbound = Inbound(terms)
        self._held: deque[bytes] | None = None
        self._timer: Timer | None = None
        self._open = True
        self._paused = False
        self._awaiting = False
        self._deaf = False
        self._ending = False

    def take_over(self, early: bytes) -> None:
        """Begin: `early` is what the peer sent before it was accepted."""
        self._connections.add(self)
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(self._terms.high_water, self._terms.low_water)
        # The first ping comes early by chance, so that peers that came together are not all pinged together for ever.
        self._after(self._terms.ping_seconds * (1 + self._terms.fraction()) / 2, self._ping)
        self._opened()
        if early:
            self.data_received(early)

    def take_nothing(self) -> None:
        """Tell the session of a connection that was over before it began."""
        self._open = False
        self._ending = True
        self._opened()
        self.connection_lost(None)

    # For the session

    def write(self, frames: bytes) -> None:
        """Send whole frames."""
        if self._open:
            self._transport.write(frames)

    def buffered(self) -> int:
        """Return the bytes that the kernel has not taken."""
        return self._transport.get_write_buffer_size()

    def pause(self) -> None:
        """Stop reading; what was read already is held back too."""
        if self._open and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Deliver what was held back, then read again."""
        if not self._paused:
            return
        self._paused = False
        while self._held and self._open and not self._paused:
            self._deliver(self._held.popleft())
        if not self._held:
            self._held = None
        if not self._paused:
            self._transport.resume_reading()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; abort if the peer does not answer it in time."""
        if not self._open:
            return
        self._stop_delivery()
        if self._inbound.state is not State.OPEN:
            # The peer's close, or its offence, came in the very read that is being delivered: that is answered next.
            return
        short = reason.encode()[:REASON_BYTES].decode(errors="ignore")
        self._inbound.send_close(code, short)
        self._transport.write(b"".join(self._inbound.data_to_send()))
        self._after(self._terms.close_seconds, self.abort)

    def abort(self) -> None:
        """Drop the connection."""
        self._open = False
        self._ending = True
        self._cancel()
        self._transport.abort()

    # For the server

    async def drain(self) -> None:
        """Let the session finish, then close with 1012 at a random moment."""
        try:
            await self._live.drain()
        except Exception as error:  # noqa: BLE001  the others must still be drained
            self._fault(error)
        await self._terms.spread()
        self.shutdown()

    def shutdown(self) -> None:
        """Close because the server stops: what uvicorn calls."""
        self.close(CloseCode.SERVICE_RESTART, "the server restarts")

    # For the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Never called: the transport was made long before."""

    def data_received(self, data: bytes) -> None:
        """Take the peer's bytes."""
        if self._deaf:
            return
        if self._awaiting:
            # Any byte shows that the peer lives.
            self._awaiting = False
            self._after(self._terms.ping_seconds, self._ping)
        inbound = self._inbound
        inbound.receive_data(data)
        for message in inbound.taken():
            if not self._open:
                break
            if self._paused:
                self._hold(message)
            else:
                self._deliver(message)
        if inbound.ping is not None:
            self._pong(inbound.ping)
            inbound.ping = None
        if inbound.parser_exc is not None:
            self._refuse()
        elif inbound.close_rcvd is not None:
            self._closed_by_peer()

    def eof_received(self) -> None:
        """End: a WebSocket that cannot be asked for anything any more is of no use."""
        self._end()

    def pause_writing(self) -> None:
        """Nothing: the session asks for `buffered` itself."""

    def resume_writing(self) -> None:
        """Tell the session that the peer has read."""
        if self._open:
            try:
                self._live.drained()
            except Exception as error:  # noqa: BLE001  see _opened
                self._fault(error)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the interface's; why is of no matter
        """Tell the session, once."""
        self._open = False
        self._ending = True
        self._deaf = True
        self._cancel()
        self._connections.discard(self)
        try:
            self._live.lost()
        except Exception as error:  # noqa: BLE001  see _opened
            log.error("line.fault", error=type(error).__name__)  # noqa: TRY400  a traceback may quote what members say
        finally:
            self._leave()

    # Delivery

    def _opened(self) -> None:
        try:
            self._live.opened(self)
        except Exception as error:  # noqa: BLE001  a fault in one session must not reach the others
            self._fault(error)

    def _deliver(self, message: bytes) -> None:
        try:
            self._live.received(message)
        except Exception as error:  # noqa: BLE001  see _opened
            self._fault(error)

    def _hold(self, message: bytes) -> None:
        """Keep a message that came in one read with the one after which the session paused: at most that read."""
        if self._held is None:
            self._held = deque()
        self._held.append(message)

    def _stop_delivery(self) -> None:
        """From here on messages are dropped, but read: a close frame may stand behind them."""
        self._open = False
        self._awaiting = False
        self._held = None
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _fault(self, error: Exception) -> None:
        log.error("line.fault", error=type(error).__name__)
        self.close(CloseCode.INTERNAL_ERROR, "a fault of the server")

    # Keeping alive

    def _ping(self) -> None:
        self._awaiting = True
        self._transport.write(PING)
        self._after(self._terms.pong_seconds, self._silent)

    def _silent(self) -> None:
        """Abort a peer that did not answer, unless it is us who stopped listening: the session has its own deadlines."""
        if self._paused:
            self._awaiting = False
            self._after(self._terms.ping_seconds, self._ping)
        else:
            self.abort()

    def _pong(self, payload: bytes) -> None:
        # A peer that reads nothing gets no pongs either, else they would pile up.
        if not self._ending and self.buffered() <= self._terms.high_water:
            self._transport.write(Frame(Opcode.PONG, payload).serialize(mask=False))

    # Ending

    def _closed_by_peer(self) -> None:
        """Answer a close frame, or take the answer to ours; then the connection has no use left."""
        if self._ending:
            return
        self._transport.write(b"".join(self._inbound.data_to_send()))
        self._end()

    def _refuse(self) -> None:
        """Say why (the close frame is in the parser's output), and go on reading for a moment, dropping all.

        To close at once with bytes unread makes the kernel send a reset, which takes our close frame from the peer.
        """
        if self._ending:
            return
        self._stop_delivery()
        self._deaf = True
        self._transport.write(b"".join(self._inbound.data_to_send()))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._after(self._terms.linger_seconds, self.abort)

    def _end(self) -> None:
        """Close the transport, within a deadline for what the peer has still to read."""
        if self._ending:
            return
        self._open = False
        self._awaiting = False
        self._ending = True
        self._transport.close()
        self._after(self._terms.close_seconds, self.abort)

    def _after(self, seconds: float, callback: Callable[[], None]) -> None:
        """Arm the connection's one timer; what it was armed for before no longer matters."""
        self._cancel()
        self._timer = self._terms.later(seconds, callback)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
