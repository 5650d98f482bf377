"""What presence costs a node: a full lounge at rest, one where people come and go, and all loading the page anew at once.

Run `python -m bench.presence [MEMBERS]`: a table, then JSON. The baseline of each part is the same connections, following the
same lounge, of which nobody says `here`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import websockets

from bench.installation import Node, node, percentile, processor_seconds, servers
from lounge.app import accounts_of
from lounge.clock import SystemClock
from lounge.data import load_specialties
from lounge.ids import Ids, SystemRandomness
from lounge.members.accounts import NewMember
from lounge.sql import load_queries
from lounge.store import Direct, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 50
WINDOW = 30.0
"""Seconds over which the processor time of a state that stays is taken."""
CHANGES = 5
"""Members who come or go in each second of a lively lounge."""
GRACE = 12.0
"""Seconds after which those who left have left."""


class Client:
    """One member's page: it reads all that it is told, and counts what is presence."""

    def __init__(self, url: str, secret: str, lounge: str) -> None:
        self._url = url.replace("http", "ws") + "/live"
        self._secret = secret
        self._lounge = lounge
        self._replies: asyncio.Queue[str] = asyncio.Queue()
        self.told = 0

    async def enter(self, *, here: bool) -> float:
        """Connect, follow the lounge, and say `here` or not; return the seconds it took."""
        began = time.perf_counter()
        self._peer = await websockets.connect(
            self._url,
            subprotocols=[websockets.Subprotocol("lounge.v1+json")],
            additional_headers={"Authorization": f"Bearer {self._secret}"},
            compression=None,
            max_size=None,
        )
        self._reading = asyncio.create_task(self._read())
        await self.ask("hello")
        await self.ask("follow", stream=self._lounge)
        if here:
            await self.ask("here", stream=self._lounge)
        return time.perf_counter() - began

    async def ask(self, op: str, **fields: Any) -> None:  # noqa: ANN401  as loose as JSON
        """Send a command and wait for its answer."""
        await self._peer.send(json.dumps({"op": op, "id": 1, **fields}))
        answer = json.loads(await self._replies.get())
        assert answer["op"] != "error", answer

    async def leave(self) -> None:
        """Close."""
        await self._peer.close()
        await self._reading

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            while True:
                frame = await self._peer.recv()
                if '"op":"presence"' in str(frame[:100]):
                    self.told += 1
                else:
                    self._replies.put_nowait(str(frame))


async def prepared(environment: dict[str, str], members: int) -> tuple[str, list[str]]:
    """Make a lounge and members; return its stream and a token of each."""
    clock = SystemClock()
    ids = Ids(clock, SystemRandomness())
    store = Store(environment["DATABASE_URL"], load_queries())
    await store.open()
    accounts = accounts_of(store, ids, clock, load_specialties(), lambda *_: None)
    new = [NewMember(f"bench-{number}", ("cardiology",), "DE") for number in range(members)]
    made = await accounts.create(new)
    secrets = [(await accounts.issue(one, "token", timedelta(days=1)))[0] for one in made]
    await store.close()
    stream = ids.stream()
    async with Direct(environment["DATABASE_OWNER_URL"], load_queries()) as owner:
        await owner.execute_value("insert into streams (id, kind) values ($1, 'room')", stream)
        await owner.execute_value(
            "insert into rooms (stream, kind, title, audience, specialties) values ($1, 'lounge', 'Bench', 'all', '{}')",
            stream,
        )
    return stream, secrets


async def entering(clients: Sequence[Client], *, here: bool) -> list[float]:
    """Have all of them enter, 50 at a time."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(client: Client) -> float:
        async with slots:
            return await client.enter(here=here)

    return await asyncio.gather(*(one(client) for client in clients))


async def resting(running: Node, clients: Sequence[Client]) -> float:
    """Return the node's processor time over a while in which nobody does anything, in ms for each member and minute."""
    before = processor_seconds(running.pid)
    await asyncio.sleep(WINDOW)
    return (processor_seconds(running.pid) - before) / len(clients) * 1000 * 60 / WINDOW


async def lively(running: Node, clients: Sequence[Client], lounge: str) -> float:
    """Return the same while five come or go each second."""
    before = processor_seconds(running.pid)
    ends = time.monotonic() + WINDOW
    turn = 0
    while time.monotonic() < ends:
        for client in clients[turn % len(clients) :][:CHANGES]:
            await client.ask("here", stream=lounge, here=turn // len(clients) % 2 == 1)
        turn += CHANGES
        await asyncio.sleep(1.0)
    return (processor_seconds(running.pid) - before) / len(clients) * 1000 * 60 / WINDOW


async def reloading(running: Node, clients: Sequence[Client], *, here: bool) -> dict[str, float]:
    """Return what it costs that all load the page anew."""
    before = processor_seconds(running.pid)
    began = time.perf_counter()
    for number in range(0, len(clients), AT_ONCE):
        await asyncio.gather(*(client.leave() for client in clients[number : number + AT_ONCE]))
    told = sum(client.told for client in clients)
    times = await entering(clients, here=here)
    seconds = time.perf_counter() - began
    used = processor_seconds(running.pid) - before
    return {
        "cpu_ms": round(used / len(clients) * 1000, 2),
        "seconds": round(seconds, 1),
        "p99_ms": round(percentile(times, 0.99) * 1000, 1),
        "told": round((sum(client.told for client in clients) - told) / len(clients), 1),
    }


async def measure(running: Node, lounge: str, secrets: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Measure each part, first with nobody there."""
    clients = [Client(running.url, secret, lounge) for secret in secrets]
    await entering(clients, here=False)
    await asyncio.sleep(2)
    at_rest: dict[str, float] = {"baseline: nobody is here": round(await resting(running, clients), 2)}
    storm = {"baseline: nobody is here": await reloading(running, clients, here=False)}
    await asyncio.gather(*(client.ask("here", stream=lounge) for client in clients))
    await asyncio.sleep(3)
    at_rest["all are here"] = round(await resting(running, clients), 2)
    at_rest[f"{CHANGES} come or go each second"] = round(await lively(running, clients, lounge), 2)
    await asyncio.gather(*(client.ask("here", stream=lounge) for client in clients))
    await asyncio.sleep(GRACE)
    storm["all are here"] = await reloading(running, clients, here=True)
    for client in clients:
        await client.leave()
    return {"at_rest": at_rest, "storm": storm}


def main() -> None:
    """Print the tables."""
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with servers() as told:
        lounge, secrets = asyncio.run(prepared(told, members))
        with node(told) as running:
            found = asyncio.run(measure(running, lounge, secrets))
    print(f"{f'{members} members in one lounge':<32}{'node CPU ms a member and minute':>34}")
    for name, cpu in found["at_rest"].items():
        print(f"{name:<32}{cpu:>34}")
    print(f"\n{'all load the page anew':<32}{'node CPU ms':>12}{'seconds':>9}{'p99 ms':>9}{'frames':>8}")
    for name, row in found["storm"].items():
        print(f"{name:<32}{row['cpu_ms']:>12}{row['seconds']:>9}{row['p99_ms']:>9}{row['told']:>8}")
    print(json.dumps({"bench": "presence", "members": members, "found": found}))


if __name__ == "__main__":
    main()
