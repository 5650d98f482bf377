"""How long cases wait, for Prometheus: observed by the node that commits what ends the waiting, hence once for each case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from lounge.live.events import Urgency
    from lounge.metrics import Metrics

Stage = Literal["paged", "acknowledged", "replied"]

BUCKETS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 4 * 3_600, 86_400)
"""Seconds. One ends where the objective does, after five minutes."""


class Stopwatch:
    """Stops when a case is first paged for, first acknowledged and first replied to."""

    def __init__(self, metrics: Metrics) -> None:
        """Register the histogram."""
        self._observe = metrics.histogram(
            "lounge_pager_seconds",
            "From the posting of a case until it is first paged for, acknowledged, and replied to.",
            ("stage", "urgency"),
            BUCKETS,
        )

    def stop(self, stage: Stage, urgency: Urgency, posted: datetime, reached: datetime) -> None:
        """Count one case that has come to `stage`; both times by the clock of the database.

        Called after the commit, and only where the transaction itself made it so: what stood before was counted then.
        """
        self._observe((stage, urgency), max((reached - posted).total_seconds(), 0.0))
