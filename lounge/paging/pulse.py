"""The pulse: how soon cases are answered, what waits, and who is on call when. Of groups, and never of a person.

All of it is for every member but the load of responders, which is for operators. What is not shown, and why: a group of
fewer than k members, for one of them could be picked out; times that fewer than `CASES` cases have, for they would be
those cases' own. Of the cases of a specialty or a country the number alone is told, and in steps: numbers of answers could
be subtracted from those of all, and would tell of the groups that are not shown; an exact number would tell, before and
after a case is posted, what its author's label may leave out.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from lounge.clock import milliseconds
from lounge.errors import Busy
from lounge.live.events import Urgency

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from lounge.clock import Clock
    from lounge.ids import Ids
    from lounge.members.accounts import Member
    from lounge.store import Record, Store

OBJECTIVE_PERCENT: Final = 90
"""Of the cases that need somebody at once, so many are to be acknowledged in time."""
OBJECTIVE_SECONDS: Final = 300
"""In time: so soon after they were posted."""
OBJECTIVE_URGENCIES: Final[Sequence[Urgency]] = ("emergency", "urgent")
"""Cases of the others wait for hours by their policies."""

CASES: Final = 5
"""Cases of which a time is told, at the least."""
COUNTED: Final = 50_000
"""Cases that are looked at, at the most, the newest ones. Of 100,000 searches with 600,000 pages, the times of the newest
50,000 take PostgreSQL 0.8 s of one core, and all would take 1.3 s; a statement may run for 5 s."""
KEEP: Final = 60.0
"""Seconds for which the figures of a period are kept on this node."""
KEEP_CROWDS: Final = 600.0
"""Seconds for which it is kept how many members there are and when they are on call, which changes slowly."""
SAMPLE: Final = 100_000
"""Members whose hours are read, at the most: of more, so many at random stand for the rest. Of 350,000 members who are all
on call at some time it takes 0.7 s of one core."""
QUEUE: Final = 50
"""Readers who wait for figures that are being made, at the most."""
RESPONDERS: Final = 100
"""Responders whose load is told, at the most."""
DAY_BEFORE: Final = timedelta(days=1)
"""A case's id carries the time of a node's clock, which may be off by so much at the most."""

QUARTER: Final = timedelta(minutes=15)


class Spread(Struct, frozen=True):
    """Milliseconds within which half of the cases, and 95 % of them, came through a stage."""

    p50: int
    p95: int


class Stages(Struct, frozen=True):
    """How long the way of a case takes; null where fewer than 5 cases came through a stage.

    `paged`: from posting to the first page; `delivered` and `acknowledged`: from the first page on; `replied` and
    `resolved`: from posting on.
    """

    paged: Spread | None
    delivered: Spread | None
    acknowledged: Spread | None
    replied: Spread | None
    resolved: Spread | None


class Group(Struct, frozen=True):
    """Cases of one urgency, of one specialty, or of authors in one country: of those their number to the lower five."""

    of: str
    cases: int
    times: Stages


class Objective(Struct, frozen=True):
    """`percent` of the cases of these `urgencies` are to be acknowledged, or replied to, within `seconds` of posting.

    `met` and `missed` count cases; `allowed` is how many may be missed (the error budget). A case that is younger counts
    nowhere, nor one that its author called off in that time.
    """

    percent: int
    seconds: int
    urgencies: list[Urgency]
    met: int
    missed: int
    allowed: int


class Load(Struct, frozen=True):
    """What one responder bore: cases they were paged for, and of those how many they acknowledged."""

    pages: int
    acknowledged: int


class Figures(Struct, frozen=True):
    """The pulse of the cases opened after `since` (milliseconds), as it stood at `time`.

    `waiting`: cases that are searched for now and have no reply; `unanswered`: cases of the period without one, but for
    those that were withdrawn. `coverage`: members on call at the beginning of each hour of the week in UTC, Monday 00:00
    first; null where they are fewer than `k`. `load`: the responders, those with most pages first; null but for operators.
    """

    days: int
    since: int
    time: int
    k: int
    cases: int
    waiting: int
    unanswered: int
    times: Stages | None
    specialties: list[Group]
    countries: list[Group]
    urgencies: list[Group]
    objective: Objective | None
    coverage: list[int | None]
    load: list[Load] | None


class _Crowds(NamedTuple):
    """How many members there are, and how many are on call in each hour of the week."""

    everybody: int
    specialties: dict[str, int]
    countries: dict[str, int]
    coverage: list[int]


class _Taken(NamedTuple):
    """The figures without the load, and from where on they count."""

    figures: Figures
    floor: str
    since: datetime


class _Kept(NamedTuple):
    at: float
    taken: _Taken
    load: list[Load] | None


class Pulse:
    """Takes the pulse; one at a time on a node, whoever asks."""

    def __init__(self, store: Store, ids: Ids, clock: Clock, *, k: int) -> None:
        """Take the store, ids, time, and the smallest group `k` that is shown."""
        self._store = store
        self._ids = ids
        self._clock = clock
        self._k = k
        self._lock = asyncio.Lock()
        self._asking = 0
        self._kept: dict[int, _Kept] = {}
        self._crowds: tuple[float, _Crowds] | None = None

    async def figures(self, member: Member, days: int) -> Figures:
        """Return the figures of the last `days` days as `member` may see them; raise Busy where too many wait for them."""
        operator = member.role == "operator"
        if self._asking >= QUEUE:
            raise Busy
        self._asking += 1
        try:
            async with self._lock:
                kept = self._fresh(days)
                if kept is None:
                    kept = _Kept(self._clock.monotonic(), await self._take(days), None)
                if operator and kept.load is None:
                    kept = kept._replace(load=await self._load(kept.taken))
                self._kept[days] = kept
        finally:
            self._asking -= 1
        figures = kept.taken.figures
        return replace(figures, load=kept.load) if operator else figures

    def _fresh(self, days: int) -> _Kept | None:
        """Return what is kept of this period, and forget what was kept for long."""
        now = self._clock.monotonic()
        self._kept = {period: kept for period, kept in self._kept.items() if now - kept.at < KEEP}
        return self._kept.get(days)

    async def _take(self, days: int) -> _Taken:
        crowds = await self._crowds_now()
        now = self._clock.now()
        earliest = self._ids.stream(now - timedelta(days=days) - DAY_BEFORE)
        begin = await self._store.row("pulse.floor", earliest, days, COUNTED)
        assert begin is not None
        floor, since = begin["id"], begin["since"]
        rows = await self._store.rows("pulse.times", floor, since, float(OBJECTIVE_SECONDS), list(OBJECTIVE_URGENCIES))
        everything = next(row for row in rows if row["specialty"] is row["country"] is row["urgency"] is None)
        whole = crowds.everybody >= self._k
        figures = Figures(
            days=days,
            since=milliseconds(since),
            time=milliseconds(now),
            k=self._k,
            cases=everything["cases"],
            waiting=await self._store.value("pulse.waiting"),
            unanswered=everything["unanswered"],
            times=_stages(everything) if whole and everything["cases"] >= CASES else None,
            specialties=self._groups(rows, "specialty", crowds.specialties, step=CASES),
            countries=self._groups(rows, "country", crowds.countries, step=CASES),
            urgencies=self._groups(rows, "urgency", dict.fromkeys(_named(rows, "urgency"), crowds.everybody)),
            objective=_objective(everything) if whole else None,
            coverage=[members if members >= self._k else None for members in crowds.coverage],
            load=None,
        )
        return _Taken(figures, floor, since)

    def _groups(self, rows: Sequence[Record], column: str, crowds: dict[str, int], *, step: int = 1) -> list[Group]:
        """Return the groups that are large enough to be shown, those with most cases first.

        How many cases they have is told in steps: else whoever looks before and after a case is posted learns its group,
        which its label may leave out.
        """
        return [
            Group(row[column], row["cases"] // step * step, _stages(row))
            for row in rows
            if row[column] is not None and crowds.get(row[column], 0) >= self._k and row["cases"] >= CASES
        ]

    async def _load(self, taken: _Taken) -> list[Load]:
        rows = await self._store.rows("pulse.load", taken.floor, taken.since, RESPONDERS)
        if not rows or rows[0]["responders"] < self._k:
            return []
        return [Load(row["pages"], row["acknowledged"]) for row in rows]

    async def _crowds_now(self) -> _Crowds:
        now = self._clock.monotonic()
        if self._crowds is not None and now - self._crowds[0] < KEEP_CROWDS:
            return self._crowds[1]
        rows = await self._store.rows("pulse.crowds")
        everybody = sum(row["members"] for row in rows if row["specialty"] is row["country"] is None)
        share = min(1.0, SAMPLE / max(everybody, 1))
        zones = ahead_of_utc((row["zone"] for row in await self._store.rows("pulse.zones")), self._clock.now())
        hours = await self._store.rows("pulse.coverage", list(zones), list(zones.values()), highest(share))
        crowds = _Crowds(
            everybody=everybody,
            specialties={row["specialty"]: row["members"] for row in rows if row["specialty"] is not None},
            countries={row["country"]: row["members"] for row in rows if row["country"] is not None},
            coverage=[round(row["members"] / share) for row in hours],
        )
        self._crowds = (now, crowds)
        return crowds


def ahead_of_utc(zones: Iterable[str], now: datetime) -> dict[str, int]:
    """Return by how many quarters of an hour each zone is ahead of UTC now; one that this machine does not know is UTC."""
    ahead = {}
    for zone in zones:
        try:
            offset = now.astimezone(ZoneInfo(zone)).utcoffset()
        except (OSError, ValueError, KeyError):
            offset = None
        ahead[zone] = (offset or timedelta()) // QUARTER
    return ahead


def highest(share: float) -> str:
    """Return the id up to which this share of all members is found: their ids are random (`lounge.ids.Ids.secret`)."""
    return str(UUID(int=min(int(share * 2**128), 2**128 - 1)))


def _named(rows: Sequence[Record], column: str) -> list[str]:
    return [row[column] for row in rows if row[column] is not None]


def _stages(row: Record) -> Stages:
    return Stages(
        paged=_spread(row, "paged"),
        delivered=_spread(row, "delivered"),
        acknowledged=_spread(row, "acknowledged"),
        replied=_spread(row, "replied"),
        resolved=_spread(row, "resolved"),
    )


def _spread(row: Record, stage: str) -> Spread | None:
    if row[f"{stage}_n"] < CASES:
        return None
    half, most = row[stage]
    return Spread(round(half), round(most))


def _objective(row: Record) -> Objective | None:
    met, missed = row["met"], row["missed"]
    if met + missed < CASES:
        return None
    allowed = (met + missed) * (100 - OBJECTIVE_PERCENT) // 100
    return Objective(OBJECTIVE_PERCENT, OBJECTIVE_SECONDS, list(OBJECTIVE_URGENCIES), met, missed, allowed)
