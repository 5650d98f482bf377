"""One trial: a drill on an installation, while faults happen to it."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Final

from lounge.drill.plan import derived
from lounge.drill.run import Drill, Order
from tests.faults.nemesis import FAULTS
from tests.faults.texts import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lounge.drill.run import Report
    from tests.faults.place import Place

CALM: Final = 1.0
"""Seconds after the last fault."""
BEGUN: Final = 10
"""Changes acknowledged before the first fault: it must meet a drill that is under way."""
FINDINGS: Final = 20


class Crowd:
    """How many write and read, and how much."""

    def __init__(self, posters: int, followers: int, rate: float) -> None:
        self.posters, self.followers, self.rate = posters, followers, rate


SMALL: Final = Crowd(8, 12, 20.0)
USUAL: Final = Crowd(20, 40, 20.0)


async def trial(place: Place, faults: Sequence[str], seed: int, crowd: Crowd = SMALL) -> Report:
    """Let the faults happen, one after the other, while a drill runs; return what the drill found."""
    chance = random.Random(seed)
    writing_over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        drill = drill_on(place, crowd, seed)
        running = group.create_task(drill.run(writing_over))
        while len(drill.history.acknowledged) < BEGUN and not running.done():
            await asyncio.sleep(0.05)
        for name in faults:
            await FAULTS[name](place, chance)
        await asyncio.sleep(CALM)
        writing_over.set()
    return running.result()


def drill_on(place: Place, crowd: Crowd, seed: int, seconds: float = 24 * 3600.0) -> Drill:
    """Return a drill for this place, which reads by SQL too and takes its cases away in the end."""
    order = Order(
        urls=place.urls,
        tokens=place.tokens,
        posters=crowd.posters,
        followers=crowd.followers,
        rate=crowd.rate,
        seconds=seconds,
        seed=seed,
        database_url=place.direct.owner_url,
        clean=True,
    )
    return Drill(order, derived(texts(), seed))


def told(report: Report) -> str:
    """Return what a failed trial has to say."""
    counts = {kind: count for kind, count in report.counts.items() if count}
    return "\n".join([json.dumps(counts), *(f"{kind}: {what}" for kind, what in report.findings[:FINDINGS])])
