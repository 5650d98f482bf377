"""One stream as a node knows it: how far it got, the newest events in memory, and those that came too early. Pure.

Events reach a node by three ways (its own commits, the bus, the log) and in any order. `Tail.offer` lets each number pass
once, in order; what is ahead waits in a bounded map, and the caller reads the log when a gap does not close by itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

TAIL_BYTES: Final = 128 * 1024
"""Bound of the events kept for catching up, per stream."""
EARLY_EVENTS: Final = 512
"""Bound of the events kept while a gap is open; beyond it the log is the only source."""


class Entry(NamedTuple):
    """One event: number, the JSON of its frame, kind, and the message it answers or changes, if any."""

    seq: int
    payload: bytes
    kind: str
    target: int | None = None


class Tail:
    """The position of a node in one stream, and the newest events up to it."""

    def __init__(self, position: int, limit: int = TAIL_BYTES) -> None:
        """Begin after event `position`; keep at most `limit` bytes of events."""
        self.position = position
        self._limit = limit
        self._entries: deque[Entry] = deque()
        self._size = 0
        self._early: dict[int, Entry] = {}

    @property
    def size(self) -> int:
        """Bytes of events held."""
        return self._size

    @property
    def gap(self) -> tuple[int, int] | None:
        """The first and last number missing before the earliest event that waits, or None."""
        return (self.position + 1, min(self._early) - 1) if self._early else None

    def offer(self, entry: Entry) -> list[Entry]:
        """Take an event by whichever way it came; return what may now be delivered, in order."""
        if entry.seq <= self.position:
            return []
        if entry.seq > self.position + 1:
            if len(self._early) < EARLY_EVENTS:
                self._early[entry.seq] = entry
            return []
        passed = [entry]
        self._keep(entry)
        while (follower := self._early.pop(self.position + 1, None)) is not None:
            passed.append(follower)
            self._keep(follower)
        return passed

    def since(self, position: int) -> list[Entry] | None:
        """Return the events after `position`, or None where they no longer are in memory."""
        if position >= self.position:
            return []
        if not self._entries or self._entries[0].seq > position + 1:
            return None
        return list(self._entries)[position + 1 - self._entries[0].seq :]

    def trim(self, limit: int) -> None:
        """Let go of the oldest events until `limit` bytes remain, or one event."""
        while self._size > limit and len(self._entries) > 1:
            self._size -= len(self._entries.popleft().payload)

    def rewrite(self, change: Callable[[Entry], Entry]) -> None:
        """Put another entry in the place of each held one: words that left the log leave memory as well."""
        self._entries = deque(change(entry) for entry in self._entries)
        self._size = sum(len(entry.payload) for entry in self._entries)

    def clear(self) -> None:
        """Let go of every event held; the position stays."""
        self._entries.clear()
        self._size = 0

    def _keep(self, entry: Entry) -> None:
        self.position = entry.seq
        self._entries.append(entry)
        self._size += len(entry.payload)
        self.trim(self._limit)
