"""What one connection is sent, so that a slow reader costs only itself (guarantee G7).

The transport's buffer is the only queue. Below the soft bound everything is written; above it a stream's events are not
kept for this reader: the stream is marked as behind, at the number reached, and is caught up from memory or the log when
the buffer has drained. A reader that takes nothing for a while is aborted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from lounge.clock import Clock
    from lounge.live.hub import Follower
    from lounge.live.wire import Wire

SOFT: Final = 256 * 1024
"""Bytes in our memory from which on streams are marked as behind."""
HARD: Final = 1024 * 1024
"""Bytes in our memory at which the connection is aborted."""
LOW: Final = 64 * 1024
"""Bytes in our memory below which catching up goes on."""
STALLED: Final = 5.0
"""Seconds without a byte taken by the peer after which the connection is aborted."""


class Supply(Protocol):
    """Where missed events come from: the hub."""

    def piece(self, stream: str, after: int) -> tuple[bytes, int] | None:
        """Return frames after a number and how far they reach, or None where the log must be read first."""
        ...

    def live(self, stream: str, after: int) -> bool:
        """Return whether `after` is as far as the followers of the stream have been told, having told them all."""
        ...

    def fetch(self, stream: str, after: int, follower: Follower) -> None:
        """Read the log, then call `follower.fetched`."""
        ...


class Outbound:
    """The sending side of a session."""

    def __init__(self, wire: Wire, supply: Supply, clock: Clock, follower: Follower) -> None:
        """Take the connection, where missed events come from, and whom to name when asking for them."""
        self._wire = wire
        self._supply = supply
        self._clock = clock
        self._follower = follower
        self._written = 0
        self._taken = 0
        self._progress_at = clock.monotonic()
        self._fetching: set[str] = set()
        self.behind: dict[str, int] = {}
        """Streams that are not live here, and the last number sent of each."""

    @property
    def congested(self) -> bool:
        """Whether the peer must read before we take more from it."""
        return bool(self.behind) or self._wire.buffered() > SOFT

    def write(self, frames: bytes) -> None:
        """Send what must be sent: replies, and pushes that are small and few."""
        self._written += len(frames)
        self._wire.write(frames)
        if self._wire.buffered() > HARD:
            self._wire.abort()

    def push(self, stream: str, frames: bytes, after: int) -> None:
        """Send the events that follow number `after`, or mark the stream as behind."""
        if stream in self.behind:
            return
        if self._wire.buffered() > SOFT:
            self.behind[stream] = after
            return
        self._written += len(frames)
        self._wire.write(frames)

    def hint(self, frames: bytes) -> None:
        """Send what may be left out, unless the peer reads slowly."""
        if not self.congested:
            self._written += len(frames)
            self._wire.write(frames)

    def catch_up(self) -> None:
        """Send pieces of what was missed, each stream in its turn, while the buffer is low."""
        while self._wire.buffered() <= LOW:
            stream = next((s for s in self.behind if s not in self._fetching), None)
            if stream is None:
                return
            after = self.behind[stream]
            # To find out, the hub tells its followers what they wait for: not this one, who lacks what comes before.
            live = self._supply.live(stream, after)
            del self.behind[stream]
            if live:
                continue
            piece = self._supply.piece(stream, after)
            if piece is None:
                self.behind[stream] = after
                self._fetching.add(stream)
                self._supply.fetch(stream, after, self._follower)
                continue
            frames, reached = piece
            self.behind[stream] = reached  # at the end of the line: the others have their turn
            self.write(frames)

    def fetched(self, stream: str, frames: bytes, reached: int) -> None:
        """Take what the log answered; nothing where it could not."""
        self._fetching.discard(stream)
        if stream in self.behind and frames:
            self.behind[stream] = reached
            self.write(frames)
        self.catch_up()

    def forget(self, stream: str) -> None:
        """Stop owing anything of a stream."""
        self.behind.pop(stream, None)
        self._fetching.discard(stream)

    def stalled(self) -> bool:
        """Return whether the peer has taken nothing of what waits for it for too long."""
        now = self._clock.monotonic()
        waiting = self._wire.buffered()
        taken = self._written - waiting
        if waiting == 0 or taken > self._taken:
            self._taken = taken
            self._progress_at = now
        return now - self._progress_at > STALLED
