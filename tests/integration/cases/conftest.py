"""Cases, boards and accounts over a module's own database, with a clock that tests move."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import pytest
import pytest_asyncio

from lounge.aliases import Aliases
from lounge.boards import BoardKeeper, ensure_boards
from lounge.cases import Audience, Case, Cases, Draft
from lounge.clock import SystemClock
from lounge.data import load_alias_words, load_countries, load_languages, load_specialties
from lounge.ids import Ids, SystemRandomness
from lounge.live.messages import Post
from lounge.members.accounts import Accounts, NewMember
from lounge.paging.escalations import Escalations
from lounge.paging.policies import Policies
from lounge.paging.telling import Telling
from lounge.rooms import Rooms
from lounge.sql import load_queries
from lounge.store import SCHEMA, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from lounge.members.accounts import Member
    from lounge.store import Item, Outcome
    from tests.integration.conftest import Database

    Ask = Callable[..., Awaitable[list[Any]]]

K = 3
"""The smallest crowd that a label may name, here."""


class StillClock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        """Begin at the present: Postgres stamps by its own clock."""
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time that it shows."""
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        """Return seconds since some start."""
        return 1000.0 + self.ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        """Move it on."""
        self.ahead += timedelta(seconds=seconds)


class Told(NamedTuple):
    """One event that was handed on after its commit."""

    stream: str
    kind: str
    seq: int


class Node:
    """What one node knows of cases; several may stand on one database."""

    def __init__(self, store: Store, clock: StillClock) -> None:
        """Build the rules around a store."""
        self.store = store
        self.clock = clock
        self.ids = Ids(SystemClock(), SystemRandomness())
        self.specialties = load_specialties()
        self.told: list[Told] = []
        countries, words = load_countries(), load_alias_words()
        self.aliases = Aliases(store, words, self.specialties, countries, clock=clock, random=SystemRandomness(), k=K)
        self.accounts = Accounts(
            store,
            self.ids,
            clock,
            specialties=self.specialties,
            countries=countries,
            languages=load_languages(),
            committed=self.committed,
        )
        self.keeper = BoardKeeper(store, self.ids, clock, self.committed)
        self.telling = Telling(self.ids)
        self.policies = Policies(store)
        self.escalations = Escalations(store, self.telling, self.committed, changed=lambda: None)
        self.cases = Cases(
            store,
            self.ids,
            self.aliases,
            self.specialties,
            self.committed,
            countries=countries,
            search=self.policies.begin,
        )
        self.rooms = Rooms(store, self.append, self.committed, self.ids, self.aliases)

    def committed(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        """Keep what was told."""
        self.told += [
            Told(item.stream, item.kind, outcome.seq)
            for item, outcome in zip(items, outcomes, strict=True)
            if outcome.status == "new" and outcome.seq is not None
        ]

    async def append(self, item: Item) -> Outcome:
        """Append one event, as the group commit does with many, and tell the keeper."""
        (outcome,) = await self.store.append([item])
        self.keeper.touched([item], [outcome])
        self.committed([item], [outcome])
        return outcome

    async def member(self, *specialties: str, country: str = "DE") -> Member:
        """Make a member with a handle of their own."""
        handle = f"m-{uuid.uuid4().hex[:12]}"
        (member,) = await self.accounts.create([NewMember(handle, specialties or ("cardiology",), country, "member")])
        return member

    async def case(self, author: Member, **changed: object) -> Case:
        """Open a case."""
        case, new = await self.cases.open(author, str(uuid.uuid4()), draft(**changed))
        assert new
        return case

    async def post(self, member: Member, room: str, body: str = "Words.") -> int:
        """Post into a room and return the event's number."""
        done = await self.rooms.change(member, Post(id=0, stream=room, key=str(uuid.uuid4()), body=body))
        assert done.seq is not None
        return done.seq


def draft(**changed: object) -> Draft:
    """Return a case as its author writes it."""
    fields = {
        "title": "Fever of four weeks, a new murmur",
        "specialty": "cardiology",
        "urgency": "urgent",
        "presentation": "A teacher of fifty. Cultures are negative so far.",
        "question": "Which serologies first?",
        "audience": Audience(),
    }
    return Draft(**(fields | changed))  # type: ignore[arg-type]


@pytest.fixture
def owner(database: Database) -> Ask:
    """Return what asks the database itself, as its owner: to see what stands there."""

    async def ask(statement: str, *args: object) -> list[Any]:
        connection = await asyncpg.connect(database.owner_url, server_settings={"search_path": SCHEMA})
        try:
            return await connection.fetch(statement, *args)
        finally:
            await connection.close()

    return ask


@pytest_asyncio.fixture(loop_scope="session")
async def node(database: Database) -> AsyncIterator[Node]:
    """Return a node on the module's database."""
    store = Store(database.url, load_queries())
    await store.open()
    node = Node(store, StillClock())
    await ensure_boards(store, node.ids, [one.id for one in node.specialties])
    yield node
    await store.close()


@pytest_asyncio.fixture(loop_scope="session")
async def other(database: Database) -> AsyncIterator[Node]:
    """Return a second node on the same database."""
    store = Store(database.url, load_queries())
    await store.open()
    yield Node(store, StillClock())
    await store.close()
