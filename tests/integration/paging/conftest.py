"""A desk at which pages are taken, over a module's own database, and another node's on the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest_asyncio

from lounge.store import SCHEMA
from tests.integration.cases.conftest import node, other, owner
from tests.integration.paging.desk import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.cases.conftest import Ask, Node
    from tests.integration.conftest import Database

__all__ = ["asked", "desk", "node", "other", "owner", "second"]


@pytest_asyncio.fixture(loop_scope="session")
async def asked(database: Database) -> AsyncIterator[Ask]:
    """Return what asks the database itself, as its owner, over connections that stay open: these tests ask a lot."""
    settings = {"search_path": SCHEMA}
    async with asyncpg.create_pool(database.owner_url, min_size=1, max_size=4, server_settings=settings) as pool:
        yield pool.fetch


@pytest_asyncio.fixture(loop_scope="session")
async def desk(node: Node, asked: Ask) -> Desk:
    """Return a desk at which nobody sits yet."""
    desk = Desk(node, asked)
    await desk.alone()
    return desk


@pytest_asyncio.fixture(loop_scope="session")
async def second(other: Node, asked: Ask) -> Desk:
    """Return another node's desk on the same database."""
    return Desk(other, asked)
