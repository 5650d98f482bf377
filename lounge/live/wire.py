"""The seam between a connection's bytes (the gateway) and its meaning (the session)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Let it not happen; nothing where it happened already."""
        ...


Later = Callable[[float, Callable[[], None]], Timer]
"""Call back after so many seconds: `loop.call_later`, or a test's own time."""


class Wire(Protocol):
    """What a session may do to its connection."""

    def write(self, frames: bytes) -> None:
        """Send whole server frames, one or several joined; ignored once the connection closes."""
        ...

    def buffered(self) -> int:
        """Return how many bytes wait in our memory because the kernel has not taken them."""
        ...

    def pause(self) -> None:
        """Stop reading from the peer."""
        ...

    def resume(self) -> None:
        """Read from the peer again."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake (RFC 6455, 7.1.2); abort if the peer does not answer in time."""
        ...

    def abort(self) -> None:
        """Drop the connection and whatever it still had to send."""
        ...


class Live(Protocol):
    """What a gateway drives, one for each connection."""

    def opened(self, wire: Wire) -> None:
        """Take the connection, just accepted."""
        ...

    def received(self, payload: bytes) -> None:
        """Take one complete text message: valid UTF-8, within the bound on size."""
        ...

    def drained(self) -> None:
        """Learn that what was buffered fell below the low-water mark."""
        ...

    def lost(self) -> None:
        """Learn, exactly once, that the connection is over."""
        ...

    async def drain(self) -> None:
        """Refuse new commands, finish the commits under way, say `bye`: the server goes down."""
        ...
