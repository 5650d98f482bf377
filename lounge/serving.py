"""What the commands do: servers first, then the schema, then a node, then the port; and all of it undone in reverse."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec
import structlog
from msgspec import Struct

from lounge.aliases import Aliases
from lounge.app import Addresses, running
from lounge.clock import SystemClock
from lounge.colleagues.cast import personas_of
from lounge.colleagues.company import Company
from lounge.data import load_alias_words, load_countries, load_demo, load_specialties, load_stock
from lounge.demo import Seeder
from lounge.demo_paging import DemoPaging
from lounge.descriptors import allow_many
from lounge.embedded.errors import FolderInUse
from lounge.embedded.postgres import APP_ROLE, DATABASE, OWNER_ROLE, PORT, EmbeddedPostgres
from lounge.embedded.supervisor import Supervisor
from lounge.ids import Ids, SystemRandomness
from lounge.live.listener import Listener, listening_sockets
from lounge.live.outbound import LOW
from lounge.live.terms import Terms
from lounge.migrations import durability, migrate, pending, renew_epoch
from lounge.paging.duties import Duties
from lounge.paging.zones import load_zones
from lounge.sql import load_queries
from lounge.store import Direct

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from lounge.app import Node
    from lounge.settings import Settings

log = structlog.get_logger(__name__)

PLAIN_CONNECTIONS: Final = 5_000
"""Connections beside the live ones: requests over HTTP, and sockets being let in."""

OTHER_FILES: Final = 500
"""Open files beside the live connections: the database's, the bus's, and requests over HTTP as they come and go."""

DEMO_SOCKETS: Final = 2_000
"""Live connections of a demo: it is one machine's, whatever that one allows."""

DEMO_LABEL_K: Final = 1
"""Nobody in a demo has to be hidden among others."""

DEMO_MARK: Final = "demo"
"""A file in the data folder: everything in it is made up, so anybody on this machine may sign in as anybody."""


class NotServed(Exception):
    """A command cannot do what it was asked; the text is one line for the operator."""


class Place(Struct, frozen=True):
    """Where to serve, where the embedded servers' data lies, and whether all of it is made up; `quiet`: without colleagues."""

    host: str
    port: int
    data: Path
    demo: bool = False
    quiet: bool = False


class Databases(Struct, frozen=True):
    """Addresses of one Postgres: for the application and for the owner of the schema."""

    url: str
    owner_url: str


class Ending:
    """Turns the first SIGINT or SIGTERM into an orderly end, whatever is under way; the second one hurries it."""

    def __init__(self) -> None:
        """Begin with the current task as what is to be ended."""
        self._task = asyncio.current_task()
        self._stop: Callable[[], None] | None = None
        self.asked = False
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)

    @contextmanager
    def by(self, stop: Callable[[], None]) -> Iterator[None]:
        """Within the block each signal calls `stop` instead of cancelling: what is under way is answered first."""
        self._stop = stop
        try:
            if self.asked:
                stop()
            yield
        finally:
            self._stop = None

    def _signalled(self) -> None:
        again, self.asked = self.asked, True
        if self._stop is not None:
            self._stop()
        elif not again and self._task is not None:
            # Once: a second cancellation would break off the orderly stop of the servers, whose steps have deadlines.
            self._task.cancel()


async def serve(settings: Settings, place: Place, ready: Callable[[str], None]) -> None:
    """Serve until a signal asks for the end; `ready` is called with the address once it answers.

    Raises NotServed, SettingsError, EmbeddedError or a LoungeError.
    """
    ending = Ending()
    if place.demo:
        settings = msgspec.structs.replace(
            settings,
            database_url=None,
            redis_url=None,
            public_url=None,
            label_k=DEMO_LABEL_K,
            sockets=DEMO_SOCKETS,
            specialties=None,
        )
    files = allow_many()
    if files and files < settings.sockets + OTHER_FILES:
        log.warning("files.few", limit=files, needed=settings.sockets + OTHER_FILES)
    try:
        with _bound(place) as sockets:
            port = sockets[0].getsockname()[1]
            async with (
                _servers(settings, place) as (databases, redis_url),
                running(settings, Addresses(databases.url, redis_url, port), demo=place.demo) as node,
            ):
                if place.demo:
                    await seed(node, databases.owner_url)
                url = _url(place.host, port)
                beside = partial(_accompany, url) if place.demo and not place.quiet else None
                await _listen(settings, node, sockets, ending, lambda: ready(url), beside)
    except asyncio.CancelledError:
        if not ending.asked:
            raise


@asynccontextmanager
async def _servers(settings: Settings, place: Place) -> AsyncIterator[tuple[Databases, str]]:
    """Yield the addresses of a Postgres with this release's schema, and of a Redis."""
    if settings.database_url is not None and settings.redis_url is not None:
        databases = Databases(settings.database_url, settings.database_owner_url or settings.database_url)
        await make_ready(settings, databases)
        yield databases, settings.redis_url
        return
    if place.demo:
        _mark_demo(place.data)
    async with Supervisor(place.data) as servers:
        databases = Databases(servers.database_url, servers.owner_url)
        await make_ready(settings, databases)
        yield databases, servers.redis_url


async def seed(node: Node, owner_url: str) -> None:
    """Put the made-up members and cases in, where they are not yet."""
    ids, clock, specialties = _ids(), SystemClock(), load_specialties()
    aliases = Aliases(
        node.store,
        load_alias_words(),
        specialties,
        load_countries(),
        clock=clock,
        random=SystemRandomness(),
        k=DEMO_LABEL_K,
    )
    async with Direct(owner_url, load_queries()) as owner:
        duties = Duties(node.store, load_zones(), clock)
        paging = DemoPaging(owner, ids, node.accounts, aliases, duties, specialties)
        seeder = Seeder(node.store, owner, ids, clock, node.accounts, node.rooms, node.cases, node.endings, paging)
        await seeder.seed(load_demo())


