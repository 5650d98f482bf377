"""What the embedded servers have in common: one folder, one process, an orderly start and stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from lounge.clock import SystemClock
from lounge.embedded.account import servers_account
from lounge.embedded.errors import EmbeddedError, StartFailed
from lounge.embedded.folder import ServerFolder
from lounge.embedded.process import Process, end_predecessors

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lounge.clock import Clock
    from lounge.embedded.arguments import Identity
    from lounge.embedded.process import Steps

# Long, since a server that was killed first replays what it wrote.
START_SECONDS = 300.0


class EmbeddedServer(ABC):
    """One server on one folder.

    `start` after a crash starts it anew under the same URL; `stop` ends it and gives the folder back.
    """

    title: ClassVar[str]
    usual_settings: ClassVar[Mapping[str, str]]
    stop_steps: ClassVar[Steps]
    dies_by: ClassVar[signal.Signals]

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None, clock: Clock | None = None) -> None:
        """Take the server's folder, and settings that replace or join the usual ones.

        Raises EmbeddedError where the operating system account cannot be used.
        """
        self.account = servers_account()
        self.folder = ServerFolder(folder, self.account)
        self.clock: Clock = clock or SystemClock()
        self._settings = {**self.usual_settings, **(settings or {})}
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it does not run."""
        return None if self._process is None or self._process.exit_code is not None else self._process.pid

    async def start(self) -> None:
        """Start the server and wait until it serves; make its data first where there is none.

        Call it from the main thread. Raises FolderInUse, FolderUnreachable, StartFailed or EmbeddedError; then, and
        when cancelled, nothing is left running.
        """
        if self.pid is not None:
            return
        first = not self.folder.is_open
        try:
            if first:
                self.folder.open()
                # No lock of the servers' own outlives us as ours does: what still runs here is a predecessor's.
                await end_predecessors(self._identity, self._pid_file, self.stop_steps, self.clock)
            await self._launch()
        except BaseException as error:
            await self._end()
            # A failed restart keeps the folder, and with it the URL, for the next attempt.
            if first:
                self.folder.close()
            if isinstance(error, OSError):
                where = error.filename or self.folder.path
                raise EmbeddedError(f"{self.title} cannot be started: {where}: {error.strerror}") from error
            raise

    async def stop(self) -> None:
        """End the server; nothing committed is lost. Removes its socket and gives the folder back."""
        await self._end()
        self.folder.close()

    async def wait(self) -> int:
        """Wait until the server has ended, and return its exit code (minus the signal that killed it)."""
        if self._process is None:
            raise RuntimeError(f"{self.title} was not started")
        return await self._process.wait()

    @property
    @abstractmethod
    def _identity(self) -> Identity:
        """What marks this folder's server among all processes."""

    @property
    @abstractmethod
    def _pid_file(self) -> Path:
        """Where the server notes its process id."""

    @abstractmethod
    async def _launch(self) -> None:
        """Make the data where there is none, start the server by `_spawn` and wait until it serves."""

    def _spawn(self, arguments: Sequence[str | Path]) -> Process:
        self._process = Process(
            arguments, account=self.account, log=self.folder.log, dies_by=self.dies_by, clock=self.clock
        )
        return self._process

    def _not_ready(self, process: Process) -> StartFailed:
        code, log = process.exit_code, self.folder.log
        if code is None:
            return StartFailed(f"{self.title} was not ready within {START_SECONDS:.0f} seconds; see {log}")
        return StartFailed(f"{self.title} ended while starting (exit code {code}); {log} says why")

    async def _end(self) -> None:
        if self._process is not None:
            await self._process.end(self.stop_steps)
            self._process = None
