"""Who follows what on this node, and how far everybody has got.

Every event of a followed stream passes `receive`, whether from a commit here, the bus or the log, and leaves in order, once,
in one joined buffer for all followers. Whatever may have been missed, the sweep finds by asking the log for its heads.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from lounge.errors import LoungeError, Unavailable
from lounge.live.frames import text_frame
from lounge.live.journal import committed_entry, rewriting
from lounge.live.stream import TAIL_BYTES, Tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from lounge.clock import Clock
    from lounge.live.bus import Bus
    from lounge.live.journal import Journal
    from lounge.live.stream import Entry
    from lounge.store import Item, Outcome

log = structlog.get_logger(__name__)

GAP_PATIENCE: Final = 0.03
"""Seconds that a number may be missing before the log is read: messages overtake each other by less."""
FLUSH_SLICE: Final = 500
"""Followers written to in one turn of the loop."""
FLUSH_REST: Final = 0.02
"""Seconds between two flushes of a stream at the most."""
LOG_READS: Final = 4
"""Reads of the log for catching up under way at once on this node: commits come first."""
PAGE: Final = 500
"""Events read from the log at once."""
PIECE_BYTES: Final = 64 * 1024
"""Bytes of one piece when catching up."""
FILL_BYTES: Final = 1024 * 1024
"""Bytes read from the log at once to bring the node itself up to date."""
TAILS_BYTES: Final = 64 * 1024 * 1024
"""Bytes of events in memory over all streams, beyond which each keeps a sixteenth of its share."""
SWEEP_EVERY: Final = 5.0
"""Seconds between sweeps while the bus is up."""
SWEEP_DOWN: Final = 1.0
"""Seconds between sweeps while it is down: they are all there is."""
RETITLED: Final = "case.retitled"
CALM_SWEEPS: Final = 6
"""Of streams that are not rooms, one sweep in this many is enough."""


class Follower(Protocol):
    """A session, as the hub sees it."""

    def push(self, stream: str, frames: bytes, after: int) -> None:
        """Send frames of events, or mark the stream as behind at number `after`."""
        ...

    def hint(self, frames: bytes) -> None:
        """Send frames that may be left out, or leave them out."""
        ...

    def skipped(self, stream: str, first: int, head: int) -> bytes:
        """Return the frame that says that numbers `first` to `head` are left out."""
        ...

    def fetched(self, stream: str, frames: bytes, reached: int) -> None:
        """Take frames read from the log, up to number `reached`; none where the log did not answer."""
        ...


class _Stream:
    __slots__ = (
        "awaited",
        "calm",
        "filling",
        "flush_ended",
        "flush_took",
        "flushed",
        "followers",
        "impatient",
        "pending",
        "rest",
        "scheduled",
        "tail",
    )

    def __init__(self, position: int, *, calm: bool) -> None:
        self.tail = Tail(position)
        self.calm = calm
        self.awaited = 0
        self.followers: dict[Follower, None] = {}
        self.flushed = position
        self.pending: list[bytes] = []
        self.rest: tuple[list[Follower], bytes, int] | None = None
        self.scheduled = False
        self.impatient = False
        self.flush_took = 0.0
        self.flush_ended = 0.0
        self.filling: asyncio.Task[None] | None = None


class Hub:
    """The followed streams of one node."""

    def __init__(self, journal: Journal, bus: Bus, clock: Clock, tasks: asyncio.TaskGroup) -> None:
        """Take the log's reader, the bus, the clock, and the group that owns the hub's tasks."""
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._streams: dict[str, _Stream] = {}
        self._attaching: dict[str, asyncio.Task[LoungeError | None]] = {}
        self._listeners: dict[str, Callable[[Entry], None]] = {}
        self._reads = asyncio.Semaphore(LOG_READS)
        self._fetches: dict[tuple[str, int], list[Follower]] = {}
        self._doubtful: set[str] = set()
        self._ended = False
        self._sweeps = 0
        bus.on_entry = self.receive
        bus.on_doubt = self._doubt

    # Following

    async def attach(self, stream: str, *, calm: bool = False) -> None:
        """Make sure that this node is told of a stream's events; `calm` streams are swept less often.

        The bus confirms before the head is read, so nothing falls between the two. Call `detach` once for each `attach`.
        """
        state = self._streams.get(stream)
        while state is None:
            opening = self._attaching.get(stream)
            if opening is None:
                opening = self._tasks.create_task(self._open(stream, calm=calm), name="hub-attach")
                self._attaching[stream] = opening
            if (error := await asyncio.shield(opening)) is not None:
                raise error
            state = self._streams.get(stream)
        state.awaited += 1

    def detach(self, stream: str) -> None:
        """Undo one `attach`; the sweep lets go of streams that nobody follows."""
        if (state := self._streams.get(stream)) is not None:
            state.awaited -= 1

    def hold(self, stream: str) -> None:
        """Do as `attach` does for a stream that is attached already."""
        if (state := self._streams.get(stream)) is not None:
            state.awaited += 1

    async def advance(self, stream: str, head: int) -> None:
        """Wait until this node has told the stream's events up to number `head`, reading the log if it must.

        Raises Unavailable where the log does not answer.
        """
        while (state := self._streams.get(stream)) is not None and (before := state.tail.position) < head:
            await asyncio.shield(self._fill(stream, state))
            if state.tail.position == before:
                raise Unavailable

    def join(self, stream: str, follower: Follower, after: int) -> list[Entry] | None:
        """Make `follower` live; return the events after number `after`, or None where they are no longer in memory."""
        state = self._streams[stream]
        self._flush_all(stream, state)
        state.followers[follower] = None
        return state.tail.since(after)

    def leave(self, stream: str, follower: Follower) -> None:
        """Stop telling `follower` of a stream."""
        if (state := self._streams.get(stream)) is not None and follower in state.followers:
            self._flush_all(stream, state)
            del state.followers[follower]

    def followed(self, stream: str) -> bool:
        """Return whether somebody follows a stream here."""
        return (state := self._streams.get(stream)) is not None and bool(state.followers)

    def tell(self, stream: str, frames: bytes, but: Follower | None = None) -> None:
        """Send the followers of a stream what is no event and may be left out for those who read slowly."""
        if (state := self._streams.get(stream)) is not None:
            self._tell(state, [one for one in state.followers if one is not but], frames)

    def _tell(self, state: _Stream, followers: list[Follower], frames: bytes) -> None:
        turn, later = followers[:FLUSH_SLICE], followers[FLUSH_SLICE:]
        for follower in turn:
            if follower in state.followers:
                follower.hint(frames)
        if later:
            asyncio.get_running_loop().call_soon(self._tell, state, later, frames)

    def listen(self, stream: str, listener: Callable[[Entry], None]) -> None:
        """Call `listener` with each event of an attached stream, in order, once."""
        self._listeners[stream] = listener

    def changed(self, stream: str, after: int, messages: AbstractSet[int]) -> bool:
        """Return whether an event after number `after`, told here already, changed one of these messages, or may have."""
        state = self._streams.get(stream)
        if state is None:
            return False
        entries = state.tail.since(after)
        return entries is None or any(
            one.kind == "expired" or (one.kind != "posted" and one.target in messages) for one in entries
        )

    @property
    def streams(self) -> int:
        """Streams followed here."""
        return len(self._streams)

    @property
    def followers(self) -> int:
        """Followers over all streams."""
        return sum(len(state.followers) for state in self._streams.values())

    # Events

    def committed(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        """Tell of what this node has committed: here first, then to the other nodes."""
        for item, outcome in zip(items, outcomes, strict=True):
            if outcome.status == "new":
                entry = committed_entry(item, outcome)
                self.receive(item.stream, entry)
                self._bus.publish(item.stream, entry)

    def receive(self, stream: str, entry: Entry) -> None:
        """Take an event by whichever way it came; each number passes once, in order."""
        state = self._streams.get(stream)
        if state is None:
            return
        passed = state.tail.offer(entry)
        for event in passed:
            self._pass(stream, state, event)
        if passed and state.pending:
            self._schedule(stream, state)
        elif state.tail.gap is not None and state.filling is None and not state.impatient:
            state.impatient = True
            asyncio.get_running_loop().call_later(GAP_PATIENCE, self._impatient, stream)

    def _pass(self, stream: str, state: _Stream, event: Entry) -> None:
        if (change := rewriting(event)) is not None:
            self._rewrite(state, change)
        elif event.kind == RETITLED:
            # Earlier events name the case by what it is no longer to be called.
            state.tail.clear()
        if state.followers or state.pending:
            state.pending.append(text_frame(event.payload))
        else:
            state.flushed = event.seq
        if (listener := self._listeners.get(stream)) is not None:
            listener(event)

    def _rewrite(self, state: _Stream, change: Callable[[Entry], Entry]) -> None:
        """Change what is in memory, and what waits to be sent: no frame that leaves later holds the words."""
        state.tail.rewrite(change)
        if state.rest is not None:
            followers, _, after = state.rest
            entries = state.tail.since(after)
            if entries is not None:
                told = [text_frame(one.payload) for one in entries if one.seq <= state.flushed]
                state.rest = (followers, b"".join(told), after)
        if state.pending and (entries := state.tail.since(state.flushed)) is not None:
            # The event that brought the change is in the tail already, and joins those that wait only now.
            state.pending = [text_frame(one.payload) for one in entries[: len(state.pending)]]

    # Flushing: one joined buffer for all followers

    def _schedule(self, stream: str, state: _Stream) -> None:
        if state.scheduled:
            return
        state.scheduled = True
        loop = asyncio.get_running_loop()
        rest = min(state.flush_took, FLUSH_REST) - (self._clock.monotonic() - state.flush_ended)
        if rest > 0:
            loop.call_later(rest, self._flush, stream, state)
        else:
            loop.call_soon(self._flush, stream, state)

    def _flush(self, stream: str, state: _Stream) -> None:
        started = self._clock.monotonic()
        if state.rest is None:
            frames, after = b"".join(state.pending), state.flushed
            state.pending.clear()
            state.flushed = state.tail.position
            state.rest = (list(state.followers), frames, after)
        followers, frames, after = state.rest
        turn, later = followers[:FLUSH_SLICE], followers[FLUSH_SLICE:]
        for follower in turn:
            follower.push(stream, frames, after)
        state.flush_ended = self._clock.monotonic()
        state.flush_took = state.flush_ended - started
        if later:
            state.rest = (later, frames, after)
            asyncio.get_running_loop().call_soon(self._flush, stream, state)
            return
        state.rest = None
        state.scheduled = False
        if state.pending:
            self._schedule(stream, state)

    def _flush_all(self, stream: str, state: _Stream) -> None:
        """Bring all followers to the same number: before one joins or leaves."""
        while state.rest is not None or state.pending:
            if state.rest is None:
                state.rest = (list(state.followers), b"".join(state.pending), state.flushed)
                state.pending.clear()
                state.flushed = state.tail.position
            followers, frames, after = state.rest
            state.rest = None
            for follower in followers:
                follower.push(stream, frames, after)

    # Catching up

    def live(self, stream: str, after: int) -> bool:
        """Return whether `after` is as far as the followers of the stream have been told, having told them all."""
        state = self._streams.get(stream)
        if state is None:
            return True
        self._flush_all(stream, state)
        return after >= state.flushed

    def piece(self, stream: str, after: int) -> tuple[bytes, int] | None:
        """Return frames of the events after a number, up to 64 KiB, and how far they reach."""
        state = self._streams[stream]
        entries = state.tail.since(after)
        if entries is None:
            return None
        return _joined(entries, after)

    def fetch(self, stream: str, after: int, follower: Follower) -> None:
        """Read the log for a follower that is behind what is in memory; many who ask alike are served by one read."""
        waiting = self._fetches.setdefault((stream, after), [])
        waiting.append(follower)
        if len(waiting) == 1:
            self._tasks.create_task(self._fetch(stream, after), name="hub-fetch")

    async def _fetch(self, stream: str, after: int) -> None:
        frames, reached, skipped = b"", after, False
        try:
            async with self._reads:
                state = self._streams.get(stream)
                if state is not None and state.tail.position - after > PAGE:
                    skipped, reached = True, state.tail.position
                else:
                    frames, reached = _joined(await self._journal.entries(stream, after, PAGE, PIECE_BYTES), after)
        except LoungeError:
            await asyncio.sleep(SWEEP_DOWN)
        for follower in self._fetches.pop((stream, after), []):
            follower.fetched(stream, follower.skipped(stream, after + 1, reached) if skipped else frames, reached)

    # The log behind it all

    async def _open(self, stream: str, *, calm: bool) -> LoungeError | None:
        try:
            await self._bus.subscribe(stream)
            heads = await self._journal.heads([stream])
        except LoungeError as error:
            return error
        else:
            self._streams[stream] = _Stream(heads.get(stream, 0), calm=calm)
            return None
        finally:
            del self._attaching[stream]

    def _impatient(self, stream: str) -> None:
        if (state := self._streams.get(stream)) is None:
            return
        state.impatient = False
        if state.tail.gap is not None and not self._ended:
            self._fill(stream, state)

    def _fill(self, stream: str, state: _Stream) -> asyncio.Task[None]:
        if state.filling is None or state.filling.done():
            state.filling = self._tasks.create_task(self._read_on(stream, state), name="hub-fill")
        return state.filling

    async def _read_on(self, stream: str, state: _Stream) -> None:
        """Read what follows this node's position: one read at a time for each stream."""
        try:
            entries = await self._journal.entries(stream, state.tail.position, PAGE, FILL_BYTES)
        except LoungeError:
            await asyncio.sleep(SWEEP_DOWN)
            return
        finally:
            state.filling = None
        for entry in entries:
            self.receive(stream, entry)
        if state.tail.gap is not None or len(entries) == PAGE:
            self._fill(stream, state)

    def _doubt(self, streams: Iterable[str]) -> None:
        """Sweep these streams soon: the bus may have lost something."""
        if not self._doubtful:
            asyncio.get_running_loop().call_later(GAP_PATIENCE, self._sweep_doubtful)
        self._doubtful.update(streams)

    def _sweep_doubtful(self) -> None:
        streams, self._doubtful = list(self._doubtful), set()
        if self._ended:
            return
        self._tasks.create_task(self._compare(streams), name="hub-doubt")

    async def run(self) -> None:
        """Sweep until cancelled."""
        try:
            while True:
                await asyncio.sleep(SWEEP_EVERY if self._bus.up else SWEEP_DOWN)
                await self.sweep()
        finally:
            # Timers that fire from now on must begin nothing: the group of tasks is about to end.
            self._ended = True

    async def sweep(self) -> None:
        """Ask the log how far the followed streams have got; let go of those that nobody follows."""
        self._sweeps += 1
        for stream, state in list(self._streams.items()):
            if state.awaited <= 0 and not state.followers and stream not in self._listeners:
                del self._streams[stream]
                await self._bus.unsubscribe(stream)
        if sum(state.tail.size for state in self._streams.values()) > TAILS_BYTES:
            for state in self._streams.values():
                state.tail.trim(TAIL_BYTES // 16)
        everything = not self._bus.up or self._sweeps % CALM_SWEEPS == 0
        await self._compare([stream for stream, state in self._streams.items() if everything or not state.calm])

    async def _compare(self, streams: list[str]) -> None:
        if not streams:
            return
        try:
            heads = await self._journal.heads(streams)
        except LoungeError:
            return
        for stream, head in heads.items():
            state = self._streams.get(stream)
            if state is not None and head > state.tail.position:
                self._fill(stream, state)

    def forget_all(self) -> list[Follower]:
        """Drop every stream, for a new epoch began; return who followed."""
        followers = {follower: None for state in self._streams.values() for follower in state.followers}
        self._streams.clear()
        return list(followers)


def _joined(entries: list[Entry], after: int) -> tuple[bytes, int]:
    """Return the frames of these events, up to the bound of a piece but at least one, and the last number among them."""
    frames: list[bytes] = []
    size = 0
    for entry in entries:
        if frames and size + len(entry.payload) > PIECE_BYTES:
            break
        frames.append(text_frame(entry.payload))
        size += len(entry.payload)
        after = entry.seq
    return b"".join(frames), after
