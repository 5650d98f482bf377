"""Boards: the live list of cases, one stream for each circle of those who may see them: all members, or a specialty's.

A case is told on a board once when it opens, by the transaction that opens it. What moves later (replies, the first
response, its end) is told by the keeper, soon and joined together: a post must not wait for a second stream's lock. What a node
that died still owed, a sweep finds by comparing what was posted with what was announced.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import structlog
from msgspec import Struct

from lounge.clock import milliseconds
from lounge.errors import LoungeError
from lounge.live.events import CaseChanged
from lounge.store import Item, Pool, digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from lounge.clock import Clock
    from lounge.ids import Ids
    from lounge.live.events import CaseLine
    from lounge.members.accounts import Member
    from lounge.store import Outcome, Record, Store

log = structlog.get_logger(__name__)

JOIN: Final = 3.0
"""Seconds for which changes of one case are joined into one event."""
SWEEP: Final = 30.0
"""Seconds between two looks for cases whose posts nobody announced."""
RECENT: Final = timedelta(days=60)
"""The sweep looks at cases no older than this; a list read afresh is right at any age."""
ROOMS: Final = 10_000
"""Rooms waiting to be told of, at the most; beyond it the sweep finds them."""

_MOVES: Final = frozenset({"posted", "resolved", "reopened", "withdrawn", "corrected"})
"""Events of a room that change what lists show of its case."""

_encode = msgspec.json.Encoder().encode


class Board(Struct, frozen=True):
    """One board: all cases that are open to all members (`specialty` is null), or those open to a specialty alone."""

    stream: str
    specialty: str | None
    scope: Literal["all", "members"]


def open_board(ids: Ids) -> Board:
    """Return the board that every member may follow; ids follow from what boards are: every node knows them unasked."""
    return Board(ids.derived("board", "open"), None, "all")


def board(ids: Ids, specialty: str) -> Board:
    """Return the board of the cases that are open to a specialty alone."""
    return Board(ids.derived("board", specialty, "members"), specialty, "members")


def former_board(ids: Ids, specialty: str) -> str:
    """Return the stream on which a release before one open board told cases of a specialty: nothing new comes there."""
    return ids.derived("board", specialty, "all")


def boards_of(ids: Ids, member: Member) -> list[Board]:
    """Return the boards that `member` may follow: the open one, and those of their own specialties."""
    return [open_board(ids), *(board(ids, one) for one in member.specialties)]


def targets(ids: Ids, audience: str, specialties: Sequence[str], feeds: Sequence[str]) -> list[str]:
    """Return the streams on which a case with this audience is told."""
    if audience == "all":
        return [open_board(ids).stream]
    if audience == "specialties":
        return [board(ids, one).stream for one in dict.fromkeys(specialties)]
    return list(dict.fromkeys(feeds))


def line_items(ids: Ids, line: CaseLine, specialties: Sequence[str], feeds: Sequence[str]) -> list[Item]:
    """Return the events by which a new case's line appears."""
    key, data = ids.derived("case.opened", line.id), _encode(line)
    return [
        Item(stream=stream, author=0, key=key, kind="case.opened", data=data, digest=digest("case.opened", line.id))
        for stream in targets(ids, line.audience, specialties, feeds)
    ]


async def ensure_boards(store: Store, ids: Ids, specialties: Iterable[str]) -> None:
    """Make the boards that are missing."""
    boards = [open_board(ids), *(board(ids, one) for one in specialties)]
    await store.rows(
        "boards.ensure",
        [one.stream for one in boards],
        [one.specialty or "" for one in boards],
        [one.scope for one in boards],
        pool=Pool.COMMITS,
    )


class BoardKeeper:
    """Tells boards and feeds what has changed in the cases that were written to."""

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
        self._rooms: dict[str, None] = {}
        self._told: dict[str, float] = {}
        self._wake = asyncio.Event()

    def touched(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        """Learn of what was committed on this node."""
        for item, outcome in zip(items, outcomes, strict=True):
            if item.kind in _MOVES and outcome.status == "new" and len(self._rooms) < ROOMS:
                self._rooms[item.stream] = None
                self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_telling(), name="boards-tell")
            group.create_task(self._keep_sweeping(), name="boards-sweep")

    async def tell_waiting(self) -> float:
        """Tell of the rooms that are due; return in how many seconds the next one is, or 0 where none waits."""
        now = self._clock.monotonic()
        self._told = {room: at for room, at in self._told.items() if now - at < JOIN}
        for room in [room for room in self._rooms if room not in self._told]:
            del self._rooms[room]
            self._told[room] = now
            row = await self._store.row("cases.of_room", room, pool=Pool.BACKGROUND)
            if row is not None:
                await self.tell(row["id"])
        waits = [self._told[room] + JOIN - now for room in self._rooms if room in self._told]
        return max(min(waits), 0.01) if waits else 0.0

    async def tell(self, case_id: str) -> bool:
        """Tell of one case's posts that were not announced; return whether there were any.

        Claim, announce and append in one transaction: whoever crashes in between has told nothing.
        """
        async with self._store.transaction(Pool.BACKGROUND) as transaction:
            case = await transaction.row("boards.claim", case_id)
            if case is None:
                return False
            state = await transaction.row("boards.state", case["room"])
            if state is None or (state["posts"] <= case["announced"] and state["rev"] <= case["announced_rev"]):
                return False
            feeds = [row["feed"] for row in await transaction.rows("boards.feeds", case["room"])]
            followers = [row["feed"] for row in await transaction.rows("boards.followers", case["room"])]
            await transaction.rows("boards.told", case_id, state["posts"], state["rev"])
            items = self._changed(case, state, feeds, followers)
            outcomes = await transaction.append(items)
        self._committed(items, outcomes)
        return True

    async def sweep(self) -> int:
        """Tell of whatever was not announced; return how many cases that were."""
        floor = self._ids.stream(self._clock.now() - RECENT)
        rows = await self._store.rows("boards.untold", floor, pool=Pool.BACKGROUND)
        return sum([await self.tell(row["id"]) for row in rows])

    def _changed(self, case: Record, state: Record, feeds: Sequence[str], followers: Sequence[str]) -> list[Item]:
        changed = CaseChanged(
            case=case["id"],
            rev=state["rev"],
            state=state["state"],
            urgency=state["urgency"],
            outcome=state["outcome"],
            last_at=milliseconds(state["last_at"]),
            replies=state["posts"],
            first_reply_at=None if state["first_reply_at"] is None else milliseconds(state["first_reply_at"]),
        )
        key, data = (
            self._ids.derived("case.changed", case["id"], str(state["posts"]), str(state["rev"])),
            _encode(changed),
        )
        streams = targets(self._ids, state["audience"], state["specialties"], feeds)
        return [
            Item(stream=stream, author=0, key=key, kind="case.changed", data=data, digest=digest("case.changed"))
            for stream in dict.fromkeys([*streams, *followers])
        ]

    async def _keep_telling(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                wait = await self.tell_waiting()
            except LoungeError:
                wait = JOIN  # the sweep finds what this left out
            if wait > 0:
                await self._sleep(wait)
                self._wake.set()

    async def _keep_sweeping(self) -> None:
        while True:
            await self._sleep(SWEEP)
            try:
                await self.sweep()
            except LoungeError as error:
                log.warning("boards.unswept", error=error.code)
