"""Time that passes by hand on several nodes: turns are taken when a test says so, and whispers have arrived after each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.integration.live.parts import MovableClock, Peer, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.members.accounts import Member
    from tests.integration.live.parts import Parts

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A moment at which a period of five minutes begins."""


class HandClock(MovableClock):
    """Time, wall clock and all, that moves only when it is moved."""

    def monotonic(self) -> float:
        return self.ahead

    def now(self) -> datetime:
        return START + timedelta(seconds=self.ahead)


class Device(Peer):
    """A peer that keeps what it was told of presence, byte by byte, and when."""

    def __init__(self, node: Parts, member: Member) -> None:
        self.node = node
        self.told: list[tuple[float, bytes]] = []
        super().__init__(node.session(member))

    def write(self, data: bytes) -> None:
        if b'"op":"presence"' in data:
            self.told.append((self.node.clock.monotonic(), data))
        super().write(data)

    def presence(self, stream: str) -> list[dict[str, Any]]:
        return [f for f in self.inbox if f["op"] == "presence" and f["stream"] == stream]

    def said(self, op: str) -> list[dict[str, Any]]:
        return [f for f in self.inbox if f["op"] == op and "id" not in f]

    async def enter(self, *streams: str) -> None:
        """Follow rooms and be there."""
        for stream in streams:
            assert (await self.ask("follow", stream=stream))["op"] == "followed"
            assert (await self.ask("here", stream=stream))["op"] == "done"


async def device(node: Parts, member: Member, *streams: str) -> Device:
    """Return a device of `member` that has said hello, and has entered these rooms."""
    one = Device(node, member)
    assert (await one.ask("hello"))["op"] == "welcome"
    await one.enter(*streams)
    return one


class Turns:
    """The common time of some nodes."""

    def __init__(self, *nodes: Parts) -> None:
        self.nodes = nodes
        self._stream = nodes[0].ids.stream()
        self._heard: dict[int, int] = {}
        self._said = 0
        self._waiting: dict[Parts, list[tuple[float, Callable[[], None]]]] = {}

    async def begin(self) -> None:
        """Have the nodes hear each other."""
        for number, node in enumerate(self.nodes):
            self._listen(number, node)
            await node.hub.attach(self._stream)

    async def whispers(self) -> None:
        """Wait until what every node has whispered so far has reached the others: it travels in order."""
        self._said += 1
        for node in self.nodes:
            node.bus.whisper(self._stream, "barrier", b"")
        goal = self._said * len(self.nodes)
        await until(lambda: all(self._heard[n] >= goal for n in range(len(self.nodes))), "whispers")

    async def pass_time(self, seconds: float, step: float = 1.0, *, but: Parts | None = None) -> None:
        """Let time pass turn by turn; `but` is a node that is dead."""
        passed = 0.0
        while passed < seconds:
            passed += step
            for node in self.nodes:
                if node is not but:
                    self.move(node, step)
                    node.presence.turn()
            await self.whispers()

    def move(self, node: Parts, seconds: float) -> None:
        """Move a node's clock on, and fire what is due by then: the timers set since the last move were set at its time."""
        assert isinstance(node.clock, HandClock)
        waiting = self._waiting.setdefault(node, [])
        waiting += [(node.clock.ahead + after, callback) for after, callback in node.timers]
        node.timers.clear()
        node.clock.ahead += seconds
        self._waiting[node] = [one for one in waiting if one[0] > node.clock.ahead]
        for at, callback in waiting:
            if at <= node.clock.ahead:
                callback()

    def _listen(self, number: int, node: Parts) -> None:
        self._heard[number] = 0

        def heard(_stream: str, _payload: bytes) -> None:
            self._heard[number] += 1

        node.bus.listen("barrier", heard)
