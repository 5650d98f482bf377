"""The heartbeat: a word to somebody outside, after every audit that found all in order. Its silence is the alarm."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import httpx
import structlog

if TYPE_CHECKING:
    from lounge.clock import Clock

log = structlog.get_logger(__name__)

WITHIN: Final = 5.0
"""Seconds that the watcher has to answer."""
READ: Final = 1_024
"""Bytes of its answer that are read, at the most: nothing in it matters to us."""


class Heartbeat:
    """Asks one address, whose path may be a secret: it stands in no log line, and no redirect takes it elsewhere."""

    def __init__(self, url: str, seconds: float, clock: Clock, within: float = WITHIN) -> None:
        """Take the address, and how many seconds lie between two beats at the least."""
        self._url = url
        self._seconds = seconds
        self._clock = clock
        self._within = within
        # Made once: it reads all certificates of this machine.
        self._trust = httpx.create_ssl_context()
        self._last: float | None = None

    async def beat(self) -> bool:
        """Tell the watcher, unless that was done a moment ago; return whether it was told. Never raises an error of HTTP."""
        now = self._clock.monotonic()
        if self._last is not None and now - self._last < self._seconds:
            return False
        try:
            status = await self._ask()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError) as error:
            log.warning("heartbeat.failed", error=type(error).__name__)
            return False
        if not httpx.codes.is_success(status):
            log.warning("heartbeat.refused", status=status)
            return False
        self._last = now
        return True

    async def _ask(self) -> int:
        async with (
            asyncio.timeout(self._within),
            httpx.AsyncClient(verify=self._trust, timeout=self._within, follow_redirects=False) as client,
            client.stream("GET", self._url) as answer,
        ):
            read = 0
            async for piece in answer.aiter_raw(READ):
                read += len(piece)
                if read >= READ:
                    break
            return answer.status_code
