"""One drill from beginning to end."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lounge.drill.follower import Follower
from lounge.drill.history import Finding, History, percentiles
from lounge.drill.peer import Lost, persistent
from lounge.drill.poster import Board, Poster
from lounge.drill.truth import Site, Stood, with_events
from lounge.drill.verdict import counted, judged

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.drill.plan import Plan

SETTLE_WITHIN: Final = 60.0
"""Seconds that the last events have to reach everybody once nobody writes any more."""
LONGEST_STAY: Final = 8.0
"""Seconds for which a follower stays connected on average, in a long drill."""
RECONNECTS, RESENDS = 100, 50
"""Fewer show nothing."""


class Order(Struct, frozen=True, kw_only=True):
    """What to do: so many posters and followers, changes a second in all, for so many seconds."""

    urls: list[str]
    tokens: list[str]
    posters: int
    followers: int
    rate: float
    seconds: float
    seed: int
    database_url: str | None = None
    clean: bool = False


class Report(Struct, frozen=True):
    """What came of it: `counts` by kind of finding, `findings` in words (ids and numbers), times in milliseconds."""

    counts: dict[str, int]
    findings: list[Finding]
    rooms: int
    acknowledged: int
    of_this_epoch: int
    events: int
    deliveries: int
    reconnects: int
    resends: int
    refused: dict[str, int]
    acknowledgement_ms: dict[str, float]
    delivery_ms: dict[str, float]
    settled_after: float
    by_sql: bool
    removed: int | None

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not any(self.counts.values())

    @property
    def conclusive(self) -> bool:
        """Whether enough was broken on purpose for the result to mean something."""
        return self.reconnects >= RECONNECTS and self.resends >= RESENDS


class Drill:
    """Runs one order on one plan."""

    def __init__(self, order: Order, plan: Plan, progress: Callable[[History, float], None] | None = None) -> None:
        """Take what to do, what to write with, and whom to tell of the state, about four times a second."""
        self._order = order
        self._plan = plan
        self._progress = progress
        self._site = Site(order.urls)
        self.history = History()

    async def run(self, writing_over: asyncio.Event | None = None) -> Report:
        """Open the cases, let posters and followers loose, wait until all is quiet, compare.

        Writing ends after the seconds ordered, or once `writing_over` is set.
        """
        writing_over = writing_over or asyncio.Event()
        order, chance = self._order, random.Random(self._order.seed)
        rooms = [
            await self._site.open_case(order.tokens[number % len(order.tokens)], case)
            for number, case in enumerate(self._plan.cases)
        ]
        followers = [self._follower(number, rooms, chance) for number in range(order.followers)]
        board = Board()
        posters = [self._poster(number, rooms, chance, board) for number in range(order.posters)]
        async with asyncio.TaskGroup() as group:
            following = [group.create_task(one.run(writing_over), name=f"drill-{one.name}") for one in followers]
            async with asyncio.TaskGroup() as writing:
                for poster in posters:
                    writing.create_task(poster.run(writing_over), name="drill-poster")
                await self._wait(order.seconds, writing_over)
            settled_after = await self._settle(rooms, followers)
            for task in following:
                task.cancel()
        stood = await self._stood(rooms)
        # What was acknowledged before a restore may be gone with it: that is what a new epoch says.
        epoch = await self._epoch()
        owed = [one for one in self.history.acknowledged if one.epoch == epoch]
        findings = self.history.findings + judged(owed, followers, stood)
        removed = await self._clean() if order.clean else None
        return self._report(findings, stood, len(owed), settled_after, removed)

    def _follower(self, number: int, rooms: list[str], chance: random.Random) -> Follower:
        order = self._order
        return Follower(
            f"follower-{number}",
            order.urls,
            order.tokens[number % len(order.tokens)],
            rooms,
            stay=max(min(LONGEST_STAY, order.seconds / 8), 0.2),
            chance=random.Random(chance.random()),
            history=self.history,
        )

    def _poster(self, number: int, rooms: list[str], chance: random.Random, board: Board) -> Poster:
        order = self._order
        return Poster(
            order.urls,
            order.tokens[-1 - number % len(order.tokens)],
            rooms,
            self._plan.replies,
            pause=order.posters / order.rate,
            chance=random.Random(chance.random()),
            history=self.history,
            board=board,
        )

    async def _wait(self, seconds: float, over: asyncio.Event) -> None:
        end = self.history.clock() + seconds
        while not over.is_set() and (left := end - self.history.clock()) > 0:
            if self._progress is not None:
                self._progress(self.history, 1 - left / seconds)
            await asyncio.sleep(min(left, 0.25))
        over.set()

    async def _settle(self, rooms: list[str], followers: list[Follower]) -> float:
        """Wait until every follower is at every head; return how long that took."""
        began = self.history.clock()
        while (waited := self.history.clock() - began) < SETTLE_WITHIN:
            try:
                heads = {room: await self._site.head(self._order.tokens[0], room) for room in rooms}
            except Lost:
                continue
            if not any(one.missing(heads) for one in followers):
                break
            await asyncio.sleep(0.1)
        return round(waited, 2)

    async def _stood(self, rooms: list[str]) -> dict[str, Stood]:
        stood = {room: await self._site.read(self._order.tokens[0], room) for room in rooms}
        return stood if self._order.database_url is None else await with_events(self._order.database_url, stood)

    async def _epoch(self) -> str:
        peer = await persistent(self._order.urls, self._order.tokens[0], lambda _push: None, random.Random(0))
        await peer.close()
        return peer.epoch

    async def _clean(self) -> int:
        return sum([await self._site.clean(token) for token in self._order.tokens])

    def _report(
        self, findings: list[Finding], stood: dict[str, Stood], owed: int, settled_after: float, removed: int | None
    ) -> Report:
        history = self.history
        return Report(
            counts=counted(findings),
            findings=findings[:100],
            rooms=len(stood),
            acknowledged=len(history.acknowledged),
            of_this_epoch=owed,
            events=sum(one.head for one in stood.values()),
            deliveries=history.deliveries,
            reconnects=history.reconnects,
            resends=history.resends,
            refused=dict(history.refused),
            acknowledgement_ms=percentiles(history.acknowledged_after),
            delivery_ms=percentiles(history.delivered_after),
            settled_after=settled_after,
            by_sql=self._order.database_url is not None,
            removed=removed,
        )
