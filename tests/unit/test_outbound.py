"""The sending side of a connection: what a slow reader is told, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lounge.clock import SystemClock
from lounge.live.outbound import SOFT, Outbound

if TYPE_CHECKING:
    from lounge.live.hub import Follower

STREAM = "s"


class Reader:
    """A connection that keeps what it is sent until it is read."""

    def __init__(self) -> None:
        self.held = b""
        self.read = b""

    def write(self, frames: bytes) -> None:
        self.held += frames

    def buffered(self) -> int:
        return len(self.held)

    def take(self) -> None:
        self.read, self.held = self.read + self.held, b""

    def pause(self) -> None:
        raise AssertionError

    resume = abort = pause

    def close(self, code: int, reason: str) -> None:  # noqa: ARG002  as `Wire` has it
        raise AssertionError


class Log:
    """A hub of one stream whose events are single bytes: `told` of them went to the followers, the others wait to be."""

    def __init__(self, told: bytes, waiting: bytes) -> None:
        self.told = told
        self.waiting = waiting
        self.out: Outbound

    def live(self, stream: str, after: int) -> bool:
        after_told, frames = len(self.told), self.waiting
        self.told, self.waiting = self.told + frames, b""
        if frames:
            self.out.push(stream, frames, after_told)
        return after >= len(self.told)

    def piece(self, stream: str, after: int) -> tuple[bytes, int] | None:  # noqa: ARG002  one stream
        return self.told[after : after + 2], min(after + 2, len(self.told))

    def fetch(self, stream: str, after: int, follower: Follower) -> None:  # noqa: ARG002  nothing has left memory
        raise AssertionError


def test_whoever_catches_up_is_told_in_order_what_the_others_wait_for_as_well() -> None:
    """Events that are about to be told when a reader catches up come after those that it missed, and once."""
    log, reader = Log(b"abcde", b"fg"), Reader()
    log.out = Outbound(reader, log, SystemClock(), None)  # type: ignore[arg-type]  # nobody is told by it here
    reader.write(b"-" * (SOFT + 1))
    log.out.push(STREAM, b"cde", 2)
    assert log.out.behind == {STREAM: 2}
    reader.take()
    log.out.catch_up()
    assert log.out.behind == {}
    assert reader.held == b"cdefg"
