"""The composition root: here, and nowhere else, a node's parts are made and handed to each other."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from lounge.aliases import Aliases
from lounge.boards import BoardKeeper, boards_of, ensure_boards
from lounge.cases import Cases
from lounge.chores import Chores
from lounge.clock import SystemClock
from lounge.data import CatalogueError, load_alias_words, load_countries, load_languages, load_specialties
from lounge.endings import Endings
from lounge.http.about import About, AboutHere
from lounge.http.cases import CasesResource
from lounge.http.demo import Demo
from lounge.http.duty import DutyResource
from lounge.http.feed import FeedResource
from lounge.http.headers import SecurityHeaders
from lounge.http.health import Health
from lounge.http.identity import Identity
from lounge.http.limits import BodyBound
from lounge.http.live import LiveEndpoint
from lounge.http.me import Mine
from lounge.http.observe import Observe
from lounge.http.openapi import OpenApi
from lounge.http.operation import Desk, Operation
from lounge.http.origins import Origins
from lounge.http.pager import PagerResource
from lounge.http.pulse import PulseResource
from lounge.http.refusal import refusal
from lounge.http.rooms import RoomsResource
from lounge.http.specialties import Catalogue
from lounge.http.static import Static
from lounge.http.throttle import Throttle
from lounge.ids import CONTROL, Ids, SystemRandomness
from lounge.invitations import Invitations
from lounge.live.bus import Bus
from lounge.live.capacity import Capacity
from lounge.live.commit import GroupCommit
from lounge.live.hub import Hub
from lounge.live.journal import Journal
from lounge.live.marks import Marks
from lounge.live.registry import Registry
from lounge.live.services import Services
from lounge.live.session import Session
from lounge.lounges import ensure_lounges, lounges
from lounge.members.accounts import Accounts
from lounge.metrics import Metrics
from lounge.paging.auditor import Auditor
from lounge.paging.duties import Duties
from lounge.paging.engine import Engine
from lounge.paging.escalations import Escalations
from lounge.paging.feed import Feeds
from lounge.paging.feed import Services as FeedServices
from lounge.paging.heartbeat import Heartbeat
from lounge.paging.pages import Pages
from lounge.paging.policies import Policies
from lounge.paging.pulse import Pulse
from lounge.paging.router import Router
from lounge.paging.stopwatch import Stopwatch
from lounge.paging.taking import Taking
from lounge.paging.telling import Telling
from lounge.paging.weights import weights_of
from lounge.paging.zones import load_zones
from lounge.presence import PresenceKeeper
from lounge.rooms import Rooms
from lounge.settings import SettingsError, variable
from lounge.sql import load_migrations, load_queries
from lounge.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

    from lounge.clock import Clock
    from lounge.data import Specialties
    from lounge.ids import Random
    from lounge.rooms import Names
    from lounge.settings import Settings
    from lounge.store import Item, Outcome

    Committed = Callable[[Sequence[Item], Sequence[Outcome]], None]

UNBOUNDED: Final = 2**31
"""What a bound is where a setting says zero for none."""


class Node(Struct, frozen=True):
    """One running node: the application to serve, and what the commands need of its parts."""

    asgi: ASGIApp
    operations: list[Operation]
    store: Store
    accounts: Accounts
    rooms: Rooms
    cases: Cases
    endings: Endings
    health: Health
    metrics: Metrics


class Addresses(Struct, frozen=True):
    """Where this node's servers are, and the port under which it is served itself."""

    database_url: str
    redis_url: str
    port: int


class _Live(Struct, frozen=True):
    """The parts through which events travel."""

    bus: Bus
    hub: Hub
    commit: GroupCommit
    registry: Registry
    presence: PresenceKeeper
    marks: Marks
    capacity: Capacity
    committed: Committed
    interested: list[Committed]
    """Who else is told of what was committed on this node."""


class _Paging(Struct, frozen=True):
    """The parts that see to it that a case finds its responders."""

    engine: Engine
    auditor: Auditor
    policies: Policies
    pages: Pages
    escalations: Escalations
    duties: Duties
    pulse: Pulse


