"""A long drill without faults: what the nodes hold must end where it began."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from lounge.drill.plan import derived
from lounge.drill.truth import Site
from tests.faults.place import installation
from tests.faults.texts import texts
from tests.faults.trial import USUAL, drill_on, told
from tests.faults.turnover import turnover

if TYPE_CHECKING:
    from tests.faults.place import Place

WARM: Final = 5_000
"""Sessions after which a node's memory is what it is: until then the allocator and the collector of cycles take their part."""
ALLOWED_KIB: Final = 12 * 1024
"""KiB by which a node may end larger than it was when warm: what the allocator keeps varies by some MiB."""
QUIET: Final = 5.0

COUNTED: Final = ("lounge_tasks", "lounge_sessions", "lounge_followers", "lounge_streams")


class Held:
    """What a node holds: memory in KiB, descriptors, and some of its own counts."""

    def __init__(self, rss: int, descriptors: int, counts: dict[str, float]) -> None:
        self.rss, self.descriptors, self.counts = rss, descriptors, counts

    def __str__(self) -> str:
        counts = ", ".join(f"{name.removeprefix('lounge_')} {value:.0f}" for name, value in self.counts.items())
        return f"RSS {self.rss:,} KiB, descriptors {self.descriptors}, {counts}"


def resident(pid: int) -> int:
    """Return the KiB of memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def descriptors(pid: int) -> int:
    """Return how many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def held(url: str, pid: int) -> Held:
    """Return what a node holds now."""
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{url}/metrics")).text
    lines = [line.split() for line in metrics.splitlines() if line.startswith(COUNTED)]
    return Held(resident(pid), descriptors(pid), {name: float(value) for name, value in lines})


async def all_held(place: Place) -> list[Held]:
    """Return what each node holds, read past the proxies."""
    return [await held(node.url, node.process.pid) for node in place.nodes]


async def soak(seconds: float) -> bool:
    """Drill without faults for so long; print what the nodes held when warm and in the end; return whether that grew."""
    async with installation() as place:
        print(f"\nSoak of {seconds:.0f} s:", flush=True)
        site = Site(place.urls)
        rooms = [await site.open_case(place.tokens[0], case) for case in derived(texts(), 2).cases]
        for node in place.nodes:
            await turnover(node.url, place.tokens, rooms, WARM, random.Random(1))
        await _drilled(place, QUIET)
        before = await all_held(place)
        await _drilled(place, seconds)
        after = await all_held(place)
    grew = False
    for number, (then, now) in enumerate(zip(before, after, strict=True)):
        print(f"node {number} warm:       {then}\nnode {number} in the end: {now}", flush=True)
        grew |= now.rss > then.rss + ALLOWED_KIB or now.counts != then.counts
    return grew


async def _drilled(place: Place, seconds: float) -> None:
    report = await drill_on(place, USUAL, 1, seconds).run()
    if not report.clean:
        print(told(report), file=sys.stderr)
    await asyncio.sleep(QUIET)
