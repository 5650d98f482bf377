"""What an idle live connection costs in memory: our gateway beside uvicorn's own protocol, on both event loops.

Run `python -m bench.connections [CONNECTIONS]`: prints a table, then JSON. Each measurement runs a server of its own as a
child; the figure is its growth in resident memory by the connections, after the first 50 have filled pools and caches.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from lounge.http.live import LiveEndpoint
from lounge.live.capacity import Capacity
from lounge.live.listener import Listener, listening_sockets
from lounge.live.terms import Terms

if TYPE_CHECKING:
    from lounge.live.wire import Wire

REQUEST = (
    b"GET /live HTTP/1.1\r\nhost: lounge.example.org\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"origin: https://lounge.example.org\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101\r\n"
    b"cookie: __Host-lounge=lng_0123456789012345678901234567890123456789012\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: lounge.v1+json\r\n\r\n"
)
WARM_UP = 50


class Idle:
    """A session that does nothing."""

    __slots__ = ()

    def opened(self, wire: Wire) -> None:
        """Do nothing."""

    def received(self, payload: bytes) -> None:
        """Do nothing."""

    def drained(self) -> None:
        """Do nothing."""

    def lost(self) -> None:
        """Do nothing."""

    async def drain(self) -> None:
        """Do nothing."""


async def _nobody(_: object) -> None:
    return None


async def _waiting(websocket: WebSocket) -> None:
    await websocket.accept("lounge.v1+json")
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        pass


async def serve(kind: str) -> None:
    """Serve on a port that is told on standard output."""
    sockets = listening_sockets("127.0.0.1", 0)
    for one in sockets:
        one.listen(2048)
    server: uvicorn.Server
    if kind == "gateway":
        live = LiveEndpoint(
            capacity=Capacity(100_000),
            check_origin=lambda _: None,
            authenticate=_nobody,
            room_for=lambda _: True,
            make_session=lambda _: Idle(),
        )
        later = asyncio.get_running_loop().call_later
        server = Listener(Starlette(routes=[live.route()]), Terms(later=later, random=random.Random(1)))
    else:
        app = Starlette(routes=[WebSocketRoute("/live", _waiting)])
        server = uvicorn.Server(
            uvicorn.Config(
                app, ws="websockets-sansio", ws_per_message_deflate=False, log_level="critical", lifespan="off"
            )
        )
    print(sockets[0].getsockname()[1], flush=True)
    await server.serve(sockets)


def resident(process: subprocess.Popen[str]) -> float:
    """Return KiB."""
    return int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def measure(kind: str, loop: str, count: int) -> float:
    """Return KiB a connection."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.connections", "--serve", kind, loop], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        held = [connect(port) for _ in range(WARM_UP)]
        before = resident(process)
        held += [connect(port) for _ in range(count)]
        grown = resident(process) - before
        for one in held:
            one.close()
        process.terminate()
    return grown / count


def connect(port: int) -> socket.socket:
    """Return an accepted WebSocket."""
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(REQUEST)
    assert one.recv(4096).startswith(b"HTTP/1.1 101")
    return one


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    found = {
        f"{kind} on {loop}": round(measure(kind, loop, count), 1)
        for kind in ("gateway", "uvicorn")
        for loop in ("uvloop", "asyncio")
    }
    print(f"{'KiB for each idle connection':<32}{count} connections")
    for name, kib in found.items():
        print(f"{name:<32}{kib:>6}")
    print(json.dumps({"bench": "connections", "connections": count, "kib": found}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        factory = uvloop.new_event_loop if sys.argv[3] == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(serve(sys.argv[2]))
    else:
        main()
