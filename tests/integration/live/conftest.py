"""Two nodes' live parts on one database, a room, and two members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from lounge.sql import load_queries
from lounge.store import Direct
from tests.integration.live.parts import Parts, running_parts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lounge.members.accounts import Member
    from tests.integration.conftest import Database

    NewRoom = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture(loop_scope="session")
async def here(database: Database) -> AsyncIterator[Parts]:
    """One node."""
    async with running_parts(database.url, database.redis_url) as parts:
        yield parts


@pytest_asyncio.fixture(loop_scope="session")
async def there(database: Database) -> AsyncIterator[Parts]:
    """Another node on the same database and Redis."""
    async with running_parts(database.url, database.redis_url) as parts:
        yield parts


@pytest_asyncio.fixture(loop_scope="session")
async def new_room(database: Database, here: Parts) -> NewRoom:
    """Make rooms."""

    async def make(kind: str = "lounge", audience: str = "all", specialties: tuple[str, ...] = ()) -> str:
        stream = here.ids.stream()
        async with Direct(database.owner_url, load_queries()) as owner:
            await owner.execute_value("insert into streams (id, kind) values ($1, 'room')", stream)
            await owner.execute_value(
                "insert into rooms (stream, kind, title, audience, specialties) values ($1, $2, 'A room', $3, $4)",
                stream,
                kind,
                audience,
                list(specialties),
            )
        return stream

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def room(new_room: NewRoom) -> str:
    """A lounge open to all."""
    return await new_room()


@pytest_asyncio.fixture(loop_scope="session")
async def anna(here: Parts) -> Member:
    """A member."""
    return await here.member(f"anna-{here.ids.secret()[:8]}")


@pytest_asyncio.fixture(loop_scope="session")
async def bert(here: Parts) -> Member:
    """Another."""
    return await here.member(f"bert-{here.ids.secret()[:8]}")
