"""Keeps PostgreSQL and Valkey running on one data folder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, Self

import structlog

from lounge.clock import SystemClock
from lounge.embedded.errors import EmbeddedError
from lounge.embedded.postgres import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from lounge.embedded.valkey import EmbeddedValkey

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from lounge.clock import Clock
    from lounge.embedded.server import EmbeddedServer

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
# A server that ran this long before it died starts again after the first pause, not after the last one doubled.
STEADY_SECONDS = 60.0


class Log(Protocol):
    """What the supervisor writes to: a structlog logger, for instance."""

    def warning(self, event: str, **fields: object) -> object:
        """Note that something went wrong which is being dealt with."""
        ...

    def info(self, event: str, **fields: object) -> object:
        """Note that something happened."""
        ...


class Supervisor:
    """`async with Supervisor(data) as servers:` both servers run inside the block, and whichever dies is restarted.

    Enter it from the main thread, under asyncio or uvloop. Restarted servers keep their URLs. The pause before a
    restart is 0.25 s and doubles up to 30 s while a server keeps dying. On leaving, Valkey is stopped, then PostgreSQL.
    Entering raises EmbeddedError (see lounge.embedded.errors); then nothing is left running.
    """

    def __init__(
        self,
        data: Path,
        *,
        settings: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        log: Log | None = None,
    ) -> None:
        """Take the data folder (made where absent) and settings of PostgreSQL that replace or join the usual ones."""
        self.postgres = EmbeddedPostgres(data / "postgres", settings=settings, clock=clock)
        self.valkey = EmbeddedValkey(data / "valkey", clock=clock)
        # Times each server was started again; keys are the servers' titles.
        self.restarts = {server.title: 0 for server in (self.valkey, self.postgres)}
        self._clock: Clock = clock or SystemClock()
        self._sleep = sleep
        self._log: Log = log or structlog.get_logger("lounge.embedded")
        self._tasks = asyncio.TaskGroup()
        self._watchers: list[asyncio.Task[None]] = []

    @property
    def database_url(self) -> str:
        """PostgreSQL's URL for the application (role lounge_app)."""
        return self.postgres.url(APP_ROLE)

    @property
    def owner_url(self) -> str:
        """PostgreSQL's URL for migrations (role lounge_owner, which owns the database)."""
        return self.postgres.url(OWNER_ROLE)

    @property
    def redis_url(self) -> str:
        """Valkey's URL."""
        return self.valkey.url

    async def __aenter__(self) -> Self:
        """Start both, and watch them."""
        try:
            await self.valkey.start()
            await self.postgres.start()
        except BaseException:
            await self._stop()
            raise
        await self._tasks.__aenter__()
        self._watchers = [
            self._tasks.create_task(self._keep_running(server), name=f"keep {server.title} running")
            for server in (self.valkey, self.postgres)
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both. What was raised inside the block goes on its way as it is."""
        for watcher in self._watchers:
            watcher.cancel()
        try:
            await self._tasks.__aexit__(None, None, None)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        try:
            await self.valkey.stop()
        finally:
            await self.postgres.stop()

    async def _keep_running(self, server: EmbeddedServer) -> None:
        pause = FIRST_PAUSE_SECONDS
        started = self._clock.monotonic()
        while True:
            code = await server.wait()
            if self._clock.monotonic() - started >= STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._log.warning("embedded server died", server=server.title, exit_code=code, pause=pause)
            pause = await self._start_again(server, pause)
            started = self._clock.monotonic()

    async def _start_again(self, server: EmbeddedServer, pause: float) -> float:
        """Try until it runs, doubling the pause; return the pause to take should it die again soon."""
        while True:
            await self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            try:
                await server.start()
            except EmbeddedError as error:
                self._log.warning("embedded server cannot start", server=server.title, why=str(error), pause=pause)
            else:
                self.restarts[server.title] += 1
                self._log.info("embedded server runs again", server=server.title, pid=server.pid)
                return pause
