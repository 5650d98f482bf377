"""Many short sessions: members come, follow, read, write, and leave in one of three ways."""

from __future__ import annotations

import asyncio
import random
import uuid
from typing import Final

from lounge.drill.peer import connected

AT_ONCE: Final = 50


async def turnover(url: str, tokens: list[str], rooms: list[str], sessions: int, chance: random.Random) -> None:
    """Let so many sessions come and go, fifty at a time."""
    for _ in range(sessions // AT_ONCE):
        await asyncio.gather(
            *(_session(url, tokens[n % len(tokens)], rooms, random.Random(chance.random())) for n in range(AT_ONCE))
        )


async def _session(url: str, token: str, rooms: list[str], chance: random.Random) -> None:
    """Come, follow, read, write, and leave in one of three ways."""
    peer = await connected(url, token, lambda _push: None)
    for room in chance.sample(rooms, 2):
        await peer.ask("follow", stream=room)
    await peer.ask("read", stream=rooms[0], limit=200)
    way = chance.randrange(3)
    if way == 0:
        await peer.ask("post", stream=chance.choice(rooms), key=str(uuid.uuid4()), body="A word, and away.")
        await peer.close()
    elif way == 1:
        asking = asyncio.create_task(peer.ask("follow", stream=chance.choice(rooms)))
        await peer.abort()
        await asyncio.wait([asking])
        asking.exception()
    else:
        await peer.ask("unfollow", stream=rooms[0])
        await peer.abort()
