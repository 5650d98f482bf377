"""A follower that keeps every event it is told, and can be dropped and come back."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from lounge.drill.peer import connected

if TYPE_CHECKING:
    from lounge.drill.peer import Frame, Peer


class Follower:
    """Follows streams over one connection after another, on one node after another, and keeps every event."""

    def __init__(self, urls: list[str], token: str) -> None:
        self._urls = itertools.cycle(urls)
        self._token = token
        self._peer: Peer | None = None
        self.events: dict[str, list[Frame]] = {}
        self.resumes = 0

    async def come(self) -> None:
        """Connect to the next node and resume every stream where it was."""
        self._peer = await connected(next(self._urls), self._token, self._hear)
        for stream in list(self.events):
            await self.follow(stream)

    async def follow(self, stream: str) -> None:
        """Follow a stream from the last number held."""
        assert self._peer is not None
        held = self.events.setdefault(stream, [])

        def take(reply: Frame) -> None:
            assert reply["op"] == "followed", reply
            assert reply["complete"]
            held.extend(reply["events"])

        await self._peer.ask("follow", take, stream=stream, since=held[-1]["seq"] if held else 0)
        self.resumes += 1

    def _hear(self, push: Frame) -> None:
        if push["op"] == "event" and push["stream"] in self.events:
            self.events[push["stream"]].append(push)

    async def drop(self) -> None:
        """Lose the connection, without a word; what it had told is kept."""
        assert self._peer is not None
        await self._peer.abort()
