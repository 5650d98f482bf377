"""A proxy that harms what passes: it cuts, delays, delivers halves, and swallows answers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHUNK: Final = 64 * 1024
ESTABLISHED_WITHIN: Final = 5.0

_FIELDS: Final = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
STARTING: Final = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS
"""ErrorResponse of PostgreSQL's protocol (its documentation, "Message Formats") with SQLSTATE 57P03, cannot_connect_now."""

Address = Path | int
"""A Unix socket, or a port of 127.0.0.1."""


class Pair:
    """One client's connection, and ours to the server on its behalf."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self._near, self._far = near, far

    def cut(self) -> None:
        """Break both without a word."""
        self._near.transport.abort()
        self._far.transport.abort()


class Proxy:
    """Passes bytes on, and does harm when told to."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._pairs: set[Pair] = set()
        self.delay = 0.0
        """Seconds by which each chunk is late, in both directions."""
        self.refuse = False
        """Whether new connections are broken at once."""
        self.deaf = False
        """Whether the next answers are swallowed, and their connections cut: what was asked for may have been done."""
        self.starting = False
        """Whether new connections are answered as PostgreSQL does while it recovers."""
        self.halve = False
        """Whether the next chunks are delivered by half, and their connections cut."""

    def cut(self) -> None:
        """Break every connection."""
        for pair in list(self._pairs):
            pair.cut()

    def heal(self) -> None:
        """Do no harm any more."""
        self.delay, self.refuse, self.deaf, self.halve, self.starting = 0.0, False, False, False, False

    @property
    def connections(self) -> int:
        """How many connections pass through."""
        return len(self._pairs)

    async def accept(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        """Carry one client's connection until either side ends."""
        if self.starting:
            await reader.read(CHUNK)
            near.write(STARTING)
            near.close()
            return
        try:
            async with asyncio.timeout(ESTABLISHED_WITHIN):
                answers, far = await self._reach()
        except (OSError, TimeoutError):
            near.transport.abort()
            return
        pair = Pair(near, far)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, far, pair, answers=False))
                both.create_task(self._carry(answers, near, pair, answers=True))
        finally:
            self._pairs.discard(pair)
            pair.cut()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.refuse:
            raise ConnectionRefusedError
        if isinstance(self._server, Path):
            return await asyncio.open_unix_connection(str(self._server))
        return await asyncio.open_connection("127.0.0.1", self._server)

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, pair: Pair, *, answers: bool
    ) -> None:
        try:
            while chunk := await source.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if answers and self.deaf:
                    pair.cut()
                    return
                if self.halve and len(chunk) > 1:
                    sink.write(chunk[: len(chunk) // 2])
                    await sink.drain()
                    await asyncio.sleep(0.01)
                    pair.cut()
                    return
                sink.write(chunk)
                await sink.drain()
            sink.write_eof()
        except (OSError, RuntimeError):
            pair.cut()


@asynccontextmanager
async def proxied(server: Address, at: Address = 0) -> AsyncIterator[tuple[Proxy, int]]:
    """Run a proxy; yield it, and the port where it listens (0 for a Unix socket)."""
    proxy = Proxy(server)
    if isinstance(at, Path):
        listening = await asyncio.start_unix_server(proxy.accept, str(at), limit=2 * CHUNK)
        port = 0
    else:
        listening = await asyncio.start_server(proxy.accept, "127.0.0.1", at, limit=2 * CHUNK)
        port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy, port
    finally:
        listening.close()
        proxy.refuse = True
        while proxy.connections:
            proxy.cut()
            await asyncio.sleep(0.01)
