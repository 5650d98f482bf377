"""`python -m tests.faults.skewed SECONDS COMMAND…` runs `lounge COMMAND…` on a machine whose clock is off."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lounge.cli import main
from lounge.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable


def skewed(now: Callable[[SystemClock], datetime], by: timedelta) -> Callable[[SystemClock], datetime]:
    """Return the wall clock, off by some time; what measures durations is not touched, as on a real machine."""
    return lambda clock: now(clock) + by


if __name__ == "__main__":
    SystemClock.now = skewed(SystemClock.now, timedelta(seconds=float(sys.argv.pop(1))))  # type: ignore[method-assign,assignment]
    main()
