"""Members and tokens from the command line."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from lounge.app import accounts_of, specialties_of
from lounge.clock import SystemClock
from lounge.errors import Invalid, NotFound
from lounge.ids import Ids, SystemRandomness
from lounge.serving import database, make_ready
from lounge.sql import load_queries
from lounge.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from lounge.members.accounts import Accounts, Member, NewMember
    from lounge.settings import Settings


async def tokens_of(settings: Settings, data: Path, handle: str) -> list[str]:
    """Return a new token of the member with this handle; raise NotFound."""
    async with _accounts(settings, data) as accounts:
        return await _issued(settings, accounts, [await accounts.by_handle(handle)])


async def tokens_of_new(settings: Settings, data: Path, new: Sequence[NewMember]) -> list[str]:
    """Make these members, all or none, and return a token of each.

    One alone that exists already just as described is given another token, so that the command may be repeated; raise
    Invalid where it exists otherwise.
    """
    async with _accounts(settings, data) as accounts:
        members = await _known(accounts, new[0]) if len(new) == 1 else []
        return await _issued(settings, accounts, members or await accounts.create(new))


async def _known(accounts: Accounts, new: NewMember) -> list[Member]:
    try:
        member = await accounts.by_handle(new.handle)
    except NotFound:
        return []
    if (member.role, set(member.specialties), member.country) != (new.role, set(new.specialties), new.country):
        message = f"the member {new.handle} exists with another role, country or specialties: choose another handle"
        raise Invalid(message)
    return [member]


async def _issued(settings: Settings, accounts: Accounts, members: Sequence[Member]) -> list[str]:
    lifetime = timedelta(days=settings.token_days)
    return [(await accounts.issue(member, "token", lifetime))[0] for member in members]


@asynccontextmanager
async def _accounts(settings: Settings, data: Path) -> AsyncIterator[Accounts]:
    clock, specialties = SystemClock(), specialties_of(settings)
    async with database(settings, data) as databases:
        await make_ready(settings, databases)
        store = Store(databases.url, load_queries())
        try:
            await store.open()
            # Nothing here ends a session, which alone would have to be told to others.
            yield accounts_of(store, Ids(clock, SystemRandomness()), clock, specialties, lambda _items, _outcomes: None)
        finally:
            await store.close()
