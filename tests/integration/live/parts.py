"""A node's live parts without sockets: real Postgres, real Valkey, and connections that end in memory."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lounge.clock import SystemClock
from lounge.errors import SignInNeeded
from lounge.ids import Ids, SystemRandomness
from lounge.live.bus import Bus
from lounge.live.commit import GroupCommit
from lounge.live.hub import Hub
from lounge.live.journal import Journal
from lounge.live.marks import Marks
from lounge.live.registry import Registry
from lounge.live.services import Services
from lounge.live.session import Session
from lounge.members.accounts import Credential, Member
from lounge.presence import PresenceKeeper
from lounge.rooms import Rooms
from lounge.sql import load_queries
from lounge.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lounge.clock import Clock

PATIENCE = 20.0
"""Seconds after which a condition that never comes fails a test; no test passes or fails by being slower."""


async def until(condition: Callable[[], Any], what: str = "the condition") -> None:
    """Wait until `condition()` holds."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{what} never came") from None


def frames(data: bytes) -> list[dict[str, Any]]:
    """Return the objects in these unmasked text frames."""
    found, at = [], 0
    while at < len(data):
        size = data[at + 1]
        at += 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        found.append(json.loads(data[at : at + size]))
        at += size
    return found


class Peer:
    """The other end of a connection: it can stop reading, and it sees what it was sent."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.inbox: list[dict[str, Any]] = []
        self.held = bytearray()
        self.reading = True
        self.paused = False
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self._next = 0
        session.opened(self)

    # Wire

    def write(self, data: bytes) -> None:
        if self.closed is None and not self.aborted:
            self.held += data
            if self.reading:
                self.drain()

    def buffered(self) -> int:
        return len(self.held)

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)
        self.session.lost()

    def abort(self) -> None:
        if not self.aborted:
            self.aborted = True
            asyncio.get_running_loop().call_soon(self.session.lost)

    # The peer's own doing

    def drain(self) -> None:
        data, self.held = bytes(self.held), bytearray()
        self.inbox += frames(data)

    def read_again(self) -> None:
        self.reading = True
        self.drain()
        self.session.drained()

    def drop(self) -> None:
        self.closed = (1006, "")
        self.session.lost()

    def tell(self, op: str, **fields: Any) -> int:
        self._next += 1
        command = {"op": op, "id": self._next, **{name.rstrip("_"): value for name, value in fields.items()}}
        self.session.received(json.dumps(command).encode())
        return self._next

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        number = self.tell(op, **fields)
        await until(lambda: self.answer(number) is not None, f"the answer to {op}")
        answer = self.answer(number)
        assert answer is not None
        return answer

    def key(self) -> str:
        return str(uuid.uuid4())

    def answer(self, number: int) -> dict[str, Any] | None:
        return next((frame for frame in self.inbox if frame.get("id") == number), None)

    def events(self, stream: str) -> list[dict[str, Any]]:
        return [f for f in self.inbox if f["op"] == "event" and f["stream"] == stream]


class MovableClock(SystemClock):
    """The machine's clock, moved on at will."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class Words:
    """Names of participants, in a row."""

    def __init__(self) -> None:
        self._n = 0

    def draw(self) -> str:
        self._n += 1
        return f"Alias {self._n}"

    async def label(self, member: Member) -> str:  # noqa: ARG002  nobody is told apart here
        return "Physician"


class Parts:
    """One node's live parts."""

    def __init__(self, store: Store, bus: Bus, tasks: asyncio.TaskGroup, clock: Clock, redis_url: str) -> None:
        self.redis_url = redis_url
        self.store = store
        self.bus = bus
        self.clock = clock
        self.ids = Ids(SystemClock(), SystemRandomness())
        self.hub = Hub(Journal(store), bus, clock, tasks)
        self.commit = GroupCommit(store.append, self.hub.committed)
        words = Words()
        self.rooms = Rooms(store, self.commit.append, self.hub.committed, self.ids, words)
        self.registry = Registry()
        random = SystemRandomness()
        node = random.randbytes(8)
        self.presence = PresenceKeeper(self.hub, bus, words, clock, random, node=node, epoch=lambda: store.epoch)
        self.marks = Marks(self.registry, bus, node)
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self._services = Services(
            hub=self.hub,
            rooms=self.rooms,
            commit=self.commit,
            registry=self.registry,
            presence=self.presence,
            marks=self.marks,
            clock=clock,
            tasks=tasks,
            authenticate=self._nobody,
            epoch=lambda: store.epoch.name,
            later=self._later,
        )

    @staticmethod
    async def _nobody(_secret: str) -> Credential:
        raise SignInNeeded

    def pass_time(self, seconds: float) -> None:
        """Move the clock on, and fire the timers that were set."""
        assert isinstance(self.clock, MovableClock)
        self.clock.ahead += seconds
        due, self.timers = self.timers, []
        for _, callback in due:
            callback()

    def _later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Keep the timers for the test to fire; none fires by itself."""
        self.timers.append((seconds, callback))
        return asyncio.get_running_loop().call_later(10**6, callback)

    def session(self, member: Member) -> Session:
        expiry = self.clock.now().replace(year=2100)
        return Session(self._services, Credential(self.ids.secret(), member, "session", expiry))

    async def peer(self, member: Member) -> Peer:
        peer = Peer(self.session(member))
        assert (await peer.ask("hello", client="test"))["op"] == "welcome"
        return peer

    async def member(self, handle: str, role: str = "member", specialties: tuple[str, ...] = ("cardiology",)) -> Member:
        member = Member(self.ids.secret(), handle, role, specialties, "DE", self.ids.stream())  # type: ignore[arg-type]
        await self.store.rows(
            "members.create",
            member.id,
            handle,
            role,
            list(specialties),
            member.country,
            member.feed,
            ["en"],
            "Europe/Berlin",
        )
        return member


@asynccontextmanager
async def running_parts(database_url: str, redis_url: str, clock: Clock | None = None) -> AsyncIterator[Parts]:
    """Start a node's live parts."""
    store = Store(database_url, load_queries())
    await store.open()
    bus = Bus(redis_url, lambda: store.epoch)
    try:
        async with asyncio.TaskGroup() as tasks:
            parts = Parts(store, bus, tasks, clock or MovableClock(), redis_url)
            owned = [tasks.create_task(work) for work in (bus.run(), parts.hub.run(), parts.commit.run())]
            await until(lambda: bus.up, "the bus")
            yield parts
            for task in owned:
                task.cancel()
    finally:
        await store.close()
