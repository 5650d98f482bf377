"""The auditor: on every node, looks whether paging does what it promises, and calls the operators where it does not.

It trusts no engine: what is overdue stands in the rows, by the database's clock. A search that needs somebody is told of
once for each reason, by whichever node finds it, on the feeds of all operators.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import structlog
from msgspec import Struct

from lounge.errors import LoungeError
from lounge.live.events import PagerAlarm
from lounge.store import Item, Pool, digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lounge.clock import Clock
    from lounge.ids import Ids
    from lounge.metrics import Metrics
    from lounge.paging.heartbeat import Heartbeat
    from lounge.store import Outcome, Store

Reason = Literal["overdue", "unreached", "unanswered"]

log = structlog.get_logger(__name__)

SWEEP: Final = 30.0
"""Seconds between two audits."""
LATE: Final = 60.0
"""Seconds after which a step that is due is overdue, and a search that has paged nobody reaches nobody."""
SILENCE: Final = 300.0
"""Seconds without an acknowledgement after the last resort was asked."""
AT_ONCE: Final = 100
"""Searches told of in one audit, at the most. Of more, as after Postgres was away, the metrics tell the number."""

_encode = msgspec.json.Encoder().encode


class Findings(Struct, frozen=True):
    """How the searches under way stand: numbers of them, and `late` in seconds: how overdue the next step of any is."""

    searches: int = 0
    overdue: int = 0
    late: float = 0.0
    unreached: int = 0
    unanswered: int = 0


class Auditor:
    """Looks every 30 seconds."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        clock: Clock,
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        heartbeat: Heartbeat | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take the store, ids, time, whom to tell of events, and who is told that all is well."""
        self._store = store
        self._ids = ids
        self._clock = clock
        self._committed = committed
        self._heartbeat = heartbeat
        self._sleep = sleep
        self._audited = clock.monotonic()
        self.findings = Findings()
        """Of the last audit that succeeded on this node."""

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._sleep(SWEEP)
            try:
                findings = await self.audit()
            except LoungeError as error:
                log.warning("pager.unaudited", error=error.code)
                continue
            if findings.overdue == 0 and self._heartbeat is not None:
                await self._heartbeat.beat()

    async def audit(self) -> Findings:
        """Call the operators to every search that needs somebody, and return how all of them stand."""
        await self._raise()
        row = await self._store.row("auditor.findings", LATE, pool=Pool.BACKGROUND)
        assert row is not None
        self.findings = msgspec.convert(dict(row), Findings)
        self._audited = self._clock.monotonic()
        return self.findings

    async def on_time(self) -> bool:
        """Say whether no step is overdue."""
        return not await self._store.value("auditor.overdue", LATE, pool=Pool.BACKGROUND)

    def measure(self, metrics: Metrics) -> None:
        """Register what the last audit found."""
        metrics.gauge("lounge_pager_searches", "Searches under way.", lambda: self.findings.searches)
        metrics.gauge(
            "lounge_pager_steps_overdue", "Steps that nobody took within a minute.", lambda: self.findings.overdue
        )
        metrics.gauge(
            "lounge_pager_oldest_overdue_seconds",
            "How late the next step of any search is.",
            lambda: self.findings.late,
        )
        metrics.gauge(
            "lounge_pager_unreached", "Searches that nobody could be paged for.", lambda: self.findings.unreached
        )
        metrics.gauge(
            "lounge_pager_unanswered", "Searches whose last resort says nothing.", lambda: self.findings.unanswered
        )
        metrics.gauge(
            "lounge_pager_audit_age_seconds",
            "Since the last audit that succeeded on this node.",
            lambda: self._clock.monotonic() - self._audited,
        )

    async def _raise(self) -> None:
        """Tell all operators, and note it with the search in the same transaction."""
        async with self._store.transaction(Pool.BACKGROUND) as transaction:
            claimed = await transaction.rows("auditor.claim", LATE, SILENCE, AT_ONCE)
            if not claimed:
                return
            operators = await transaction.rows("auditor.operators")
            if not operators:
                # Not noted as raised: an operator who comes is to be called.
                log.error("pager.alarm", searches=len(claimed), operators=0)
                return
            needs: list[tuple[str, Reason]] = [(row["case_id"], reason) for row in claimed for reason in row["reasons"]]
            await transaction.rows("auditor.raised", [case for case, _ in needs], [reason for _, reason in needs])
            items = [self._alarm(row["feed"], case, reason) for row in operators for case, reason in needs]
            outcomes = await transaction.append(items) if items else []
        self._committed(items, outcomes)
        for reason, count in Counter(reason for _, reason in needs).items():
            log.error("pager.alarm", reason=reason, count=count, operators=len(operators))

    def _alarm(self, feed: str, case: str, reason: Reason) -> Item:
        data = _encode(PagerAlarm(case=case, reason=reason))
        key = self._ids.derived("pager.alarm", case, reason)
        kind = "pager.alarm"
        return Item(stream=feed, author=0, key=key, kind=kind, data=data, digest=digest(kind, data.decode()))
