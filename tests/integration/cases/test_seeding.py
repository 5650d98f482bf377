"""The demo network is put in once, whole, and is as old as its story says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from lounge.data import load_demo
from lounge.demo import Seeder
from lounge.endings import Endings
from lounge.errors import Unavailable
from lounge.sql import load_queries
from lounge.store import Direct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.cases.conftest import Ask, Node
    from tests.integration.conftest import Database

COUNTS = """select (select count(*) from members) as members, (select count(*) from cases) as cases,
    (select count(*) from messages) as messages, (select sum(head) from streams) as heads,
    (select count(*) from rooms where kind = 'lounge') as lounges"""


@pytest_asyncio.fixture(loop_scope="session")
async def seeder(node: Node, database: Database) -> AsyncIterator[Seeder]:
    """Return what seeds the module's database."""
    async with Direct(database.owner_url, load_queries()) as owner:
        endings = Endings(node.store, node.ids, node.clock, enter=node.rooms.participate, committed=node.committed)
        yield Seeder(node.store, owner, node.ids, node.clock, node.accounts, node.rooms, node.cases, endings)


async def test_seeding_is_taken_up_where_it_broke_off_and_done_once(
    node: Node, seeder: Seeder, owner: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three starts that broke off and one that did not leave what the file says, each thing once; the next has nothing to do."""
    demo, change = load_demo(), node.rooms.change
    for allowed in (2, 15, 40):
        left = allowed

        async def failing(*args: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Unavailable
            return await change(*args)

        monkeypatch.setattr(node.rooms, "change", failing)
        with pytest.raises(Unavailable):
            await seeder.seed(demo)
    monkeypatch.setattr(node.rooms, "change", change)
    assert await seeder.seed(demo) is True
    (counts,) = await owner(COUNTS)
    assert (counts["members"], counts["cases"], counts["lounges"]) == (12, 12, len(demo.lounges))
    assert counts["messages"] == sum(len(one.posts) for one in demo.cases) + sum(len(one.posts) for one in demo.lounges)
    assert await seeder.seed(demo) is False
    assert await owner(COUNTS) == [counts]


async def test_the_story_has_one_time(seeder: Seeder, owner: Ask) -> None:
    """Events never run backwards; messages, first replies, heads and the lines on boards say the times of the events."""
    await seeder.seed(load_demo())
    assert not await owner(
        """select 1 from (select at, lag(at) over (partition by stream order by seq) as before from events e
           where stream in (select stream from rooms)) e where e.at < e.before"""
    )
    assert not await owner(
        "select 1 from messages m join events e on e.stream = m.stream and e.seq = m.seq where e.at <> m.at"
    )
    assert not await owner(
        """select 1 from cases c join streams s on s.id = c.room
           where s.last_at <> (select max(at) from events e where e.stream = c.room)
              or c.opened_at <> (select min(at) from events e where e.stream = c.room)
              or s.first_reply_at is distinct from
                 (select min(at) from messages m where m.stream = c.room and m.author > 1)
              or c.announced <> s.posts"""
    )
    assert not await owner(
        """select 1 from events e join cases c on c.id = (e.data->>'id')::uuid
           where e.kind = 'case.opened' and (e.data->>'opened_at')::bigint <> extract(epoch from c.opened_at) * 1000"""
    )
