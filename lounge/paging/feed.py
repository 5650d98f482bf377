"""The pager's feed: one member's pages as server-sent events (the HTML standard, 9.2), each once, in order, with its number.

A feed follows the member's own stream by the hub, as a session does. It begins with what its client missed, or with the open
pages as they stand, and lets nothing fall between the two and what is live. It knows no HTTP: what carries its bytes is a
`Wire`.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from lounge.errors import SinceAhead, TooMany, Unavailable
from lounge.live.frames import payloads
from lounge.live.outbound import Outbound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from lounge.clock import Clock
    from lounge.history import History
    from lounge.ids import Random
    from lounge.live.hub import Follower, Hub
    from lounge.live.registry import Registry
    from lounge.live.wire import Wire
    from lounge.members.accounts import Credential, Member
    from lounge.store import Store

KINDS: Final = frozenset({"paged", "page.changed", "page.reminded", "search.changed", "pager.alarm"})
"""The events that are told: others on a member's stream may tell what a case is about."""
COMMENT_EVERY: Final = 15.0
"""Seconds between two signs of life: proxies and phones drop connections on which nothing moves."""
SWEEP_EVERY: Final = 1.0
RETRY: Final = 2000
"""Milliseconds, and up to half as many again by chance, after which a client comes back."""
STATE_TRIES: Final = 5
"""How often the open pages are read anew where something happens while they are read."""

_POSITION: Final = re.compile(r"([0-9a-f]{16})-(0|[1-9][0-9]{0,15})")
_encode = msgspec.json.Encoder().encode


class _Event(Struct):
    seq: int
    kind: str
    at: int
    data: dict[str, Any]


_decode = msgspec.json.Decoder(_Event).decode


class Bye(Struct, frozen=True):
    """`bye`: the stream ends. `retry_after` says in how many seconds to come back, null that it is of no use."""

    reason: str
    retry_after: float | None


class Reset(Struct, frozen=True):
    """`reset`: what the client holds is of another history (`epoch`, `number`), or older than what can be told (`missed`)."""

    reason: str


class Position(NamedTuple):
    """How far a client has got, as `id:` said it."""

    epoch: str
    seq: int


def read_position(text: str) -> Position | None:
    """Return the position that an id names, or None where it is none of ours."""
    found = _POSITION.fullmatch(text)
    return None if found is None else Position(found[1], int(found[2]))


def message(event: str, data: object, position: Position | None = None) -> bytes:
    """Return one server-sent event; JSON holds no line break, so its data is one line."""
    line = b"" if position is None else b"id: %b-%d\n" % (position.epoch.encode(), position.seq)
    return b"event: %b\n%bdata: %b\n\n" % (event.encode(), line, _encode(data))


def messages(epoch: str, events: Iterable[bytes]) -> bytes:
    """Return those of these events (JSON, as the socket carries them) that a pager tells."""
    return b"".join(
        message(event.kind, {"seq": event.seq, "at": event.at, **event.data}, Position(epoch, event.seq))
        for event in map(_decode, events)
        if event.kind in KINDS
    )


class Services(NamedTuple):
    """What every feed of a node works with; `pages` returns a member's open pages, as an answer shows them."""

    hub: Hub
    registry: Registry
    history: History
    store: Store
    clock: Clock
    random: Random
    pages: Callable[[Member], Awaitable[Struct]]


