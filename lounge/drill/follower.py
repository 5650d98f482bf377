"""One who reads: follows every room, drops in three ways, comes back by number, and watches for what must not be."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lounge.drill.peer import Lost, Peer, persistent
from lounge.drill.window import Window

if TYPE_CHECKING:
    from random import Random

    from lounge.drill.history import History
    from lounge.drill.peer import Frame

AWAY: Final = 1.0
"""Seconds away at the most."""
SILENT: Final = 2.0
"""Seconds for which a silent one reads nothing, at the most."""


FORGETS: Final = 0.1
"""Share of the rooms that are followed anew when coming back, as by a page that was loaded again."""
PAGES: Final = 3
"""Rooms in which who came back looks at older messages."""


class Room:
    """What a follower holds of one room."""

    def __init__(self) -> None:
        """Begin with nothing: the first `follow` tells all."""
        self.position: int | None = 0
        """None: nothing is held, and the newest messages are wanted."""
        self.window = Window()
        self.told: dict[int, str] = {}
        """Numbers of the events told, with the ref of each; events that a gap left out are missing."""


class Follower:
    """One member who reads."""

    def __init__(
        self,
        name: str,
        urls: list[str],
        token: str,
        streams: list[str],
        *,
        stay: float,
        chance: Random,
        history: History,
    ) -> None:
        """Take the nodes, the streams, and for how many seconds it stays connected on average."""
        self.name = name
        self.rooms = {stream: Room() for stream in streams}
        self._urls = urls
        self._token = token
        self._stay = stay
        self._chance = chance
        self._history = history
        self._epoch: str | None = None
        self._reads: set[str] = set()
        self._wake = asyncio.Event()

    async def run(self, over: asyncio.Event) -> None:
        """Drop and come back until told to end; then stay, until cancelled."""
        first = True
        while True:
            peer = await persistent(self._urls, self._token, self._hear, self._chance)
            self._history.reconnects += not first
            first = False
            try:
                await self._resume(peer, peer.epoch)
                await self._look_back(peer)
                await self._attend(peer, over)
            except Lost:
                pass
            finally:
                await peer.abort()
            await asyncio.sleep(self._chance.uniform(0, AWAY))

    def missing(self, heads: dict[str, int]) -> dict[str, int]:
        """Return the streams whose head this follower has not been told of, with its own position."""
        positions = {stream: self.rooms[stream].position or 0 for stream in heads}
        return {stream: positions[stream] for stream, head in heads.items() if positions[stream] < head}

    async def _attend(self, peer: Peer, over: asyncio.Event) -> None:
        """Stay for a while, read anew what a gap left out, and leave in one of three ways."""
        stay = asyncio.create_task(asyncio.sleep(self._chance.expovariate(1 / self._stay)))
        ending = asyncio.create_task(over.wait())
        broken = asyncio.create_task(peer.over.wait())
        try:
            while not broken.done() and (over.is_set() or not stay.done()):
                self._wake.clear()
                for stream in list(self._reads):
                    await self._read(peer, stream)
                await self._woken_or({broken} if over.is_set() else {broken, stay, ending})
            if broken.done():
                return
            way = self._chance.randrange(3)
            if way == 0:
                await peer.close()
            elif way == 1:
                await peer.abort()
            else:
                await peer.fall_silent(self._chance.uniform(0, SILENT))
        finally:
            for task in (stay, ending, broken):
                task.cancel()

    async def _woken_or(self, others: set[asyncio.Task[Any]]) -> None:
        waking = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait(others | {waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()

    async def _resume(self, peer: Peer, epoch: str) -> None:
        if epoch != self._epoch:
            self._epoch = epoch
            for stream in self.rooms:
                self.rooms[stream] = Room()
        for stream in self.rooms:
            if self._chance.random() < FORGETS:
                self.rooms[stream] = Room()
                self.rooms[stream].position = None
            since = self.rooms[stream].position
            reply = await peer.ask("follow", partial(self._followed, stream), stream=stream, since=since, epoch=epoch)
            if reply["op"] == "error":
                if not reply["retry"]:
                    self._history.found("refused", f"{self.name} may not follow {stream}: {reply['code']}")
                raise Lost

    def _followed(self, stream: str, reply: Frame) -> None:
        if reply["op"] != "followed":
            return
        if reply.get("messages") is not None:
            self._start_anew(stream, reply["messages"], reply["head"])
            return
        for event in reply.get("events", ()):
            self._take(stream, event)
        reached = self.rooms[stream].position
        if reached != reply["head"]:
            self._history.found(
                "lost", f"{self.name} in {stream}: resumed to {reached}, told that the head is {reply['head']}"
            )
            self.rooms[stream].position = reply["head"]

    async def _look_back(self, peer: Peer) -> None:
        """Page back a little in some rooms, while others write."""
        for stream in self._chance.sample(sorted(self.rooms), min(PAGES, len(self.rooms))):
            window = self.rooms[stream].window
            if window.messages:
                reply = await peer.ask("read", partial(self._paged, stream), stream=stream, before=min(window.messages))
                if reply["op"] != "slice":
                    raise Lost

    def _paged(self, stream: str, reply: Frame) -> None:
        self.rooms[stream].window.load(reply.get("messages", ()))

    async def _read(self, peer: Peer, stream: str) -> None:
        """After a gap: the newest messages as they stand."""
        reply = await peer.ask("read", partial(self._paged, stream), stream=stream)
        if reply["op"] != "slice":
            raise Lost
        self._reads.discard(stream)

    def _hear(self, push: Frame) -> None:
        stream = push.get("stream", "")
        if push["op"] == "event" and stream in self.rooms:
            self._take(stream, push)
            self._history.delivered(push.get("ref", ""))
        elif push["op"] == "gap" and stream in self.rooms:
            room = self.rooms[stream]
            if push["from"] != (room.position or 0) + 1:
                self._history.found(
                    "gap", f"{self.name} in {stream}: at {room.position}, told of a gap from {push['from']}"
                )
            self._start_anew(stream, [], push["head"])
            self._reads.add(stream)
            self._wake.set()

    def _take(self, stream: str, event: dict[str, Any]) -> None:
        room, seq = self.rooms[stream], event["seq"]
        position = room.position or 0
        if seq <= position:
            kind = "doubled" if seq in room.told else "out of order"
            self._history.found(kind, f"{self.name} in {stream}: at {position}, told of {seq}")
            return
        if seq > position + 1:
            self._history.found("gap", f"{self.name} in {stream}: at {position}, told of {seq}")
        room.position = seq
        room.told[seq] = event.get("ref", "")
        room.window.apply(event)

    def _start_anew(self, stream: str, messages: list[dict[str, Any]], head: int) -> None:
        room = self.rooms[stream]
        room.position = head
        room.window = Window()
        room.window.load(messages)
