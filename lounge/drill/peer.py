"""One live connection, as a careful client holds it: commands and their replies, pushes, and ways to break it."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, Final

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from websockets.asyncio.client import ClientConnection

ANSWER_WITHIN: Final = 20.0
"""Seconds after which a command without a reply counts as lost."""
CONNECT_WITHIN: Final = 10.0
LONGEST_PAUSE: Final = 5.0
"""Seconds: the drill is shorter than a real client's patience."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

Frame = dict[str, Any]


class Lost(Exception):
    """The connection broke, or never came to be: what was asked has an unknown outcome."""


class Refused(Exception):
    """The server does not want this client: the token is not valid."""


class Peer:
    """An open connection; `hear` is called with every push, in order."""

    def __init__(self, socket: ClientConnection, hear: Callable[[Frame], None]) -> None:
        """Take the socket, and begin to read."""
        self._socket = socket
        self._hear = hear
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[asyncio.Future[Frame], Callable[[Frame], None] | None]] = {}
        self._reading = asyncio.create_task(self._read(), name="drill-read")
        self.epoch = ""
        self.over = asyncio.Event()

    async def ask(self, op: str, at_once: Callable[[Frame], None] | None = None, **fields: object) -> Frame:
        """Send a command and return its reply; raise Lost where none came.

        `at_once` is called with the reply before any push that came after it is heard. What came too fast did nothing, and is
        sent again when it may be.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                while True:
                    reply = await self._once(op, at_once, fields)
                    if reply.get("code") != "too_fast":
                        return reply
                    await asyncio.sleep(reply.get("retry_after") or 1.0)
        except (ConnectionClosed, TimeoutError) as error:
            raise Lost from error

    async def _once(self, op: str, at_once: Callable[[Frame], None] | None, fields: Frame) -> Frame:
        number = next(self._numbers)
        reply: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply, at_once
        try:
            await self._socket.send(_encode({"op": op, "id": number, **fields}).decode())
            return await reply
        finally:
            self._waiting.pop(number, None)

    @property
    def close_code(self) -> int | None:
        """How the connection ended (RFC 6455, 7.4); None while it stands."""
        return self._socket.close_code

    async def close(self) -> None:
        """Close in good order."""
        await self._socket.close()
        await self._reading

    async def abort(self) -> None:
        """Drop the connection as a network does: without a word."""
        self._socket.transport.abort()
        await self._reading

    async def fall_silent(self, seconds: float) -> None:
        """Read nothing for a while, as a phone in a tunnel; then drop the connection."""
        self._socket.transport.pause_reading()
        await asyncio.sleep(seconds)
        await self.abort()

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                frame = _decode(text)
                number = frame.get("id")
                if number is None:
                    self._hear(frame)
                elif number in self._waiting:
                    reply, at_once = self._waiting[number]
                    if at_once is not None:
                        at_once(frame)
                    if not reply.done():
                        reply.set_result(frame)
        except ConnectionClosed:
            pass
        finally:
            self.over.set()
            for reply, _ in self._waiting.values():
                if not reply.done():
                    reply.set_exception(ConnectionClosed(None, None))
                    reply.exception()


async def connected(url: str, token: str, hear: Callable[[Frame], None], client: str = "lounge drill") -> Peer:
    """Return a connection that was welcomed, as the program `client`; raise Lost or Refused."""
    try:
        socket = await connect(
            f"{url.replace('http', 'ws', 1)}/live",
            subprotocols=[Subprotocol("lounge.v1+json")],
            compression=None,
            open_timeout=CONNECT_WITHIN,
            close_timeout=CONNECT_WITHIN,
            ping_interval=None,
            max_size=None,
            user_agent_header=client,
        )
    except (OSError, TimeoutError, InvalidHandshake, InvalidMessage) as error:
        raise Lost from error
    peer = Peer(socket, hear)
    try:
        welcome = await peer.ask("hello", client=client, token=token)
    except Lost:
        await peer.abort()
        raise
    if welcome["op"] == "welcome":
        peer.epoch = welcome["epoch"]
        return peer
    await peer.close()
    if welcome.get("code") == "sign_in_needed":
        raise Refused(welcome["message"])
    raise Lost


async def persistent(urls: list[str], token: str, hear: Callable[[Frame], None], chance: Random) -> Peer:
    """Connect to one of the nodes, however long it takes, backing off with full jitter (AWS Architecture Blog, 2015)."""
    for attempt in itertools.count():
        try:
            return await connected(chance.choice(urls), token, hear)
        except Lost:
            await asyncio.sleep(chance.uniform(0, min(LONGEST_PAUSE, 0.5 * 2 ** min(attempt, 10))))
    raise AssertionError
