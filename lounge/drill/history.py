"""What happened in a drill: every acknowledgement, every event told, everything that should not have been."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT: Final = 20
"""Findings of one kind told in words; the rest are counted."""


class Finding(NamedTuple):
    """Something that must not happen; `what` names ids and numbers alone."""

    kind: str
    what: str


class Acknowledged(NamedTuple):
    """A change that was answered by `done`."""

    stream: str
    ref: str
    seq: int
    post: bool
    """Whether a message has to stand at this number."""
    epoch: str
    """The history in which it was acknowledged: in another one the number means nothing."""


class History:
    """The record of one drill, kept by all posters and followers together."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take what tells seconds."""
        self.clock = clock
        self.acknowledged: list[Acknowledged] = []
        self.findings: list[Finding] = []
        self.refused: Counter[str] = Counter()
        self.reconnects = 0
        self.resends = 0
        self.deliveries = 0
        self.acknowledged_after: list[float] = []
        self.delivered_after: list[float] = []
        self._sent_at: dict[str, float] = {}

    def found(self, kind: str, what: str) -> None:
        """Record what must not be."""
        self.findings.append(Finding(kind, what))

    def sent(self, ref: str) -> None:
        """Record that a change was written to a socket for the first time."""
        self._sent_at.setdefault(ref, self.clock())

    def done(self, stream: str, ref: str, seq: int, *, post: bool, epoch: str) -> None:
        """Record an acknowledgement."""
        self.acknowledged.append(Acknowledged(stream, ref, seq, post, epoch))
        self.acknowledged_after.append(self.clock() - self._sent_at[ref])

    def delivered(self, ref: str) -> None:
        """Record that a follower was told live of an event."""
        self.deliveries += 1
        sent_at = self._sent_at.get(ref)
        if sent_at is not None:
            self.delivered_after.append(self.clock() - sent_at)


def ref_of(key: str) -> str:
    """Return what others see of a key: see docs/protocol.md."""
    return hashlib.sha256(key.encode("ascii")).digest()[:8].hex()


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return the median and three more percentiles in milliseconds; nothing of nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {
        name: round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000, 1)
        for name, share in shares.items()
    }