async def _accompany(url: str) -> None:
    """Let simulated colleagues answer those who look at the demo, as clients of it, until cancelled."""
    company = Company(
        url,
        personas_of(load_demo()),
        load_stock(),
        load_specialties(),
        clock=SystemClock(),
        chance=random.SystemRandom(),
    )
    try:
        await company.run()
    except Exception:
        # The demo goes on without them.
        log.exception("colleagues.fault")


async def make_ready(settings: Settings, databases: Databases) -> None:
    """See that the database has this release's schema and keeps what it acknowledges.

    Our own is migrated here; somebody else's by `lounge migrate` alone, so that a rolling upgrade is the operator's to time.
    """
    if settings.embedded:
        await migrate(databases.owner_url, _ids())
    elif missing := await pending(databases.url):
        message = f"the database lacks {len(missing)} migration(s), from {missing[0]}: run `lounge migrate`"
        raise NotServed(message)
    if off := await durability(databases.url):
        settled = " and ".join(f"{name}=off" for name in off)
        message = f"PostgreSQL runs with {settled}: a change that was acknowledged could be lost; set it to on"
        raise NotServed(message)


def _mark_demo(data: Path) -> None:
    """Make sure that the demo, where signing in takes no proof, opens no data but its own."""
    mark = data / DEMO_MARK
    if mark.exists():
        return
    if (data / "postgres").exists():
        message = f"{data} holds an installation that is not a demo: name another folder with --data"
        raise NotServed(message)
    try:
        data.mkdir(parents=True, exist_ok=True)
        mark.write_text("Everything in this folder is made up; `lounge demo` signs anybody in as anybody.\n", "utf-8")
    except OSError as error:
        message = f"the data folder {data} cannot be used: {error.strerror}"
        raise NotServed(message) from error


@contextmanager
def _bound(place: Place) -> Iterator[list[socket.socket]]:
    """Take the port before anything is started, so that a port in use is told at once; nobody is let in yet."""
    try:
        sockets = listening_sockets(place.host, place.port)
    except OSError as error:
        message = f"port {place.port} on {place.host} cannot be used ({error.strerror}): name another with --port"
        raise NotServed(message) from error
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()


async def _listen(
    settings: Settings,
    node: Node,
    sockets: list[socket.socket],
    ending: Ending,
    ready: Callable[[], None],
    beside: Callable[[], Coroutine[None, None, None]] | None,
) -> None:
    """Serve until asked to stop; `beside` runs once it answers, and ends before what is under way is waited for."""
    terms = Terms(
        later=asyncio.get_running_loop().call_later,
        random=SystemRandomness(),
        drain_seconds=settings.drain_seconds,
        connections=settings.sockets + PLAIN_CONNECTIONS,
        # A session that catches up writes until `LOW`, then waits to hear that the peer has read most of it.
        high_water=LOW,
        low_water=LOW // 4,
    )
    proxies = [one.strip() for one in settings.trusted_proxies.split(",")]
    listener = Listener(node.asgi, terms, proxies=proxies, signals=False)

    company: list[asyncio.Task[None]] = []

    def stop() -> None:
        for task in company:
            task.cancel()
        node.health.drain()
        listener.stop()

    with ending.by(stop):
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(listener.serve(sockets), name="listener")
            while not listener.started and not serving.done():  # noqa: ASYNC110  see below
                await asyncio.sleep(0.01)  # uvicorn sets a flag, and tells nobody
            if listener.started:
                ready()
                if beside is not None:
                    company.append(tasks.create_task(beside(), name="colleagues"))
            await asyncio.wait([serving])
            for task in company:
                task.cancel()


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@asynccontextmanager
async def database(settings: Settings, data: Path) -> AsyncIterator[Databases]:
    """Yield the database for a command that only needs that: the one given, the one running on `data`, or start it."""
    if settings.database_url is not None:
        yield Databases(settings.database_url, settings.database_owner_url or settings.database_url)
        return
    server = EmbeddedPostgres(data / "postgres")
    try:
        await server.start()
    except FolderInUse:
        yield Databases(_running_url(data, APP_ROLE), _running_url(data, OWNER_ROLE))
        return
    try:
        yield Databases(server.url(APP_ROLE), server.url(OWNER_ROLE))
    finally:
        await server.stop()


def _running_url(data: Path, role: str) -> str:
    """Return the address of the server that another process runs on this folder (see `lounge.embedded.folder`)."""
    record = data.resolve() / "postgres" / "sockets"
    folder = record.read_bytes() if record.exists() else os.fsencode(record.with_name("run"))
    return f"postgresql://{role}@/{DATABASE}?host={quote(folder, safe='/')}&port={PORT}"


async def migrate_database(settings: Settings, data: Path, *, post: bool) -> list[str]:
    """Apply the migrations that are missing, and return their names."""
    async with database(settings, data) as databases:
        return await migrate(databases.owner_url, _ids(), phases=("pre", "post") if post else ("pre",))


async def begin_epoch(settings: Settings, data: Path) -> None:
    """Begin a new epoch."""
    async with database(settings, data) as databases:
        await renew_epoch(databases.owner_url, _ids())


def _ids() -> Ids:
    return Ids(SystemClock(), SystemRandomness())
