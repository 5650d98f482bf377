"""What is owed and due: a row in Postgres that any node takes, so that no crash forgets it.

A chore claims its rows, does what they ask and marks them in one transaction; two nodes at once pass each other by.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from lounge.errors import LoungeError
from lounge.live.events import Expired, FollowUpAsked, Mentioned
from lounge.store import Item, Pool, digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lounge.clock import Clock
    from lounge.ids import Ids
    from lounge.store import Outcome, Store

log = structlog.get_logger(__name__)

SWEEP: Final = 30.0
"""Seconds between two looks for what a node that died has left undone."""
AT_ONCE: Final = 100
"""Rows claimed in one transaction."""

_encode = msgspec.json.Encoder().encode


class Chores:
    """Tells the members who were called, asks authors what became of their patients, takes away texts whose time is over."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        clock: Clock,
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take the store, ids, time, and whom to tell of events."""
        self._store = store
        self._ids = ids
        self._clock = clock
        self._committed = committed
        self._sleep = sleep
        self._called = asyncio.Event()

    def touched(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        """Learn of what was committed on this node: who was called is told at once."""
        for item, outcome in zip(items, outcomes, strict=True):
            if item.kind == "posted" and outcome.status == "new" and b'"mentions":[' in item.data:
                self._called.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_telling(), name="chores-tell")
            group.create_task(self._keep_sweeping(), name="chores-sweep")

    async def tell_mentions(self) -> int:
        """Tell members on their own feeds that they were called; return how many calls were dealt with."""
        async with self._store.transaction(Pool.BACKGROUND) as transaction:
            owed = await transaction.rows("rooms.owed_mentions", AT_ONCE)
            if not owed:
                return 0
            columns = [row["stream"] for row in owed], [row["seq"] for row in owed], [row["n"] for row in owed]
            called = await transaction.rows("rooms.called", *columns)
            await transaction.rows("rooms.mentions_told", *columns)
            items = [
                self._event(
                    row["feed"],
                    ("mentioned", row["stream"], str(row["seq"])),
                    _encode(Mentioned(stream=row["stream"], seq=row["seq"], case=row["case_id"])),
                )
                for row in called
            ]
            outcomes = await transaction.append(items) if items else []
        self._committed(items, outcomes)
        return len(owed)

    async def ask_follow_ups(self) -> int:
        """Ask the authors of resolved cases what became of the patient; return how many were asked."""
        now = self._clock.now()
        async with self._store.transaction(Pool.BACKGROUND) as transaction:
            due = await transaction.rows("cases.due_follow_ups", now, AT_ONCE)
            if not due:
                return 0
            await transaction.rows("cases.asked", [row["case_id"] for row in due], [row["days"] for row in due], now)
            items = [
                self._event(
                    row["feed"],
                    ("followup.asked", row["case_id"], str(row["days"]), now.isoformat()),
                    _encode(FollowUpAsked(case=row["case_id"], days=row["days"])),
                )
                for row in due
            ]
            outcomes = await transaction.append(items)
        self._committed(items, outcomes)
        return len(due)

    async def expire(self) -> int:
        """Take away texts that are older than their room keeps them; return in how many rooms that was."""
        now = self._clock.now()
        rooms = await self._store.rows("rooms.with_retention", now, pool=Pool.BACKGROUND)
        for room in rooms:
            async with self._store.transaction(Pool.BACKGROUND) as transaction:
                before = now - timedelta(days=room["retention_days"])
                row = await transaction.row("rooms.expire", room["stream"], before)
                if row is None:
                    continue
                expired = _encode(Expired(after=row["after"], upto=row["upto"]))
                items = [self._event(room["stream"], ("expired", str(row["upto"])), expired)]
                outcomes = await transaction.append(items)
            self._committed(items, outcomes)
        return len(rooms)

    def _event(self, stream: str, name: tuple[str, ...], data: bytes) -> Item:
        kind = name[0]
        key = self._ids.derived(*name)
        return Item(stream=stream, author=0, key=key, kind=kind, data=data, digest=digest(kind, data.decode()))

    async def _keep_telling(self) -> None:
        while True:
            await self._called.wait()
            self._called.clear()
            try:
                while await self.tell_mentions():
                    pass
            except LoungeError:
                await self._sleep(1.0)  # the sweep finds what this left out

    async def _keep_sweeping(self) -> None:
        while True:
            await self._sleep(SWEEP)
            for chore in (self.tell_mentions, self.ask_follow_ups, self.expire):
                try:
                    await chore()
                except LoungeError as error:
                    log.warning("chores.undone", chore=chore.__name__, error=error.code)