class Feed:
    """One follower; driven by what carries its bytes (`Live`), told by the hub (`Follower`), ended by the registry."""

    def __init__(self, services: Services, feeds: dict[Feed, None], credential: Credential) -> None:
        """Take the node's services, the node's list of feeds, and whose feed it is."""
        self._services = services
        self._feeds = feeds
        self.credential: Credential | None = credential
        self._member = credential.member
        self._expires_at = credential.expires_at
        self._stream = credential.member.feed
        self._epoch = services.store.epoch.name
        self._first = b""
        self._reached = 0
        self._marked = 0
        self._attached = False
        self._behind = False
        self._ended: Bye | None = None
        self._over = False
        self._wire: Wire | None = None
        self._out: Outbound
        self._comment_at = services.clock.monotonic() + COMMENT_EVERY * (1 + self._fraction()) / 2

    async def prepare(self, last: str | None) -> None:
        """Read what the client missed since event id `last`, or the open pages; raises Unavailable.

        Whatever happens after the reading is told by `opened`, since the hub is attached before.
        """
        hub = self._services.hub
        await hub.attach(self._stream, calm=True)
        self._attached = True
        first = [b"retry: %d\n\n" % round(RETRY * (1 + self._fraction() / 2))]
        reason = None if not last else await self._missed(last, first)
        if not last or reason is not None:
            if reason is not None:
                first.append(message("reset", Reset(reason)))
            self._reached, pages = await self._state()
            first.append(message("pages", pages, Position(self._epoch, self._reached)))
        self._marked = self._reached
        self._first = b"".join(first)
        await hub.advance(self._stream, self._reached)
        if self._epoch != self._services.store.epoch.name:
            raise Unavailable(retry_after=0.5)

    async def _missed(self, last: str, first: list[bytes]) -> str | None:
        """Append what was missed; else return why it cannot be told."""
        position = read_position(last)
        if position is None or position.epoch != self._epoch:
            return "epoch"
        try:
            missed = await self._services.history.missed(self._stream, position.seq)
        except SinceAhead:
            return "number"
        if not missed.complete:
            return "missed"
        self._reached = missed.entries[-1].seq if missed.entries else missed.head
        first.append(messages(self._epoch, (entry.payload for entry in missed.entries)))
        return None

    async def _state(self) -> tuple[int, Struct]:
        """Return the open pages and the number up to which they stand.

        A page and its event are one transaction, so pages read between two equal heads stand exactly as at that head. Where
        the stream does not rest, some events tell once more what the pages show already; none is lost.
        """
        head = await self._head()
        for _ in range(STATE_TRIES):
            before = head
            pages = await self._services.pages(self._member)
            head = await self._head()
            if head == before:
                break
        return before, pages

    async def _head(self) -> int:
        head: int | None = await self._services.store.value("log.head", self._stream)
        if head is None:
            raise Unavailable
        return head

    # Driven by what carries the bytes

    def opened(self, wire: Wire) -> None:
        """Take the connection, tell what was prepared, and be live in one go."""
        self._wire = wire
        self._out = Outbound(wire, _Supply(self), self._services.clock, self)
        if self._ended is not None:
            self._say_bye(self._ended)
            return
        self._out.write(self._first)
        self._first = b""
        entries = self._services.hub.join(self._stream, self, self._reached)
        if entries is None:
            self._out.behind[self._stream] = self._reached
            self._out.catch_up()
        elif entries:
            self._out.write(messages(self._epoch, (entry.payload for entry in entries)))
            self._reached = entries[-1].seq

    def received(self, payload: bytes) -> None:
        """Nothing: a feed is only read."""

    def drained(self) -> None:
        """Go on with what waited for the client to read."""
        if not self._over:
            self._out.catch_up()

    def lost(self) -> None:
        """Forget the connection."""
        if self._over:
            return
        self._over = True
        self._feeds.pop(self, None)
        self._services.registry.remove(self)
        self._services.hub.leave(self._stream, self)
        if self._attached:
            self._services.hub.detach(self._stream)

    async def drain(self) -> None:
        """Say when to come back: the server goes down."""
        if not self._over and self._ended is None:
            self._ended = Bye("restart", 0.5)
            self._out.write(message("bye", self._ended))

    # Called by the hub

    def push(self, stream: str, frames: bytes, after: int) -> None:
        """Send events, or note that the client is behind at number `after`."""
        if self._over or self._ended is not None:
            return
        told = list(payloads(frames))
        if not told:
            return
        self._out.push(stream, messages(self._epoch, told), after)
        if stream not in self._out.behind:
            self._reached = _decode(told[-1]).seq

    def hint(self, frames: bytes) -> None:
        """Nothing: what may be left out is left out."""

    def skipped(self, stream: str, first: int, head: int) -> bytes:  # noqa: ARG002  the interface's
        """Note that too much was missed to be told: whoever comes back is shown the open pages."""
        self._behind = True
        return b""

    def fetched(self, stream: str, frames: bytes, reached: int) -> None:
        """Take what the log answered."""
        if self._over or self._ended is not None:
            return
        if self._behind:
            self.dismiss(0, "behind", 0.5)
            return
        self._out.fetched(stream, self.piece(frames, reached) if frames else b"", reached)

    def piece(self, frames: bytes, reached: int) -> bytes:
        """Return these events as they are told here; never nothing, which would mean that the log did not answer."""
        self._reached = reached
        return messages(self._epoch, payloads(frames)) or b":\n\n"

    @property
    def hub(self) -> Hub:
        """Where missed events come from."""
        return self._services.hub

    # Called by the registry and the sweep

    def evict(self, stream: str | None) -> None:
        """End where everything is taken from this member; their own stream alone is never."""
        if stream is None or stream == self._stream:
            self.dismiss(0, "evicted", None)

    def remark(self, stream: str, seq: int, *, unread: bool) -> None:
        """Nothing: pages are not read marks."""

    def dismiss(self, code: int, reason: str, retry_after: float | None) -> None:  # noqa: ARG002  an answer has no code
        """Say goodbye and end."""
        if self._over or self._ended is not None:
            return
        self._ended = Bye(reason, retry_after)
        if self._wire is not None:
            self._say_bye(self._ended)

    def look(self, now: float) -> None:
        """Give a sign of life where one is due; end a credential that has run out, abort who takes nothing."""
        if self._wire is None or self._over or self._ended is not None:
            return
        if self._out.congested:
            if self._out.stalled():
                self._wire.abort()
                return
            self._out.catch_up()
        if now < self._comment_at:
            return
        self._comment_at = now + COMMENT_EVERY
        if self._services.clock.now() >= self._expires_at:
            self.dismiss(0, "signed out", None)
        elif not self._out.congested:
            self._out.hint(self._sign_of_life())

    def _sign_of_life(self) -> bytes:
        """Return a comment; with it the number reached, where events that are not told here have moved it on."""
        if self._reached == self._marked:
            return b":\n\n"
        self._marked = self._reached
        return b":\nid: %b-%d\n\n" % (self._epoch.encode(), self._reached)

    def _say_bye(self, bye: Bye) -> None:
        if self._wire is not None:
            self._wire.write(message("bye", bye))
            self._wire.close(0, bye.reason)

    def _fraction(self) -> float:
        return int.from_bytes(self._services.random.randbytes(4), "big") / 2**32


