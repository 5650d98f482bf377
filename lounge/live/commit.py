"""Group commit: what all sessions of a node want to append, while the previous commit runs, goes into the next one.

A stream always takes the same lane, so the items of one stream commit in the order in which they were submitted.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Final

import structlog

from lounge.errors import Busy, Internal, LoungeError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lounge.store import Item, Outcome

    Settle = Callable[["Outcome | LoungeError"], None]
    Append = Callable[[Sequence[Item]], Awaitable[list[Outcome]]]
    Committed = Callable[[Sequence[Item], Sequence[Outcome]], None]

log = structlog.get_logger(__name__)

BATCH: Final = 500
"""Items in one commit: larger batches gain nothing and hold their locks for longer."""
WAITING_BYTES: Final = 16 * 1024 * 1024
"""Bound of what one lane lets wait; beyond it the answer is `busy`."""


class GroupCommit:
    """Lanes of commits; each has one batch under way and one that fills."""

    def __init__(self, append: Append, committed: Committed, *, lanes: int = 4) -> None:
        """Take how to append a batch, whom to tell of what was committed, and the number of lanes."""
        self._lanes = [_Lane(append, committed) for _ in range(lanes)]

    def submit(self, item: Item, settle: Settle) -> None:
        """Append `item` with its lane's next batch, then call `settle`, before anybody learns of the event.

        Raises Busy where the lane is full: nothing was done.
        """
        self._lanes[zlib.crc32(item.stream.encode()) % len(self._lanes)].submit(item, settle)

    async def append(self, item: Item) -> Outcome:
        """Append `item` and wait for its outcome; raises what `settle` would be given."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def settle(outcome: Outcome | LoungeError) -> None:
            if future.done():
                return
            if isinstance(outcome, LoungeError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.submit(item, settle)
        return await future

    @property
    def waiting(self) -> int:
        """Items that no commit has taken yet."""
        return sum(lane.waiting for lane in self._lanes)

    async def run(self) -> None:
        """Work until cancelled; what waits then is answered `unavailable`."""
        async with asyncio.TaskGroup() as group:
            for number, lane in enumerate(self._lanes):
                group.create_task(lane.run(), name=f"commit-lane-{number}")


class _Lane:
    def __init__(self, append: Append, committed: Committed) -> None:
        self._append = append
        self._committed = committed
        self._items: list[Item] = []
        self._settles: list[Settle] = []
        self._bytes = 0
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._items)

    def submit(self, item: Item, settle: Settle) -> None:
        if self._bytes > WAITING_BYTES:
            raise Busy(retry_after=1.0)
        self._items.append(item)
        self._settles.append(settle)
        self._bytes += len(item.data)
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                await self._commit_waiting()
        finally:
            for settle in self._settles:
                settle(Unavailable())
            self._items, self._settles = [], []

    async def _commit_waiting(self) -> None:
        items, self._items = self._items[:BATCH], self._items[BATCH:]
        settles, self._settles = self._settles[:BATCH], self._settles[BATCH:]
        self._bytes = sum(len(item.data) for item in self._items)
        if not self._items:
            self._wake.clear()
        try:
            await self._commit(items, settles)
        except asyncio.CancelledError:
            for settle in settles:
                settle(Unavailable())
            raise

    async def _commit(self, items: list[Item], settles: list[Settle]) -> None:
        try:
            outcomes = await self._append(items)
        except (Unavailable, Busy) as error:
            # The connection, or a lock: the items are not to blame, and one by one they would only wait longer.
            for settle in settles:
                settle(error)
        except LoungeError as error:
            await self._one_by_one(items, settles, error)
        except Exception as error:  # noqa: BLE001  a fault here must not end the lane: every session's commits take it
            log.error("commit.failed", error=type(error).__name__)  # noqa: TRY400  the text may quote a body
            await self._one_by_one(items, settles, Internal())
        else:
            for settle, outcome in zip(settles, outcomes, strict=True):
                settle(outcome)
            self._committed(items, outcomes)

    async def _one_by_one(self, items: list[Item], settles: list[Settle], error: LoungeError) -> None:
        """One item that cannot be stored must not fail those that share its batch."""
        if len(items) == 1:
            settles[0](error)
            return
        for item, settle in zip(items, settles, strict=True):
            await self._commit([item], [settle])