@asynccontextmanager
async def running(
    settings: Settings,
    addresses: Addresses,
    *,
    demo: bool = False,
    clock: Clock | None = None,
    random: Random | None = None,
) -> AsyncIterator[Node]:
    """Make a node, open its connections, and close them in the end.

    Raises Unavailable where Postgres does not answer, SettingsError where the operator's file of specialties is broken.
    """
    clock = clock or SystemClock()
    random = random or SystemRandomness()
    specialties = specialties_of(settings)
    async with AsyncExitStack() as stack:
        ids = Ids(clock, random)
        metrics = Metrics()
        store = Store(addresses.database_url, load_queries())
        stack.push_async_callback(store.close)
        await store.open()
        tasks = await stack.enter_async_context(_owned_tasks())
        await ensure_boards(store, ids, [one.id for one in specialties])
        await ensure_lounges(store, lounges(ids, specialties, load_countries(), load_languages().values()))
        aliases = Aliases(
            store, load_alias_words(), specialties, load_countries(), clock=clock, random=random, k=settings.label_k
        )
        live = await _live(settings, addresses, store, ids, aliases, clock, random, tasks)
        accounts = accounts_of(store, ids, clock, specialties, live.committed)
        rooms = Rooms(store, live.commit.append, live.committed, ids, aliases)
        paging = _paging(settings, store, ids, aliases, specialties, clock, metrics, live)
        tasks.keep(paging.engine.run(), "pager")
        tasks.keep(paging.auditor.run(), "auditor")
        cases = Cases(
            store, ids, aliases, specialties, live.committed, countries=load_countries(), search=paging.policies.begin
        )
        endings = Endings(
            store, ids, clock, enter=rooms.participate, committed=live.committed, end_search=paging.escalations.end
        )
        invitations = Invitations(store, ids, aliases, rooms, live.committed)
        services = Services(
            hub=live.hub,
            rooms=rooms,
            commit=live.commit,
            registry=live.registry,
            presence=live.presence,
            marks=live.marks,
            clock=clock,
            tasks=tasks.group,
            authenticate=accounts.authenticate,
            epoch=lambda: store.epoch.name,
            later=asyncio.get_running_loop().call_later,
        )

        health = _health(metrics, store, live.bus)
        _measure(metrics, live)
        origins = Origins(settings.public_url, addresses.port)
        throttle = Throttle(clock, random, settings.failures_per_minute)
        identity = Identity(accounts, origins, throttle, secure=settings.secure)
        lifetime = timedelta(days=settings.session_days)
        pager = PagerResource(paging.pages, paging.escalations, paging.policies, clock)
        feeds = Feeds(
            FeedServices(live.hub, live.registry, rooms.history, store, clock, random, pages=pager.open_pages)
        )
        tasks.keep(feeds.run(), "feeds")
        health.prefers("pager", paging.auditor.on_time)
        operations = [
            *health.operations(),
            *AboutHere(About(demo, "Lounge", version())).operations(),
            *Catalogue(specialties).operations(),
            *Mine(
                accounts,
                identity,
                store,
                clock,
                boards_of=lambda member: boards_of(ids, member),
                lifetime=lifetime,
            ).operations(),
            *CasesResource(cases, endings, clock).operations(),
            *RoomsResource(rooms, invitations).operations(),
            *pager.operations(),
            *FeedResource(feeds, live.capacity, identity.check_change).operations(),
            *DutyResource(paging.duties).operations(),
            *PulseResource(paging.pulse).operations(),
        ]
        if demo:
            operations += Demo(accounts, identity, origins, lifetime=lifetime).operations()
        operations += OpenApi(operations, version()).operations()
        socket = LiveEndpoint(
            capacity=live.capacity,
            check_origin=identity.check_change,
            authenticate=identity.offered_by,
            room_for=live.registry.room_for,
            make_session=lambda credential: Session(services, credential),
        )
        routes = Desk(identity, body_seconds=settings.body_seconds).routes(operations)
        asgi = Starlette(
            routes=[*routes, socket.route(), Static(client_folder()).route()],
            middleware=[
                Middleware(Observe, clock, random, metrics),
                Middleware(SecurityHeaders, secure=settings.secure),
                Middleware(BodyBound),
            ],
            exception_handlers={HTTPException: refusal},
        )
        yield Node(asgi, operations, store, accounts, rooms, cases, endings, health, metrics)


def specialties_of(settings: Settings) -> Specialties:
    """Return the specialties of an installation: the operator's, or those that come along; raise SettingsError."""
    try:
        return load_specialties(None if settings.specialties is None else Path(settings.specialties))
    except CatalogueError as error:
        message = f"{variable('specialties')}: {error}"
        raise SettingsError(message) from None


def accounts_of(store: Store, ids: Ids, clock: Clock, specialties: Specialties, committed: Committed) -> Accounts:
    """Return the accounts of an installation: for a node, and for the commands that need no more."""
    return Accounts(
        store,
        ids,
        clock,
        specialties=specialties,
        countries=load_countries(),
        languages=load_languages(),
        committed=committed,
        zone_of=load_zones().of,
    )


def version() -> str:
    """Return the version of this release."""
    try:
        return metadata.version("lounge")
    except metadata.PackageNotFoundError:
        return "0"


def client_folder() -> Path:
    """Return where the built client lies."""
    return Path(str(resources.files("lounge"))) / "static"


class _Tasks:
    """The group that owns a node's tasks; those begun by `keep` run until the node ends."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.group = group
        self._kept: list[asyncio.Task[None]] = []

    def keep(self, work: Coroutine[None, None, None], name: str) -> None:
        self._kept.append(self.group.create_task(work, name=name))

    def cancel(self) -> None:
        for task in self._kept:
            task.cancel()


@asynccontextmanager
async def _owned_tasks() -> AsyncIterator[_Tasks]:
    """Yield the owner; what is raised inside goes on its way as it is, not wrapped into a group with the tasks' faults."""
    group = asyncio.TaskGroup()
    await group.__aenter__()
    tasks = _Tasks(group)
    try:
        yield tasks
    finally:
        tasks.cancel()
        await group.__aexit__(None, None, None)


