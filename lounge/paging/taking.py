"""Taking due steps: what a search does next, in one transaction that stands whole or leaves no trace.

Locks are taken in one order: searches (claimed, never waited for), then duties by id, then pages, then streams. A batch is
written at once; where that fails each step is written by itself, so that one that cannot be taken hurts no other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from lounge.aliases import EVERYBODY
from lounge.errors import Internal, LoungeError
from lounge.live.events import Paged, PageReminded
from lounge.paging import duties
from lounge.paging.plan import TRIES, WAITING, Plan, answered, planned, stepped
from lounge.paging.telling import moment
from lounge.store import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from lounge.aliases import Aliases
    from lounge.ids import Ids
    from lounge.live.events import PageState, Urgency
    from lounge.members.accounts import Member
    from lounge.paging.router import Router
    from lounge.paging.stopwatch import Stage, Stopwatch
    from lounge.paging.telling import Telling
    from lounge.store import Item, Outcome, Record, Store, Transaction

    _Reached: TypeAlias = "tuple[Stage, Urgency, datetime, datetime]"

log = structlog.get_logger(__name__)

BATCH: Final = 64
"""Steps taken in one transaction."""
FAILURE_WAIT: Final = 5.0
"""Seconds until a failed step is tried again, more with each failure, up to a minute."""
LONGEST_WAIT: Final = 60.0
NAMES_WITHIN: Final = 1.5
"""Seconds for finding how finely those who are asked may be named: beyond it they are named as coarsely as can be."""


class _Done:
    """What a transaction did: events to tell, and stages that its cases have come to."""

    __slots__ = ("items", "stages")

    def __init__(self, items: Iterable[Item] = (), stages: Iterable[_Reached] = ()) -> None:
        self.items = list(items)
        self.stages = list(stages)

    def add(self, other: _Done) -> None:
        self.items += other.items
        self.stages += other.stages


class Taking:
    """Takes what is due."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        aliases: Aliases,
        router: Router,
        telling: Telling,
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        stopwatch: Stopwatch,
    ) -> None:
        """Take the store, what names people and routes to them, whom to tell of events, and what measures."""
        self._store = store
        self._ids = ids
        self._aliases = aliases
        self._router = router
        self._telling = telling
        self._committed = committed
        self._stopwatch = stopwatch

    async def take(self, limit: int = BATCH) -> int:
        """Take up to `limit` steps that are due; return how many were claimed."""
        async with self._store.transaction(Pool.PAGING) as transaction:
            claimed = await transaction.rows("paging.claim", limit)
            if not claimed:
                return 0
            done = await self._attempt(transaction, claimed)
            outcomes = await transaction.append(done.items) if done.items else []
        self._tell(done, outcomes)
        return len(claimed)

    async def answer(self, rooms: Sequence[str] | None) -> int:
        """Stop the searches whose cases were replied to, in these rooms or in any; return how many were found."""
        found = await self._store.rows("paging.replied", rooms, pool=Pool.PAGING)
        for one in found:
            async with self._store.transaction(Pool.PAGING) as transaction:
                row = await transaction.row("paging.hold", one["case_id"])
                facts = await transaction.row("paging.facts", [one["case_id"]])
                if row is None or facts is None or not await transaction.rows("paging.replied", [facts["room"]]):
                    continue  # somebody else has stopped it, or its author wants more
                done = await self._write(transaction, [answered(row, facts)])
                outcomes = await transaction.append(done.items)
            self._tell(done, outcomes)
        return len(found)

    def _tell(self, done: _Done, outcomes: Sequence[Outcome]) -> None:
        """Tell of what has committed."""
        self._committed(done.items, outcomes)
        for stage in done.stages:
            self._stopwatch.stop(*stage)

    async def _attempt(self, transaction: Transaction, claimed: Sequence[Record]) -> _Done:
        rows = await transaction.rows("paging.facts", [row["case_id"] for row in claimed])
        facts = {row["case_id"]: row for row in rows}
        try:
            return await self._take_together(transaction, claimed, facts)
        except Exception as error:  # noqa: BLE001  whatever one step is poisoned with, the others are taken
            log.warning("pager.batch", error=type(error).__name__, steps=len(claimed))
        done = _Done()
        for row in claimed:
            try:
                done.add(await self._take_together(transaction, [row], facts))
            except Exception as error:  # noqa: BLE001  as above
                await self._failed(transaction, row, error)
        return done

    @staticmethod
    async def _failed(transaction: Transaction, row: Record, error: Exception) -> None:
        """Try a step again later. What passes (a lock, a deadline) is no fault of the step, and counts for nothing."""
        passes = isinstance(error, LoungeError) and error.retry and not isinstance(error, Internal)
        failures = row["failures"] + (not passes)
        if not passes:
            log.error("pager.step", error=type(error).__name__, failures=failures, last_resort=failures >= TRIES)
        wait = min(FAILURE_WAIT * max(failures, 1), LONGEST_WAIT)
        await transaction.rows("paging.failed", row["case_id"], wait, int(not passes))

    async def _take_together(
        self, transaction: Transaction, claimed: Sequence[Record], facts: Mapping[str, Record]
    ) -> _Done:
        async with transaction.savepoint():
            plans = [planned(row, facts[row["case_id"]]) for row in claimed]
            return await self._write(transaction, await self._routed(transaction, plans))

    async def _routed(self, transaction: Transaction, plans: Sequence[Plan]) -> list[Plan]:
        """Find whom the steps ask, and spend a page of each one's budget."""
        asks = [plan.ask for plan in plans if plan.ask is not None]
        if not asks:
            return list(plans)
        found = await self._router.choose(transaction, asks)
        wishes = [duties.Wish(choices, ask.urgency, ask.people) for ask, choices in zip(asks, found, strict=True)]
        granted = await duties.spend_all(transaction, wishes)
        chosen = {ask.case: choices for ask, choices in zip(asks, granted, strict=True)}
        return [plan if plan.ask is None else stepped(plan, chosen[plan.ask.case]) for plan in plans]

    async def _write(self, transaction: Transaction, plans: Sequence[Plan]) -> _Done:
        """Write what becomes of the searches; return what is told of it once it has committed."""
        rows = await transaction.rows(
            "paging.advance",
            [plan.case for plan in plans],
            [plan.state for plan in plans],
            [plan.step for plan in plans],
            [plan.turn for plan in plans],
            [plan.acks for plan in plans],
            [plan.due for plan in plans],
            [plan.wait for plan in plans],
            [bool(plan.choices) for plan in plans],
        )
        due = {row["case_id"]: row["due_at"] for row in rows}
        await transaction.rows(
            "paging.turn",
            [plan.case for plan in plans],
            [plan.turn for plan in plans],
            [plan.taken for plan in plans],
            [plan.kind for plan in plans],
            [plan.row["due_at"] for plan in plans],
            [len(plan.choices) for plan in plans],
        )
        items = await self._page(transaction, [plan for plan in plans if plan.choices], due)
        for plan in plans:
            items += await self._settle(transaction, plan, due[plan.case])
        items += await self._telling.searches(transaction, [plan.case for plan in plans])
        now = rows[0]["now"]
        return _Done(items, [stage for plan in plans for stage in _reached(plan, now)])

    async def _page(
        self, transaction: Transaction, plans: Sequence[Plan], due: Mapping[str, datetime | None]
    ) -> list[Item]:
        """Write the pages of these steps, and tell those whom they ask."""
        if not plans:
            return []
        asked = [(plan, choice, self._ids.stream()) for plan in plans for choice in plan.choices]
        names = await self._names([choice.member for _, choice, _ in asked])
        written = await transaction.rows(
            "paging.page",
            [page for _, _, page in asked],
            [plan.case for plan, _, _ in asked],
            [choice.member.id for _, choice, _ in asked],
            [plan.turn for plan, _, _ in asked],
            ["\x1f".join(choice.why) for _, choice, _ in asked],
            [choice.version for _, choice, _ in asked],
            [names.get(choice.member.id, EVERYBODY) for _, choice, _ in asked],
        )
        new = {row["id"] for row in written}
        others = await self._others(transaction, plans)
        return [
            self._paged(plan, page, choice.member.feed, list(choice.why), others, due)
            for plan, choice, page in asked
            if page in new
        ]

    async def _names(self, members: Sequence[Member]) -> dict[str, str]:
        """Return what these members are called by others, as far as that is known soon: locks are held meanwhile."""
        names: dict[str, str] = {}
        try:
            async with asyncio.timeout(NAMES_WITHIN):
                for member in members:
                    names[member.id] = await self._aliases.label(member)
        except (TimeoutError, LoungeError):
            log.warning("pager.names", known=len(names), asked=len(members))
        return names

    async def _settle(self, transaction: Transaction, plan: Plan, due_at: datetime | None) -> list[Item]:
        """Do what a step does to pages that are there: end them, remind of them, or ask again."""
        case = plan.case
        if plan.kind == "answered":
            state: PageState = "answered" if plan.state == "answered" else "superseded"
            rows = await transaction.rows("paging.settle", case, [*WAITING, "acknowledged"], state, None)
            return self._telling.settled(rows, case, plan.turn, state, None)
        if plan.kind == "remind":
            reopens = moment(due_at) or 0
            return [
                self._telling.reminded(row["id"], row["feed"], plan.turn, PageReminded(row["id"], case, reopens))
                for row in await transaction.rows("paging.remind", case)
            ]
        if plan.kind == "reopen":
            gone = await transaction.rows("paging.settle", case, ["acknowledged"], "expired", None)
            back = await transaction.rows("paging.revive", case, plan.turn)
            others = await self._others(transaction, [plan])
            return self._telling.settled(gone, case, plan.turn, "expired", None) + [
                self._paged(plan, row["id"], row["feed"], list(row["why"]), others, {case: due_at}) for row in back
            ]
        return []

    def _paged(
        self,
        plan: Plan,
        page: str,
        feed: str,
        why: list[str],
        others: Mapping[str, Sequence[tuple[str, str]]],
        due: Mapping[str, datetime | None],
    ) -> Item:
        facts = plan.facts
        told = Paged(
            page=page,
            case=plan.case,
            room=facts["room"],
            specialty=facts["specialty"],
            urgency=facts["urgency"],
            language=facts["language"],
            label=facts["label"],
            opened_at=moment(facts["opened_at"]) or 0,
            why=why,
            others=[label for other, label in others.get(plan.case, ()) if other != page],
            next_at=moment(due[plan.case]) if plan.due == "step" else None,
        )
        return self._telling.paged(page, plan.turn, feed, told)

    @staticmethod
    async def _others(transaction: Transaction, plans: Sequence[Plan]) -> dict[str, list[tuple[str, str]]]:
        """Return page and label of everybody who is asked, by case."""
        others: dict[str, list[tuple[str, str]]] = {}
        for row in await transaction.rows("paging.others", [plan.case for plan in plans]):
            others.setdefault(row["case_id"], []).append((row["id"], row["label"]))
        return others


def _reached(plan: Plan, now: datetime) -> Iterator[_Reached]:
    """Yield the stages that this step is the first to bring a case to."""
    row, facts = plan.row, plan.facts
    if plan.choices and row["paged_at"] is None:
        yield "paged", facts["urgency"], row["opened_at"], now
    if plan.state == "answered" and not row["again"]:
        yield "replied", facts["urgency"], row["opened_at"], facts["first_reply_at"]
