"""The composition root: here, and nowhere else, a node's parts are made and handed to each other."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from lounge.clock import SystemClock
from lounge.data import load_countries, load_specialties
from lounge.http.about import About, AboutHere
from lounge.http.demo import Demo
from lounge.http.headers import SecurityHeaders
from lounge.http.health import Health
from lounge.http.identity import Identity
from lounge.http.limits import BodyBound
from lounge.http.me import BoardLine, Mine
from lounge.http.observe import Observe
from lounge.http.openapi import OpenApi
from lounge.http.operation import Desk, Operation
from lounge.http.origins import Origins
from lounge.http.refusal import refusal
from lounge.http.specialties import Catalogue
from lounge.http.static import Static
from lounge.http.throttle import Throttle
from lounge.ids import Ids, SystemRandomness
from lounge.members.accounts import Accounts
from lounge.metrics import Metrics
from lounge.sql import load_migrations, load_queries
from lounge.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.types import ASGIApp

    from lounge.clock import Clock
    from lounge.ids import Random
    from lounge.settings import Settings
    from lounge.store import Item, Outcome

    Committed = Callable[[Sequence[Item], Sequence[Outcome]], None]


class Node(Struct, frozen=True):
    """One running node: the application to serve, and what the commands need of its parts."""

    asgi: ASGIApp
    operations: list[Operation]
    store: Store
    accounts: Accounts
    health: Health
    metrics: Metrics


class Addresses(Struct, frozen=True):
    """Where this node's servers are, and the port under which it is served itself."""

    database_url: str
    redis_url: str
    port: int


@asynccontextmanager
async def running(
    settings: Settings,
    addresses: Addresses,
    *,
    demo: bool = False,
    clock: Clock | None = None,
    random: Random | None = None,
) -> AsyncIterator[Node]:
    """Make a node, open its connections, and close them in the end. Raises Unavailable where Postgres does not answer."""
    clock = clock or SystemClock()
    random = random or SystemRandomness()
    async with AsyncExitStack() as stack:
        ids = Ids(clock, random)
        metrics = Metrics()
        store = Store(addresses.database_url, load_queries())
        stack.push_async_callback(store.close)
        await store.open()
        specialties = load_specialties()

        def committed(items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
            """Nobody follows anything yet."""

        accounts = accounts_of(store, ids, clock, committed)
        health = _health(metrics, store)
        origins = Origins(settings.public_url, addresses.port)
        throttle = Throttle(clock, random, settings.failures_per_minute)
        identity = Identity(accounts, origins, throttle, secure=settings.secure)
        lifetime = timedelta(days=settings.session_days)
        boards: dict[str, list[BoardLine]] = {
            one.id: [
                BoardLine(ids.derived("board", one.id, "all"), one.id, "all"),
                BoardLine(ids.derived("board", one.id, "members"), one.id, "members"),
            ]
            for one in specialties
        }
        operations = [
            *health.operations(),
            *AboutHere(About(demo, "Lounge", version())).operations(),
            *Catalogue(specialties).operations(),
            *Mine(accounts, identity, store, clock, boards=boards, lifetime=lifetime).operations(),
        ]
        if demo:
            operations += Demo(accounts, identity, origins, lifetime=lifetime).operations()
        operations += OpenApi(operations, version()).operations()
        routes = Desk(identity, body_seconds=settings.body_seconds).routes(operations)
        asgi = Starlette(
            routes=[*routes, Static(client_folder()).route()],
            middleware=[
                Middleware(Observe, clock, random, metrics),
                Middleware(SecurityHeaders, secure=settings.secure),
                Middleware(BodyBound),
            ],
            exception_handlers={HTTPException: refusal},
        )
        yield Node(asgi, operations, store, accounts, health, metrics)


def accounts_of(store: Store, ids: Ids, clock: Clock, committed: Committed) -> Accounts:
    """Return the accounts of an installation: for a node, and for the commands that need no more."""
    return Accounts(store, ids, clock, specialties=load_specialties(), countries=load_countries(), committed=committed)


def version() -> str:
    """Return the version of this release."""
    try:
        return metadata.version("lounge")
    except metadata.PackageNotFoundError:
        return "0"


def client_folder() -> Path:
    """Return where the built client lies."""
    return Path(str(resources.files("lounge"))) / "static"


def _health(metrics: Metrics, store: Store) -> Health:
    health = Health(metrics)

    needed = {migration.name for migration in load_migrations() if migration.phase == "pre"}

    async def database() -> bool:
        await store.row("installation.applied")
        return True

    async def migrations() -> bool:
        return needed <= {row["name"] for row in await store.rows("installation.applied")}

    health.needs("database", database)
    health.needs("migrations", migrations)
    return health
