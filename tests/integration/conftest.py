"""A database of its own for each test module, copied from one that was migrated once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest_asyncio

from lounge.clock import SystemClock
from lounge.ids import Ids, SystemRandomness
from lounge.migrations import migrate
from lounge.sql import load_queries
from lounge.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Servers

TEMPLATE = "lounge_template"


class Database(NamedTuple):
    """A migrated, empty database, and the Redis beside it."""

    url: str
    owner_url: str
    redis_url: str


def named(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(servers: Servers) -> AsyncIterator[str]:
    """Migrate once; the rest are copies."""
    admin = await asyncpg.connect(servers.admin_url)
    await admin.execute(f"drop database if exists {TEMPLATE}")
    await admin.execute(f"create database {TEMPLATE} owner {urlsplit(servers.owner_url).username}")
    await admin.close()
    await migrate(named(servers.owner_url, TEMPLATE), Ids(SystemClock(), SystemRandomness()))
    yield TEMPLATE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(servers: Servers, template: str) -> AsyncIterator[Database]:
    """Give the module a database of its own."""
    name = f"test_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(servers.admin_url)
    await admin.execute(f"create database {name} template {template} owner {urlsplit(servers.owner_url).username}")
    try:
        yield Database(named(servers.database_url, name), named(servers.owner_url, name), servers.redis_url)
        await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def store(database: Database) -> AsyncIterator[Store]:
    """Open the module's database as the application does."""
    store = Store(database.url, load_queries())
    await store.open()
    yield store
    await store.close()
