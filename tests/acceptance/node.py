"""A `lounge serve` of the tests' own, on a database of theirs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tests.integration.conftest import Database


FAR: Final = 180
"""Seconds after which what never comes is given up."""


def environment(database: Database) -> dict[str, str]:
    """Return the environment of a command that works on `database`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "DATABASE_URL": database.url,
        "DATABASE_OWNER_URL": database.owner_url,
        "REDIS_URL": database.redis_url,
    }


async def issued_tokens(database: Database, count: int) -> list[str]:
    """Make members by the operator's command, and return a token of each."""
    command = ["token", "--create-member", "doctor", "--specialty", "internal-medicine", "--country", "DE"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lounge",
        *command,
        "--count",
        str(count),
        env=environment(database),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    tokens = [word for word in out.decode().split() if word.startswith("lng_")]
    assert process.returncode == 0
    assert len(tokens) == count
    return tokens


class Node:
    """One node; leaving the block asks it to end, and it must.

    `module` is what Python runs, with its own arguments before those of `lounge`; `log` a file for what it says; `settings`
    joins its environment.
    """

    def __init__(
        self,
        database: Database,
        *,
        module: tuple[str, ...] = ("lounge",),
        log: Path | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self._settings = settings or {}
        self.module = module
        self._database = database
        self._log = log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Node:
        await self.restart()
        return self

    async def restart(self) -> None:
        """Start the process, for the first time or after its end, at the same address; return once it is ready."""
        with ExitStack() as files:
            said = files.enter_context(self._log.open("ab")) if self._log is not None else None
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self.module,
                "serve",
                "--port",
                str(self.port),
                env=environment(self._database) | self._settings,
                stdout=said,
                stderr=said,
            )
        async with asyncio.timeout(FAR), httpx.AsyncClient(base_url=self.url) as client:
            while True:
                assert self.process.returncode is None, "lounge serve ended"
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(FAR):
            await self.process.wait()
        if error is None:
            assert self.process.returncode == 0
