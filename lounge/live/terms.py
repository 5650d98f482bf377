"""The bounds and deadlines under which the gateway and the listener deal with peers."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from lounge.ids import Random
from lounge.live.wire import Later


class Terms(Struct, frozen=True, kw_only=True):
    """Bounds in bytes, deadlines in seconds; `later` and `random` bring time and jitter."""

    later: Later
    random: Random

    message_bytes: int = 256 * 1024
    """A longer message closes the connection with 1009."""
    fragments: int = 256
    """A message in more frames closes the connection with 1008: each costs us more than it costs the peer."""
    high_water: int = 256 * 1024
    low_water: int = 64 * 1024
    """The session learns of `drained` when what is buffered falls below this after it was above `high_water`."""
    early_bytes: int = 64 * 1024
    """Bytes kept of what a peer sends before it was accepted; beyond them it is not read."""

    connections: int = 25_000
    """All connections of a node, HTTP included; more are dropped as they come."""
    pipelined: int = 16
    """Requests that wait on one connection for the answer to the one before; more abort it."""
    header_seconds: float = 10.0
    """From the first byte of a request to the end of its headers, and from the connection to that first byte."""
    header_bytes: int = 64 * 1024
    ping_seconds: float = 20.0
    pong_seconds: float = 20.0
    """Without a byte from the peer so long after a ping, the connection is aborted."""
    close_seconds: float = 10.0
    """What a peer is given to answer a close, and to read what it was still sent."""
    linger_seconds: float = 2.0
    """How long the rest of a refused message or request is read and dropped, so that the peer sees why."""

    drain_seconds: float = 10.0
    """What all connections together are given when the server stops; then they are aborted."""
    spread_seconds: float = 1.0
    """Within this span, at random, are connections closed when the server stops, so that not all return at once."""

    def fraction(self) -> float:
        """Return a random number of [0, 1)."""
        return int.from_bytes(self.random.randbytes(4), "big") / 2**32

    async def spread(self) -> None:
        """Wait for a random part of `spread_seconds`: those who are sent away do not all come back at once."""
        chosen = asyncio.get_running_loop().create_future()
        timer = self.later(self.spread_seconds * self.fraction(), lambda: chosen.set_result(None))
        try:
            await chosen
        finally:
            timer.cancel()
