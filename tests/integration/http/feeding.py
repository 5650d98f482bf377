"""A node behind a real port, and feeds read from it byte by byte."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from lounge.app import Addresses, running
from lounge.live.listener import Listener, listening_sockets
from lounge.live.outbound import LOW
from lounge.live.terms import Terms
from lounge.paging.source import Parser
from lounge.settings import Settings
from tests.integration.http.conftest import HandClock, Site
from tests.integration.http.paged import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lounge.paging.source import Told
    from tests.integration.conftest import Database

FEED = "/api/v1/pager/feed"


class Server(Site):
    """A node that listens; its clients come over the network."""

    listener: Listener

    def client(self, token: str | None = None, **options: Any) -> httpx.AsyncClient:
        """Return a client of its own."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.base, headers=headers, timeout=PATIENCE, **options)


@asynccontextmanager
async def listening(database: Database, **changed: Any) -> AsyncIterator[Server]:
    """Run a node on a free port."""
    sockets = listening_sockets("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    clock = HandClock()
    settings, addresses = Settings(**changed), Addresses(database.url, database.redis_url, port)
    async with running(settings, addresses, clock=clock) as node:
        server = Server(node, f"http://127.0.0.1:{port}", clock)
        later = asyncio.get_running_loop().call_later
        terms = Terms(later=later, random=random.Random(1), high_water=LOW, low_water=LOW // 4)
        server.listener = Listener(node.asgi, terms, signals=False)
        serving = asyncio.create_task(server.listener.serve(sockets))
        try:
            while not server.listener.started:
                await asyncio.sleep(0.01)
            yield server
        finally:
            server.listener.stop()
            server.listener.stop()
            await serving


class Reader:
    """What reads one feed."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.parser = Parser()
        self._pieces = answer.aiter_raw()
        self._told: list[Told] = []

    async def next(self) -> Told:
        """Return the next event."""
        async with asyncio.timeout(PATIENCE):
            while not self._told:
                self._told += self.parser.feed(await anext(self._pieces))
        return self._told.pop(0)

    async def until(self, event: str) -> dict[str, Any]:
        """Return the data of the next event of this kind, reading over others."""
        while (told := await self.next()).event != event:
            pass
        data: dict[str, Any] = json.loads(told.data)
        return data

    async def rest(self) -> list[Told]:
        """Return the events up to the end of the stream."""
        async with asyncio.timeout(PATIENCE):
            async for piece in self._pieces:
                self._told += self.parser.feed(piece)
        return self._told


@asynccontextmanager
async def feed(client: httpx.AsyncClient, last: str = "", query: str = "", **headers: str) -> AsyncIterator[Reader]:
    """Open a feed that is let in."""
    given = headers | ({"last-event-id": last} if last else {})
    async with client.stream("GET", FEED + query, headers=given) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Reader(answer)
