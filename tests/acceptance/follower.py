"""A client of the live protocol that keeps what it is told, and can be dropped and come back."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

SUBPROTOCOL: Any = "lounge.v1+json"


class Connection:
    """One connection: commands and their replies, and pushes in a list."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.pushes: list[dict[str, Any]] = []
        self.replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send a command and return its reply; raise ConnectionClosed where none came."""
        number = next(self._numbers)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.replies[number] = reply
        await self.socket.send(json.dumps({"op": op, "id": number, **fields}))
        return await reply

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if (number := frame.get("id")) is None:
                    self.pushes.append(frame)
                else:
                    self.replies.pop(number).set_result(frame)
        except ConnectionClosed:
            pass
        finally:
            for reply in self.replies.values():
                if not reply.done():
                    reply.set_exception(ConnectionClosed(None, None))
                    reply.exception()

    async def abort(self) -> None:
        """Drop the connection as a network does: without a word."""
        self.socket.transport.abort()
        await self._reading

    async def close(self) -> None:
        """Close in good order."""
        await self.socket.close()
        await self._reading


async def connected(url: str, token: str) -> Connection:
    """Return a connection that said hello."""
    socket = await connect(f"{url.replace('http', 'ws', 1)}/live", subprotocols=[SUBPROTOCOL], compression=None)
    connection = Connection(socket)
    welcome = await connection.ask("hello", client="test", token=token)
    assert welcome["op"] == "welcome", welcome
    return connection


class Follower:
    """Follows streams over one connection after another, on one node after another, and keeps every event."""

    def __init__(self, urls: list[str], token: str) -> None:
        self._urls = itertools.cycle(urls)
        self._token = token
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.connection: Connection | None = None
        self.resumes = 0

    async def come(self) -> None:
        """Connect to the next node and resume every stream where it was."""
        self.connection = await connected(next(self._urls), self._token)
        for stream in list(self.events):
            await self.follow(stream)

    async def follow(self, stream: str) -> None:
        """Follow a stream from the last number held."""
        assert self.connection is not None
        held = self.events.setdefault(stream, [])
        reply = await self.connection.ask("follow", stream=stream, since=held[-1]["seq"] if held else 0)
        assert reply["op"] == "followed", reply
        assert reply["complete"]
        held += reply["events"]
        self.resumes += 1

    def take(self) -> None:
        """Take the pushes that have come."""
        assert self.connection is not None
        pushes, self.connection.pushes = self.connection.pushes, []
        for push in pushes:
            if push["op"] == "event" and push["stream"] in self.events:
                self.events[push["stream"]].append(push)

    async def drop(self) -> None:
        """Lose the connection; what it had told is kept."""
        assert self.connection is not None
        await self.connection.abort()
        self.take()
