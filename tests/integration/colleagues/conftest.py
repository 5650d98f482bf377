"""A demo that serves on loopback, seeded, with colleagues for whom everything takes a fiftieth of its time."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest_asyncio

from lounge.app import Addresses, running
from lounge.clock import SystemClock
from lounge.colleagues.cast import personas_of
from lounge.colleagues.company import Company
from lounge.data import load_demo, load_specialties, load_stock
from lounge.ids import SystemRandomness
from lounge.live.listener import Listener, listening_sockets
from lounge.live.outbound import LOW
from lounge.live.terms import Terms
from lounge.serving import seed
from lounge.settings import Settings
from lounge.store import SCHEMA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lounge.app import Node
    from tests.integration.conftest import Database

HURRIED = 0.02
WITHIN = 120.0
"""Seconds after which what never comes is given up: nothing that takes its time is wrong for it."""
AUTHORS = """select m.handle from messages x join participants p on p.stream = x.stream and p.n = x.author
    join members m on m.id = p.member where x.stream = $1::uuid order by x.seq"""


class House:
    """The demo: where it is, and how to look into it as a member."""

    def __init__(self, url: str, node: Node, database: Database) -> None:
        self.url = url
        self.node = node
        self._database = database

    async def asks(self, statement: str, *args: object) -> list[Any]:
        """Return what the database itself says."""
        connection = await asyncpg.connect(self._database.owner_url, server_settings={"search_path": SCHEMA})
        try:
            return await connection.fetch(statement, *args)
        finally:
            await connection.close()

    async def authors(self, stream: str) -> list[str]:
        """Return who wrote each message of a room, by handle: which no member is ever told."""
        return [row["handle"] for row in await self.asks(AUTHORS, stream)]

    def sessions(self) -> int:
        """Return how many connections the node counts."""
        (line,) = [
            one for one in self.node.metrics.rendered().decode().splitlines() if one.startswith("lounge_sessions ")
        ]
        return int(float(line.split()[1]))

    @asynccontextmanager
    async def visitor(self, handle: str = "heron-lane") -> AsyncIterator[Visitor]:
        """Sign in as a member, as the sign-in page does."""
        async with httpx.AsyncClient(base_url=self.url, headers={"Origin": self.url}) as client:
            answer = await client.post("/api/v1/demo/sign-in", json={"handle": handle})
            assert answer.status_code == 200
            yield Visitor(client)

    @asynccontextmanager
    async def company(self, scale: float = HURRIED, seed: int = 1) -> AsyncIterator[Company]:
        """Let the colleagues in, and see that they go."""
        company = Company(
            self.url,
            personas_of(load_demo()),
            load_stock(),
            load_specialties(),
            clock=SystemClock(),
            chance=Random(seed),
            scale=scale,
        )
        running = asyncio.create_task(company.run())
        try:
            await until(lambda: all(one._up.is_set() for one in company._colleagues.values()) or running.done())
            assert not running.done(), running.exception()
            yield company
            assert not running.done(), running.exception()
        finally:
            running.cancel()
            await asyncio.wait([running])


class Visitor:
    """Somebody who looks at the demo."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def opens(self, **changed: Any) -> dict[str, Any]:
        """Post a case."""
        draft = {
            "title": "Sodium 112 and a first seizure",
            "specialty": "nephrology",
            "urgency": "today",
            "presentation": "A woman of 44, found seizing after two days of vomiting.",
            "question": "How fast may it rise?",
            "summary": {
                "patient": {"age": 44, "sex": "female"},
                "investigations": [{"name": "Sodium", "value": "112", "unit": "mmol/L", "low": 133, "high": 146}],
            },
            "audience": {"kind": "all"},
        }
        case: dict[str, Any] = (await self._post("/api/v1/cases", draft | changed))["case"]
        return case

    async def writes(self, stream: str, body: str, **more: Any) -> int:
        """Write a message and return its number."""
        seq: int = (await self._post(f"/api/v1/rooms/{stream}/messages", {"body": body} | more))["seq"]
        return seq

    async def begins(self, handle: str) -> str:
        """Open a room with one other."""
        stream: str = (await self._post("/api/v1/rooms", {"kind": "direct", "members": [handle]}))["stream"]
        return stream

    async def reads(self, stream: str) -> list[dict[str, Any]]:
        """Return the messages of a room."""
        answer = await self.client.get(f"/api/v1/rooms/{stream}/messages?limit=200")
        assert answer.status_code == 200
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    async def hears(self, stream: str, count: int) -> list[dict[str, Any]]:
        """Wait until a room has so many messages, and return them."""
        async with asyncio.timeout(WITHIN):
            while len(messages := await self.reads(stream)) < count:
                await asyncio.sleep(0.05)
        return messages

    async def rooms(self) -> list[dict[str, Any]]:
        """Return the rooms open to the member."""
        rooms: list[dict[str, Any]] = (await self.client.get("/api/v1/rooms?limit=100")).json()["rooms"]
        return rooms

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.client.post(path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
        assert answer.is_success, answer.text
        return answer.json()


async def until(happened: Any) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(WITHIN):
        while not happened():
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(database: Database) -> AsyncIterator[House]:
    """Serve a seeded demo for the module."""
    sockets = listening_sockets("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    settings = Settings(label_k=1)
    async with running(settings, Addresses(database.url, database.redis_url, port), demo=True) as node:
        await seed(node, database.owner_url)
        terms = Terms(
            later=asyncio.get_running_loop().call_later,
            random=SystemRandomness(),
            drain_seconds=1,
            connections=1000,
            high_water=LOW,
            low_water=LOW // 4,
        )
        listener = Listener(node.asgi, terms, proxies=[], signals=False)
        serving = asyncio.create_task(listener.serve(sockets))
        await until(lambda: listener.started)
        yield House(f"http://127.0.0.1:{port}", node, database)
        listener.stop()
        await serving
    for one in sockets:
        one.close()
