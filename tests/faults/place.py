"""An installation to be harmed: two servers, two nodes, and a proxy before each of them."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tests.acceptance.node import Node, environment, issued_tokens
from tests.faults.proxy import Proxy, proxied
from tests.integration.conftest import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MEMBERS: Final = 20
PATIENCE: Final = 60.0


class Servers:
    """`lounge servers` on a folder: PostgreSQL and Valkey, which come back when they are killed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.told: dict[str, str] = {}

    async def start(self) -> None:
        """Start them; return once they are ready."""
        with (self.data / "servers.log").open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "lounge",
                "servers",
                "--data",
                str(self.data),
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while (line := (await self._process.stdout.readline()).decode().strip()) != "ready":
                assert line, "lounge servers ended"
                name, _, value = line.partition("=")
                self.told[name] = value

    async def stop(self) -> None:
        """End them in order."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await self._process.communicate()

    @property
    def postmaster(self) -> int:
        """PostgreSQL's first process."""
        return int((self.data / "postgres" / "data" / "postmaster.pid").read_text("utf-8").split("\n")[0])

    @property
    def postgres(self) -> list[int]:
        """All of PostgreSQL's processes, the first one first."""
        first = self.postmaster
        return [first, *_children(first)]

    @property
    def backends(self) -> list[int]:
        """PostgreSQL's processes that each serve a connection of a node."""
        return [pid for pid in self.postgres if "lounge_app" in _title(pid)]

    @property
    def valkey(self) -> int:
        """Valkey's process."""
        wanted = str(self.data / "valkey")
        return next(
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal()
            and "valkey-server" in _title(int(entry.name))
            and wanted in _title(int(entry.name))
        )


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


class Place:
    """What can be harmed, and what is needed to drill."""

    def __init__(self, servers: Servers, proxies: dict[str, Proxy], nodes: list[Node], database: Database) -> None:
        self.servers = servers
        self.database_proxy = proxies["postgres"]
        self.valkey_proxy = proxies["valkey"]
        self.nodes = nodes
        self.direct = database
        """The servers, past the proxies."""
        self.node_proxies: list[Proxy] = []
        self.urls: list[str] = []
        self.tokens: list[str] = []

    @property
    def proxies(self) -> list[Proxy]:
        """All of them."""
        return [self.database_proxy, self.valkey_proxy, *self.node_proxies]


@asynccontextmanager
async def installation() -> AsyncIterator[Place]:
    """Set one up, with twenty members; take it away in the end."""
    # As root PostgreSQL runs as nobody, who must be able to pass through; and the path of a Unix socket is short.
    data = Path("/tmp") / f"lounge-faults-{secrets.token_hex(4)}"
    data.mkdir(mode=0o755)
    servers = Servers(data)
    await servers.start()
    try:
        async with _harmable(servers) as place:
            yield place
    finally:
        await servers.stop()
        shutil.rmtree(data, ignore_errors=True)


@asynccontextmanager
async def _harmable(servers: Servers) -> AsyncIterator[Place]:
    told, between = servers.told, servers.data / "between"
    between.mkdir()
    direct = Database(told["DATABASE_URL"], told["DATABASE_OWNER_URL"], told["REDIS_URL"])
    await run_command(direct, "migrate")
    [folder] = re.findall(r"host=([^&]+)", told["DATABASE_URL"])
    valkey = Path(urlsplit(told["REDIS_URL"]).path)
    async with (
        proxied(Path(folder) / ".s.PGSQL.5432", between / ".s.PGSQL.5432") as (to_postgres, _),
        proxied(valkey, between / "valkey.sock") as (to_valkey, _),
    ):
        harmable = Database(
            direct.url.replace(folder, str(between)), direct.owner_url, f"unix://{between / 'valkey.sock'}"
        )
        logs = [servers.data / f"node-{n}.log" for n in range(2)]
        async with Node(harmable, log=logs[0]) as one, Node(harmable, log=logs[1]) as two:
            place = Place(servers, {"postgres": to_postgres, "valkey": to_valkey}, [one, two], direct)
            async with proxied(one.port) as (first, port), proxied(two.port) as (second, other_port):
                place.node_proxies = [first, second]
                place.urls = [f"http://127.0.0.1:{number}" for number in (port, other_port)]
                place.tokens = await issued_tokens(direct, MEMBERS)
                yield place


async def run_command(database: Database, *arguments: str) -> None:
    """Run a command of `lounge` on the installation; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lounge",
        *arguments,
        env=os.environ | environment(database),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
