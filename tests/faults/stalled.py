"""Peers that do not read, in five ways, beside many that do: what they cost the node, and the others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
import uuid
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from lounge.drill.history import percentiles
from lounge.drill.peer import connected
from tests.faults.soak import resident
from tests.integration.gateway.house import frame

if TYPE_CHECKING:
    from lounge.drill.peer import Frame, Peer

RECEIVE_BUFFER: Final = 4096
"""Bytes of SO_RCVBUF: a stalled peer's kernel takes little, so that what is sent piles up with us."""
SIP: Final = 1024
"""Bytes that a slow reader takes each second."""
BODY: Final = 19_000
"""Characters of a post in the noisy room."""
NOISE: Final = 40.0
"""Posts a second of that size in the room that the stalled follow."""
PATIENCE: Final = 20.0
"""Seconds after which a peer that is still there counts as one that stays."""
PACE: Final = 2.0
"""Posts a second in the room that the others follow."""

KINDS: Final = ("never reads", "sips", "asks and never reads", "half-closed", "closes and stops")


class Raw:
    """A live connection over a bare socket: it reads only what it is told to."""

    def __init__(self, url: str, token: str) -> None:
        address = urlsplit(url)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.socket.settimeout(30)
        self.socket.connect((address.hostname, address.port))
        self.socket.sendall(
            f"GET /live HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Protocol: lounge.v1+json\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)
        assert head.startswith(b"HTTP/1.1 101"), head
        self.say(op="hello", id=1, token=token)

    def say(self, **command: object) -> None:
        """Send a command."""
        self.socket.sendall(frame(json.dumps(command).encode()))

    def sip(self) -> None:
        """Read a little, if there is anything."""
        self.socket.setblocking(False)
        with contextlib.suppress(OSError):
            self.socket.recv(SIP)


def stall(peer: Raw, kind: str, stream: str) -> None:
    """Follow the stream, and stop reading in one of the ways."""
    peer.say(op="follow", id=2, stream=stream)
    if kind == "asks and never reads":
        peer.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for number in range(3, 3_000):
                peer.say(op="read", id=number, stream=stream, limit=200)
    elif kind == "half-closed":
        peer.socket.shutdown(socket.SHUT_WR)
    elif kind == "closes and stops":
        peer.socket.sendall(frame(b"\x03\xe8", 8))


class Other:
    """One of those who read: the numbers told, and how late each was in seconds."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.late: list[float] = []

    def hear(self, push: Frame) -> None:
        """Keep an event of a post, whose body is when it was sent."""
        if push["op"] == "event" and push["kind"] == "posted":
            self.told.append(push["seq"])
            self.late.append(time.monotonic() - float(push["data"]["body"]))


class Figures(Struct, frozen=True):
    """What peers cost that do not read: memory in KiB, times in seconds, and in milliseconds how late others were told."""

    stalled: int
    """Peers of each kind, at once."""
    others: int
    before_kib: int
    peak_kib: int
    gone_after: dict[str, float]
    """Seconds after which the last peer of a kind was gone; a kind of which some stayed is left out."""
    told: int
    """Events that the others were told, all together."""
    late_before: dict[str, float]
    late_during: dict[str, float]
    harmed: int
    """Others that were not told every event, once and in order."""


class Measurement:
    """A node, those who read on it, and one kind after the other of those who do not."""

    def __init__(self, url: str, pid: int, tokens: list[str], quiet: str, noisy: str) -> None:
        self._url, self._pid, self._tokens = url, pid, tokens
        self._quiet, self._noisy = quiet, noisy
        self._readers: list[Other] = []
        self._posted: list[int] = []

    async def run(self, *, each: int, others: int, calm: float = 5.0) -> Figures:
        """Connect the others, then `each` peers of every kind; post to both rooms all the while."""
        peers = await self._others(others)
        poster = await connected(self._url, self._tokens[0], _deaf)
        quietly = asyncio.create_task(self._post(poster, self._quiet, PACE, self._posted))
        await asyncio.sleep(calm)
        before, heard = resident(self._pid), [len(one.late) for one in self._readers]
        noisily = asyncio.create_task(self._post(poster, self._noisy, NOISE, []))
        peak, gone_after = before, {}
        baseline = await self._sockets()
        for kind in KINDS:
            high, seconds = await self._one_kind(kind, each, baseline)
            peak = max(peak, high)
            if seconds is not None:
                gone_after[kind] = round(seconds, 1)
        for posting in (quietly, noisily):
            posting.cancel()
        await asyncio.wait([quietly, noisily])
        await asyncio.sleep(1)
        late = [one.late for one in self._readers]
        figures = Figures(
            stalled=each,
            others=others,
            before_kib=before,
            peak_kib=peak,
            gone_after=gone_after,
            told=sum(len(one) for one in late),
            late_before=percentiles([x for one, n in zip(late, heard, strict=True) for x in one[:n]]),
            late_during=percentiles([x for one, n in zip(late, heard, strict=True) for x in one[n:]]),
            harmed=sum(one.told != self._posted for one in self._readers),
        )
        for peer in [*peers, poster]:
            await peer.abort()
        return figures

    async def _others(self, count: int) -> list[Peer]:
        peers = []
        for number in range(count):
            reader = Other()
            peer = await connected(self._url, self._tokens[number % len(self._tokens)], reader.hear)
            await peer.ask("follow", stream=self._quiet)
            self._readers.append(reader)
            peers.append(peer)
        return peers

    async def _post(self, poster: Peer, stream: str, rate: float, numbers: list[int]) -> None:
        """Post at a steady rate until cancelled: to the quiet room when it was sent, to the noisy one much."""
        while True:
            body = str(time.monotonic()) if stream == self._quiet else "x" * BODY
            done = await asyncio.shield(
                asyncio.ensure_future(poster.ask("post", stream=stream, key=str(uuid.uuid4()), body=body))
            )
            numbers.append(done["seq"])
            await asyncio.sleep(1 / rate)

    async def _one_kind(self, kind: str, count: int, baseline: float) -> tuple[int, float | None]:
        """Return the most memory seen, and after how many seconds all of them were gone; None where they stayed."""
        tokens = [self._tokens[number % len(self._tokens)] for number in range(count)]
        peers = [await asyncio.to_thread(Raw, self._url, token) for token in tokens]
        for peer in peers:
            await asyncio.to_thread(stall, peer, kind, self._noisy)
        began, peak = time.monotonic(), 0
        try:
            while (seconds := time.monotonic() - began) < PATIENCE:
                peak = max(peak, resident(self._pid))
                if await self._sockets() <= baseline:
                    return peak, seconds
                if kind == "sips":
                    for peer in peers:
                        peer.sip()
                await asyncio.sleep(1)
            return peak, None
        finally:
            for peer in peers:
                peer.socket.close()

    async def _sockets(self) -> float:
        async with httpx.AsyncClient() as client:
            metrics = (await client.get(f"{self._url}/metrics")).text
        return next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("lounge_sockets "))


def _deaf(_push: Frame) -> None:
    """Hear nothing."""
