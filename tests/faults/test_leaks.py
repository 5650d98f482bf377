"""What a thousand sessions leave behind on a node: nothing."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import asyncpg
import redis.asyncio

from tests.acceptance.node import FAR, Node, issued_tokens
from tests.acceptance.test_two_nodes import open_case
from tests.faults.soak import held
from tests.faults.turnover import turnover

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.soak import Held
    from tests.integration.conftest import Database


async def outside(database: Database) -> tuple[int, int]:
    """Return the connections that Postgres has for this database, and the channels that Redis has subscribers of."""
    owner = await asyncpg.connect(database.owner_url)
    connections = await owner.fetchval(
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    await owner.close()
    async with redis.asyncio.Redis.from_url(database.redis_url) as valkey:
        return connections, len(await valkey.pubsub_shardchannels())


async def test_a_thousand_sessions_leave_nothing_behind(database: Database, tmp_path: Path) -> None:
    """Tasks, sockets, descriptors, connections and subscriptions are as many as after the first fifty."""
    tokens = await issued_tokens(database, 20)
    chance = random.Random(6)
    async with Node(database, log=tmp_path / "node.log") as node:
        rooms = [(await open_case(node.url, tokens[0], "Fever for six days, a rash."))["room"] for _ in range(5)]

        async def at_rest() -> tuple[Held, tuple[int, int]]:
            """Wait for the sweep that lets go of streams which nobody follows."""
            async with asyncio.timeout(FAR):
                while (now := await held(node.url, node.process.pid)).counts["lounge_streams"] > 1:
                    await asyncio.sleep(0.5)
            return now, await outside(database)

        await turnover(node.url, tokens, rooms, 50, chance)
        before, around = await at_rest()
        await turnover(node.url, tokens, rooms, 1_000, chance)
        after, around_after = await at_rest()
    print(f"\nbefore {before}\nafter  {after}")  # noqa: T201  pytest -s shows the figures
    assert after.counts == before.counts
    assert after.counts["lounge_sessions"] == 0
    # What a pool of connections may add; each session that stayed would add one.
    assert after.descriptors <= before.descriptors + 12
    assert around_after[0] <= around[0] + 12
    assert around_after[1] == around[1]