async def _live(
    settings: Settings,
    addresses: Addresses,
    store: Store,
    ids: Ids,
    names: Names,
    clock: Clock,
    random: Random,
    tasks: _Tasks,
) -> _Live:
    """Make the live parts and set them going."""
    bus = Bus(addresses.redis_url, lambda: store.epoch)
    hub = Hub(Journal(store), bus, clock, tasks.group)
    keeper = BoardKeeper(store, ids, clock, hub.committed)
    chores = Chores(store, ids, clock, hub.committed)

    # Followers first; then the boards and whoever was called, which may wait.
    interested: list[Committed] = [hub.committed, keeper.touched, chores.touched]

    def committed(items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        """Tell all who are interested."""
        for tell in interested:
            tell(items, outcomes)

    commit = GroupCommit(store.append, committed)
    registry = Registry(settings.sockets_per_member or UNBOUNDED)
    node = random.randbytes(8)
    presence = PresenceKeeper(hub, bus, names, clock, random, node=node, epoch=lambda: store.epoch)

    async def begin_anew() -> None:
        """Forget the numbers of a history that ended, and have all clients do the same."""
        hub.forget_all()
        presence.forget_all()
        registry.begin_anew()
        await bus.renew()
        await hub.attach(CONTROL)

    def on_epoch() -> None:
        tasks.group.create_task(begin_anew(), name="new-epoch")

    store.on_epoch = on_epoch
    tasks.keep(bus.run(), "bus")
    tasks.keep(hub.run(), "hub")
    tasks.keep(commit.run(), "commit")
    tasks.keep(keeper.run(), "boards")
    tasks.keep(chores.run(), "chores")
    tasks.keep(presence.run(), "presence")
    hub.listen(CONTROL, registry.heard)
    await hub.attach(CONTROL)
    marks = Marks(registry, bus, node)
    return _Live(bus, hub, commit, registry, presence, marks, Capacity(settings.sockets), committed, interested)


def _paging(
    settings: Settings,
    store: Store,
    ids: Ids,
    aliases: Aliases,
    specialties: Specialties,
    clock: Clock,
    metrics: Metrics,
    live: _Live,
) -> _Paging:
    """Make the parts of paging; the engine learns of what is committed here."""
    zones, telling, stopwatch = load_zones(), Telling(ids), Stopwatch(metrics)
    router = Router(specialties, load_countries(), weights_of(settings.router_weights), clock, zones)
    taking = Taking(store, ids, aliases, router, telling, live.committed, stopwatch)
    engine = Engine(store, taking)
    live.interested.append(engine.touched)
    heartbeat = None
    if settings.heartbeat_url is not None:
        heartbeat = Heartbeat(settings.heartbeat_url, settings.heartbeat_seconds, clock)
    auditor = Auditor(store, ids, clock, live.committed, heartbeat)
    auditor.measure(metrics)
    return _Paging(
        engine=engine,
        auditor=auditor,
        policies=Policies(store),
        pages=Pages(store, ids, aliases, telling, live.committed, engine.changed, stopwatch),
        escalations=Escalations(store, telling, live.committed, engine.changed),
        duties=Duties(store, zones, clock),
        pulse=Pulse(store, ids, clock, k=settings.label_k),
    )


def _measure(metrics: Metrics, live: _Live) -> None:
    metrics.gauge("lounge_sockets", "Live connections, those being let in among them.", lambda: live.capacity.taken)
    metrics.gauge("lounge_sessions", "Live connections that are open.", lambda: len(live.registry))
    metrics.gauge("lounge_tasks", "Tasks of this node's event loop.", lambda: len(asyncio.all_tasks()))
    metrics.gauge("lounge_streams", "Streams that this node follows.", lambda: live.hub.streams)
    metrics.gauge("lounge_followers", "Followers over all streams.", lambda: live.hub.followers)
    metrics.gauge("lounge_present", "Members who are in rooms here, once for each room.", lambda: live.presence.present)
    metrics.gauge("lounge_commits_waiting", "Changes that wait for a commit.", lambda: live.commit.waiting)
    metrics.gauge("lounge_bus_up", "Whether the subscriptions in Redis stand.", lambda: live.bus.up)
    metrics.gauge("lounge_bus_foreign", "Parcels on the bus that were not ours.", lambda: live.bus.foreign)
    metrics.gauge(
        "lounge_bus_dropped", "Events that Redis did not take: the sweep delivers them.", lambda: live.bus.dropped
    )


def _health(metrics: Metrics, store: Store, bus: Bus) -> Health:
    health = Health(metrics)
    needed = {migration.name for migration in load_migrations() if migration.phase == "pre"}

    async def database() -> bool:
        await store.row("installation.applied")
        return True

    async def migrations() -> bool:
        return needed <= {row["name"] for row in await store.rows("installation.applied")}

    async def redis() -> bool:
        return bus.up

    health.needs("database", database)
    health.needs("migrations", migrations)
    health.prefers("redis", redis)
    return health