class _Supply:
    """The hub, as the sending side of a feed sees it: its events are what is told here."""

    __slots__ = ("_feed",)

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def piece(self, stream: str, after: int) -> tuple[bytes, int] | None:
        found = self._feed.hub.piece(stream, after)
        return None if found is None else (self._feed.piece(*found), found[1])

    def live(self, stream: str, after: int) -> bool:
        return self._feed.hub.live(stream, after)

    def fetch(self, stream: str, after: int, follower: Follower) -> None:
        self._feed.hub.fetch(stream, after, follower)


class Feeds:
    """The feeds of a node."""

    def __init__(self, services: Services) -> None:
        """Take what they work with."""
        self._services = services
        self._feeds: dict[Feed, None] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._feeds)

    def admit(self, credential: Credential) -> Feed:
        """Return a feed that is counted in: `lost` counts it out. Raises TooMany."""
        if not self._services.registry.room_for(credential):
            raise TooMany("this member has as many connections open as one may have: close one first")
        feed = Feed(self._services, self._feeds, credential)
        self._feeds[feed] = None
        self._services.registry.add(feed)
        return feed

    def sweep(self) -> None:
        """Look at each of them: one timer for all."""
        now = self._services.clock.monotonic()
        for feed in list(self._feeds):
            feed.look(now)

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            self.sweep()
