"""A server on loopback whose sessions echo, whose time the test moves, and whose peers speak raw bytes."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lounge.errors import Forbidden, SignInNeeded
from lounge.http.limits import BodyBound
from lounge.http.live import LiveEndpoint
from lounge.live.capacity import Capacity
from lounge.live.frames import text_frame
from lounge.live.line import Line
from lounge.live.listener import Listener, listening_sockets
from lounge.live.terms import Terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import HTTPConnection, Request

    from lounge.live.wire import Wire

FAR = 120
"""Seconds after which what never comes is given up."""
OWN_ORIGIN = "https://lounge.example.org"


class Time:
    """Moved by hand: `later` for what is under test, `pass_by` for the test."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Alarm] = []

    def later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        alarm = Alarm(self, self.now + seconds, callback)
        self.timers.append(alarm)
        return alarm

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((a for a in self.timers if a.at <= end), key=lambda a: a.at):
            self.timers.remove(due[0])
            self.now = due[0].at
            due[0].callback()
        self.now = end


class Alarm:
    def __init__(self, time: Time, at: float, callback: Callable[[], None]) -> None:
        self.time = time
        self.at = at
        self.callback = callback

    def cancel(self) -> None:
        with suppress(ValueError):
            self.time.timers.remove(self)


class Echo:
    """Sends back what it hears; commands of its own: `pause`, `flood N`, `close CODE`, `abort`, `fault`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.heard: list[bytes] = []
        self.losses = 0
        self.drains = 0
        self.drained_down_to: list[int] = []
        self.may_drain = asyncio.Event()
        self.may_drain.set()
        self.wire: Wire

    def opened(self, wire: Wire) -> None:
        self.wire = wire
        self.house.sessions.append(self)

    def received(self, payload: bytes) -> None:
        self.heard.append(payload)
        match payload.split():
            case [b"pause"]:
                self.wire.pause()
            case [b"flood", size]:
                self.flood(int(size))
            case [b"close", code]:
                self.wire.close(int(code), "asked for")
            case [b"abort"]:
                self.wire.abort()
            case [b"fault"]:
                raise ZeroDivisionError
            case _:
                self.wire.write(text_frame(payload))

    def flood(self, size: int) -> None:
        self.wire.write(text_frame(b"x" * size))

    def drained(self) -> None:
        self.drained_down_to.append(self.wire.buffered())

    def lost(self) -> None:
        self.losses += 1

    async def drain(self) -> None:
        self.drains += 1
        await self.may_drain.wait()
        self.wire.write(text_frame(b"bye"))


class House:
    """What a test can see and move."""

    def __init__(self) -> None:
        self.time = Time()
        self.sessions: list[Echo] = []
        self.let_in = asyncio.Event()
        self.let_in.set()
        self.answer = asyncio.Event()
        self.answer.set()
        self.room_for = True
        self.capacity = Capacity(10)
        self.sizes: list[int] = []
        self.port = 0
        self.listener: Listener
        self.running: asyncio.Task[None]

    @property
    def lines(self) -> list[Line]:
        return [c for c in self.listener.server_state.connections if isinstance(c, Line)]

    @property
    def connections(self) -> set[Any]:
        return self.listener.server_state.connections

    async def session(self, number: int = 0) -> Echo:
        await until(lambda: len(self.sessions) > number)
        return self.sessions[number]

    async def accepted(self, request: Request) -> Response:
        size = 0
        async for piece in request.stream():
            size += len(piece)
        self.sizes.append(size)
        await self.answer.wait()
        return PlainTextResponse("thanks")

    async def authenticate(self, connection: HTTPConnection) -> Any:
        await self.let_in.wait()
        match connection.headers.get("authorization"):
            case None:
                return None
            case "Bearer good":
                return "somebody"
            case _:
                raise SignInNeeded

    @staticmethod
    def check_origin(connection: HTTPConnection) -> None:
        if connection.headers.get("origin", OWN_ORIGIN) != OWN_ORIGIN:
            raise Forbidden

    def app(self) -> Any:
        live = LiveEndpoint(
            capacity=self.capacity,
            check_origin=self.check_origin,
            authenticate=self.authenticate,
            room_for=lambda _: self.room_for,
            make_session=lambda _: Echo(self),
        )
        return BodyBound(Starlette(routes=[live.route(), Route("/letters", self.accepted, methods=["GET", "POST"])]))


@asynccontextmanager
async def open_house(app: Callable[[House], Any] | None = None, **terms: Any) -> AsyncIterator[House]:
    house = House()
    house.listener = Listener(
        (app or House.app)(house), Terms(later=house.time.later, random=random.Random(7), **terms), signals=False
    )
    sockets = listening_sockets("127.0.0.1", 0)
    house.port = sockets[0].getsockname()[1]
    house.running = asyncio.create_task(house.listener.serve(sockets))
    try:
        await until(lambda: house.listener.started)
        yield house
    finally:
        house.listener.stop()
        house.listener.stop()
        await asyncio.wait_for(house.running, FAR)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(FAR):
        while not condition():
            await asyncio.sleep(0.005)


async def turns() -> None:
    """Let the loop go round, so that what is due has happened, and what the kernel holds for the server was read."""
    for _ in range(20):
        await asyncio.sleep(0)


class Peer:
    """A client of bytes: nothing is read, answered or closed but by the test."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.loop = asyncio.get_running_loop()
        self.rest = bytearray()

    async def send(self, data: bytes) -> None:
        await asyncio.wait_for(self.loop.sock_sendall(self.socket, data), FAR)

    async def read(self, size: int) -> bytes:
        while len(self.rest) < size:
            piece = await asyncio.wait_for(self.loop.sock_recv(self.socket, 65_536), FAR)
            if not piece:
                raise EOFError(bytes(self.rest))
            self.rest += piece
        found = bytes(self.rest[:size])
        del self.rest[:size]
        return found

    async def read_to_end(self) -> bytes:
        """Return all that comes until the server ends or drops the connection."""
        with suppress(ConnectionError):
            while piece := await asyncio.wait_for(self.loop.sock_recv(self.socket, 65_536), FAR):
                self.rest += piece
        found, self.rest = bytes(self.rest), bytearray()
        return found

    async def head(self) -> bytes:
        """Return an answer's status line and headers."""
        while b"\r\n\r\n" not in self.rest:
            piece = await asyncio.wait_for(self.loop.sock_recv(self.socket, 65_536), FAR)
            if not piece:
                raise EOFError(bytes(self.rest))
            self.rest += piece
        head, _, rest = bytes(self.rest).partition(b"\r\n\r\n")
        self.rest = bytearray(rest)
        return head

    async def frame(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame."""
        first, size = await self.read(2)
        if size >= 126:
            size = int.from_bytes(await self.read(2 if size == 126 else 8), "big")
        return first & 15, await self.read(size)

    async def close_code(self) -> int:
        """Return the code with which the server closes, reading over what comes before."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 8:
                return int.from_bytes(payload[:2], "big")

    def reset(self) -> None:
        self.socket.close()


def frame(payload: bytes, opcode: int = 1, *, fin: bool = True) -> bytes:
    """A client's frame, masked with zeros (RFC 6455, 5.3)."""
    size = len(payload)
    first = bytes([opcode | (128 if fin else 0)])
    if size < 126:
        return first + bytes([128 | size]) + bytes(4) + payload
    if size < 65_536:
        return first + b"\xfe" + size.to_bytes(2, "big") + bytes(4) + payload
    return first + b"\xff" + size.to_bytes(8, "big") + bytes(4) + payload


def upgrade(*headers: str, protocol: str | None = "lounge.v1+json", path: str = "/live") -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "host: lounge.example.org",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
        "sec-websocket-version: 13",
        *([f"sec-websocket-protocol: {protocol}"] if protocol else []),
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def peer(house: House, *, receive_buffer: int | None = None) -> AsyncIterator[Peer]:
    """A connection without a word."""
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setblocking(False)
    with connection:
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", house.port))
        yield Peer(connection)


@asynccontextmanager
async def open_socket(house: House, *, receive_buffer: int | None = None) -> AsyncIterator[Peer]:
    """An accepted WebSocket."""
    async with peer(house, receive_buffer=receive_buffer) as one:
        await one.send(upgrade())
        assert (await one.head()).startswith(b"HTTP/1.1 101 ")
        yield one


def memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
