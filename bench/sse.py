"""What a follower of the pager's feed costs a node: memory while nothing happens, processor time for the signs of life.

Run `python -m bench.sse [FOLLOWERS]`: a table, then JSON. Every follower is a member with a feed of their own, on a real node:
the figure is the node's growth in resident memory by the followers, after the first 50 have filled pools and caches.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bench.installation import Node, node, percentile, processor_seconds, servers
from lounge.app import accounts_of
from lounge.clock import SystemClock
from lounge.data import load_specialties
from lounge.descriptors import allow_many
from lounge.ids import Ids, SystemRandomness
from lounge.members.accounts import NewMember
from lounge.sql import load_queries
from lounge.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

WARM_UP: Final = 50
WINDOW: Final = 30.0
"""Seconds over which the processor time at rest is taken: two signs of life to everybody."""
TARGET_KIB: Final = 40


async def secrets_of(environment: dict[str, str], members: int) -> list[str]:
    """Make members; return a token of each."""
    clock = SystemClock()
    ids = Ids(clock, SystemRandomness())
    store = Store(environment["DATABASE_URL"], load_queries())
    await store.open()
    accounts = accounts_of(store, ids, clock, load_specialties(), lambda *_: None)
    made = await accounts.create([NewMember(f"bench-{n}", ("cardiology",), "DE") for n in range(members)])
    secrets = [(await accounts.issue(one, "token", timedelta(days=1)))[0] for one in made]
    await store.close()
    return secrets


def follow(running: Node, secret: str) -> tuple[socket.socket, float]:
    """Open a feed as a browser would; return it once the open pages came, and the seconds that took."""
    address = urlsplit(running.url)
    one = socket.create_connection((address.hostname, address.port))
    began = time.perf_counter()
    one.sendall(
        b"GET /api/v1/pager/feed HTTP/1.1\r\nhost: lounge.example.org\r\naccept: text/event-stream\r\n"
        b"user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101\r\naccept-language: en\r\n"
        b"authorization: Bearer " + secret.encode() + b"\r\n\r\n"
    )
    seen = b""
    while b"event: pages" not in seen:
        piece = one.recv(65_536)
        assert piece, seen
        seen += piece
    return one, time.perf_counter() - began


def resident(running: Node) -> float:
    """Return KiB."""
    fields = Path(f"/proc/{running.pid}/statm").read_text("ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def tasks(running: Node) -> int:
    """Return how many tasks the node's loop has."""
    address = urlsplit(running.url)
    with socket.create_connection((address.hostname, address.port)) as one:
        one.sendall(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        text = b"".join(iter(lambda: one.recv(65_536), b""))
    line = next(line for line in text.splitlines() if line.startswith(b"lounge_tasks "))
    return int(float(line.split()[1]))


def measure(environment: dict[str, str], secrets: Sequence[str]) -> dict[str, float]:
    """Return the figures of one node with a follower for each of these tokens."""
    with node(environment | {"LOUNGE_SOCKETS": str(len(secrets) + 100)}) as running:
        held = [follow(running, secret)[0] for secret in secrets[:WARM_UP]]
        before, tasks_before = resident(running), tasks(running)
        times = []
        for secret in secrets[WARM_UP:]:
            one, seconds = follow(running, secret)
            held.append(one)
            times.append(seconds)
        count = len(secrets) - WARM_UP
        opened = (resident(running) - before) / count
        used = processor_seconds(running.pid)
        time.sleep(WINDOW)
        used = (processor_seconds(running.pid) - used) / WINDOW
        found = {
            "KiB each": opened,
            "KiB each, later": (resident(running) - before) / count,
            "tasks each": (tasks(running) - tasks_before) / count,
            "open, ms p50": percentile(times, 0.5) * 1000,
            "open, ms p99": percentile(times, 0.99) * 1000,
            "processor at rest, %": used * 100,
        }
        for one in held:
            one.close()
    return {name: round(value, 2) for name, value in found.items()}


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    allow_many()
    with servers() as environment:
        found = measure(environment, asyncio.run(secrets_of(environment, count)))
    print(f"{'feed of the pager':<32}{count} followers, each a member; at most {TARGET_KIB} KiB each")
    for name, value in found.items():
        print(f"{name:<32}{value:>8}")
    print(json.dumps({"bench": "sse", "followers": count, **found}))


if __name__ == "__main__":
    main()
