"""A session's connection under a server that is not ours: plain ASGI messages, with a queue that has a bound.

It costs two tasks and a queue for each connection, and the server's own closing and keep-alive apply. `drain` is not
called: such a server closes its connections itself when it stops.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

import structlog
from starlette.websockets import WebSocketDisconnect

from lounge.live.frames import payloads

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message
    from starlette.websockets import WebSocket

    from lounge.live.wire import Live

log = structlog.get_logger(__name__)

BUFFER_BYTES: Final = 1024 * 1024
"""Bytes that wait for the server to take them, above which the connection is dropped."""
LOW_BYTES: Final = 64 * 1024
FRAME_BYTES: Final = 256 * 1024

UNSUPPORTED: Final = 1003
TOO_BIG: Final = 1009
FAULT: Final = 1011


class Relay:
    """One accepted connection; implements `Wire`."""

    def __init__(self, websocket: WebSocket, live: Live) -> None:
        """Take the connection and its session."""
        self._websocket = websocket
        self._live = live
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._work = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._closing: tuple[int, str] | None = None
        self._over = False
        self._owner: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Carry messages until the connection is over."""
        try:
            async with asyncio.TaskGroup() as group:
                self._owner = group.create_task(self._read(), name="relay-read")
                writer = group.create_task(self._send(), name="relay-send")
                self._guarded(self._live.opened, self)
                self._owner.add_done_callback(lambda _: writer.cancel())
                writer.add_done_callback(lambda _: self._owner and self._owner.cancel())
        finally:
            self._over = True
            self._live.lost()

    # For the session

    def write(self, frames: bytes) -> None:
        """Send whole frames."""
        if self._over or self._closing is not None:
            return
        if self._size + len(frames) > BUFFER_BYTES:
            self.abort()
            return
        self._queue.append(frames)
        self._size += len(frames)
        self._work.set()

    def buffered(self) -> int:
        """Return the bytes that the server has not taken."""
        return self._size

    def pause(self) -> None:
        """Stop reading."""
        self._reading.clear()

    def resume(self) -> None:
        """Read again."""
        self._reading.set()

    def close(self, code: int, reason: str) -> None:
        """Close when all is sent."""
        if self._closing is None:
            self._closing = (code, reason)
            self._work.set()

    def abort(self) -> None:
        """Leave: the server drops what its application leaves."""
        self._over = True
        if self._owner is not None:
            self._owner.cancel()

    # Both directions

    async def _read(self) -> None:
        while True:
            await self._reading.wait()
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if self._closing is None:
                self._take(message)

    def _take(self, message: Message) -> None:
        text = message.get("text")
        if text is None:
            self.close(UNSUPPORTED, "send text")
            return
        payload = text.encode()
        if len(payload) > FRAME_BYTES:
            self.close(TOO_BIG, f"a message takes at most {FRAME_BYTES} bytes")
            return
        self._guarded(self._live.received, payload)

    async def _send(self) -> None:
        try:
            while True:
                while self._queue:
                    await self._send_one(self._queue.popleft())
                if self._closing is not None:
                    await self._websocket.close(*self._closing)
                    return
                self._work.clear()
                await self._work.wait()
        except WebSocketDisconnect:
            return

    async def _send_one(self, frames: bytes) -> None:
        for payload in payloads(frames):
            await self._websocket.send_text(payload.decode())
        before = self._size
        self._size -= len(frames)
        if before >= LOW_BYTES > self._size and not self._over:
            self._guarded(self._live.drained)

    def _guarded(self, call: Callable[..., None], *arguments: object) -> None:
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001  a fault in one session must not reach the others
            log.error("relay.fault", error=type(error).__name__)  # noqa: TRY400  a traceback may quote what members say
            self.close(FAULT, "a fault of the server")
