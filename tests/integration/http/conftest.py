"""A node over HTTP: the real application on a real Postgres, with a clock that tests move."""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest

from lounge.app import Addresses, running
from lounge.members.accounts import NewMember
from lounge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from lounge.app import Node
    from lounge.members.accounts import Member
    from tests.integration.conftest import Database

    Open = Callable[..., AbstractAsyncContextManager["Site"]]
    Ask = Callable[..., Awaitable[list[Any]]]

PORT = 8000
LOOPBACK = f"http://127.0.0.1:{PORT}"
PUBLIC = "https://lounge.example.org"


class HandClock:
    """A clock that a test moves; by itself it only moves on by a millisecond at each look, so that no two are alike."""

    def __init__(self) -> None:
        """Begin at the present, since Postgres stamps events by its own clock."""
        self._now = datetime.now(UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """Return the time that it shows."""
        self._now += timedelta(milliseconds=1)
        return self._now

    def monotonic(self) -> float:
        """Return seconds since some start."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move it on."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class Site:
    """A node, a client that speaks to it as a browser or a program would, and its clock."""

    def __init__(self, node: Node, base: str, clock: HandClock) -> None:
        """Take the node and the address under which it believes to be reached."""
        self.node = node
        self.base = base
        self.clock = clock

    def client(self, token: str | None = None, **options: Any) -> httpx.AsyncClient:
        """Return a client of its own: no cookie is shared; `token` goes into the Authorization header."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.node.asgi, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=self.base, headers=headers, **options)

    async def member(self, *specialties: str, country: str = "DE", role: Any = "member") -> Member:
        """Make a member with a handle that no other test uses."""
        handle = f"m-{uuid.uuid4().hex[:12]}"
        new = NewMember(handle, specialties or ("cardiology",), country, role)
        return (await self.node.accounts.create([new]))[0]

    async def token(self, member: Member | None = None, days: float = 1) -> str:
        """Return a token, of a new member unless one is given."""
        member = member or await self.member()
        return (await self.node.accounts.issue(member, "token", timedelta(days=days)))[0]


@pytest.fixture
def owner(database: Database) -> Ask:
    """Return what asks the database itself, as its owner: to see what stands there."""

    async def ask(statement: str, *args: object) -> list[Any]:
        connection = await asyncpg.connect(database.owner_url)
        try:
            return await connection.fetch(statement, *args)
        finally:
            await connection.close()

    return ask


@pytest.fixture
def site(database: Database) -> Open:
    """Return what opens a node: `demo`, and any setting by keyword."""

    @asynccontextmanager
    async def opened(*, demo: bool = False, **changed: Any) -> AsyncIterator[Site]:
        settings = Settings(**changed)
        clock = HandClock()
        addresses = Addresses(database.url, database.redis_url, PORT)
        async with running(settings, addresses, demo=demo, clock=clock) as node:
            yield Site(node, settings.public_url or LOOPBACK, clock)

    return opened
