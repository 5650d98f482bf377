"""The engine: on every node, takes what is due, whoever caused it. A node that dies leaves its steps to the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from lounge.errors import LoungeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lounge.paging.taking import Taking
    from lounge.store import Item, Outcome, Store

log = structlog.get_logger(__name__)

POLL: Final = 1.0
"""Seconds between two looks for what is due, where nothing on this node says that something is."""
SWEEP: Final = 15.0
"""Seconds between two looks for cases whose reply a node that died has left unnoticed."""
AWAY: Final = 1.0
"""Seconds until the next try where Postgres is away."""
ROOMS: Final = 10_000
"""Rooms with posts that wait to be looked at, at the most; beyond it the sweep finds them."""


class Engine:
    """Takes steps as they fall due, and stops searches as replies come."""

    def __init__(self, store: Store, taking: Taking, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Take the store, and what takes steps."""
        self._store = store
        self._taking = taking
        self._sleep = sleep
        self._due = asyncio.Event()
        self._posted = asyncio.Event()
        self._rooms: dict[str, None] = {}

    def changed(self) -> None:
        """Learn that something may be due at once."""
        self._due.set()

    def touched(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        """Learn of what was committed on this node: a case that opened is paged for at once, a reply stops the search."""
        for item, outcome in zip(items, outcomes, strict=True):
            if outcome.status != "new":
                continue
            if item.kind == "opened":
                self._due.set()
            elif item.kind == "posted" and len(self._rooms) < ROOMS:
                self._rooms[item.stream] = None
                self._posted.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_taking(), name="pager-take")
            group.create_task(self._keep_answering(), name="pager-answer")
            group.create_task(self._keep_sweeping(), name="pager-sweep")
            group.create_task(self._keep_time(), name="pager-time")

    async def take_all(self) -> int:
        """Take steps until none is due; return how many there were."""
        taken = 0
        while now := await self._taking.take():
            taken += now
        return taken

    async def _keep_taking(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self.take_all()
            except LoungeError as error:
                log.warning("pager.away", error=error.code)
                await self._sleep(AWAY)
                self._due.set()

    async def _keep_time(self) -> None:
        """Look when the next step falls due, and at least every second: another node may have written a nearer one."""
        while True:
            wait = POLL
            try:
                seconds = await self._store.value("paging.next_due")
            except LoungeError:
                seconds = None
            if seconds is not None:
                wait = min(POLL, max(float(seconds), 0.0))
            await self._sleep(wait if wait > 0 else POLL / 10)
            self._due.set()

    async def _keep_answering(self) -> None:
        while True:
            await self._posted.wait()
            self._posted.clear()
            rooms, self._rooms = list(self._rooms), {}
            try:
                await self._taking.answer(rooms)
            except LoungeError:
                await self._sleep(AWAY)  # the sweep finds what this left out

    async def _keep_sweeping(self) -> None:
        while True:
            await self._sleep(SWEEP)
            try:
                await self._taking.answer(None)
            except LoungeError as error:
                log.warning("pager.unswept", error=error.code)
