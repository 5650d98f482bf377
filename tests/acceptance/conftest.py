"""The acceptance tests use the integration tests' databases, with members of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.acceptance.node import issued_tokens
from tests.integration.conftest import database, template

if TYPE_CHECKING:
    from tests.integration.conftest import Database

__all__ = ["database", "template", "tokens"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tokens(database: Database) -> list[str]:
    """Make ten members, and return a token of each."""
    return await issued_tokens(database, 10)
