"""The rules of presence: who is told what of those who are in a room, and how nodes agree on it without storing it.

In a lounge its followers are told who is there. In any other room they learn how many were there lately, and nothing else
(`lounge.lately`). Each node tells the others what it sees itself, on the bus, when that changes and again every few seconds;
what a node said is forgotten when it falls silent. Nothing of it is kept anywhere but in memory.

All happens in turns, one a second, whatever happens in the rooms: so the moment of a frame tells nothing but its content.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from lounge.aliases import EVERYBODY
from lounge.attendance import Attendance
from lounge.clock import milliseconds
from lounge.errors import LoungeError
from lounge.gathering import SHOWN, Gathering, State
from lounge.lately import PERIOD, Lately, told_at
from lounge.live import messages
from lounge.live.frames import text_frame
from lounge.live.messages import Present, TypingNow
from lounge.live.whispers import (
    MEMBERS,
    Ask,
    Named,
    Roll,
    Sighted,
    Sightings,
    Typed,
    Undecodable,
    decode_ask,
    decode_roll,
    decode_sightings,
    decode_typed,
    encode_whisper,
    hashed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.clock import Clock
    from lounge.ids import Random
    from lounge.live.bus import Bus
    from lounge.live.hub import Follower, Hub
    from lounge.members.accounts import Member
    from lounge.rooms import Access, Names
    from lounge.store import Epoch

TURN: Final = 1.0
"""Seconds between two turns: what happens within one is told together."""
HEARTBEAT: Final = 10.0
"""Seconds between two whispers of a state that stays, less up to a fifth, by chance."""
SETTLED: Final = 2.0
"""Seconds within which the other nodes have answered, when a room is followed here for the first time."""
LABEL_WITHIN: Final = 1.0
"""Seconds that a label may take to be found: presence does not wait for the database."""
OUTLIVES: Final = 3 * PERIOD / 1000
"""Seconds after its last follower left for which a node may keep what it knows of a room: by then its number is another's."""
ROOMS_AT_ONCE: Final = 200
"""Rooms looked after before others have their turn on the loop."""

_encode = msgspec.json.Encoder().encode


class _Room:
    __slots__ = ("asked", "attendance", "beat_at", "changed", "gathering", "lately", "left_at", "opened_at", "period")

    def __init__(self, gathering: Gathering | None, lately: Lately | None, now: float) -> None:
        self.attendance = Attendance()
        self.gathering = gathering
        self.lately = lately
        self.opened_at = now
        self.left_at: float | None = None
        self.asked = False
        self.changed = False
        self.beat_at = now
        self.period = -1
        """The last period in which somebody was here by way of this node."""


class PresenceKeeper:
    """Presence as one node knows it."""

    def __init__(
        self,
        hub: Hub,
        bus: Bus,
        names: Names,
        clock: Clock,
        random: Random,
        *,
        node: bytes,
        epoch: Callable[[], Epoch],
    ) -> None:
        """Take the ways to followers and nodes, who makes labels, time and chance, this node's name, and the epoch."""
        self._hub = hub
        self._bus = bus
        self._names = names
        self._clock = clock
        self._random = random
        self._node = node
        self._epoch = epoch
        self._rooms: dict[str, _Room] = {}
        self._busy: dict[str, None] = {}
        self._version = 0
        # Numbers of case rooms are looked up as of the last turn, also those that no turn looks at: the difference would tell.
        self._turned_at = milliseconds(clock.now())
        bus.listen("ask", self._heard_ask)
        bus.listen("roll", self._heard_roll)
        bus.listen("lately", self._heard_sightings)
        bus.listen("typing", self._heard_typed)

    @property
    def rooms(self) -> int:
        """Rooms of which this node knows something."""
        return len(self._rooms)

    @property
    def present(self) -> int:
        """Members who are here by way of this node, once for each room."""
        return sum(len(room.attendance) for room in self._rooms.values())

    # Followers

    def followed(self, access: Access) -> None:
        """Learn that somebody follows a room here: the first one has the other nodes asked."""
        stream = access.stream
        if access.kind != "room" or stream in self._rooms:
            return
        self._rooms[stream] = self._opened(stream, lounge=access.lounge)
        self._hub.hold(stream)
        self._bus.whisper(stream, "ask", encode_whisper(Ask(self._node)))

    def left(self, stream: str, device: Follower) -> None:
        """Learn that somebody no longer follows a stream, and is no longer there."""
        self.go(stream, device)
        if stream in self._rooms and not self._hub.followed(stream):
            self._look_after(stream)

    # Being there

    async def label(self, member: Member) -> str:
        """Return what a lounge shows of a member beside the handle."""
        try:
            async with asyncio.timeout(LABEL_WITHIN):
                return await self._names.label(member)
        except (LoungeError, TimeoutError):
            return EVERYBODY

    def come(self, stream: str, device: Follower, member: Member, label: str) -> None:
        """Count a device in that looks at a followed room."""
        room = self._rooms.get(stream)
        if room is None:
            return
        who = hashed(self._epoch(), stream, member.id)
        self._look_after(stream)
        if room.attendance.come(device, who):
            if room.gathering is not None:
                room.gathering.put(who, Present(member.handle, label))
                room.changed = True
            elif room.lately is not None:
                self._see(room, room.lately)

    def go(self, stream: str, device: Follower) -> None:
        """Count a device out; its member counts a little longer."""
        if (room := self._rooms.get(stream)) is not None:
            room.attendance.go(device, self._clock.monotonic())

    def state(self, stream: str) -> State:
        """Return what is told of who is in a followed room."""
        room = self._rooms.get(stream)
        if room is None:
            return State(0, 0, None)
        if room.lately is not None:
            if stream not in self._busy:
                room.lately.advance(self._turned_at)
            return State(room.lately.told, room.lately.number, None)
        assert room.gathering is not None
        return room.gathering.state()

    def typing(self, stream: str, alias: str, but: Follower) -> None:
        """Tell all other followers of a lounge that somebody writes."""
        self._hub.tell(stream, _frame(TypingNow(stream=stream, alias=alias)), but)
        self._bus.whisper(stream, "typing", encode_whisper(Typed(self._node, alias)))

    # Turns

    async def run(self) -> None:
        """Take turns until cancelled."""
        while True:
            await asyncio.sleep(TURN)
            self._tell_numbers()
            for number, stream in enumerate(list(self._busy)):
                if number % ROOMS_AT_ONCE == ROOMS_AT_ONCE - 1:
                    await asyncio.sleep(0)
                self._turn(stream)

    def turn(self) -> None:
        """Take one turn: tell followers and nodes what changed."""
        self._tell_numbers()
        for stream in list(self._busy):
            self._turn(stream)

    def forget_all(self) -> None:
        """Drop everything, for a new epoch: those who are there will say so again."""
        self._rooms.clear()
        self._busy.clear()

    def _tell_numbers(self) -> None:
        """Tell the numbers of the rooms that are no lounges; those due together in an order that tells nothing."""
        now = self._turned_at = milliseconds(self._clock.now())
        busy = [(stream, self._rooms[stream].lately) for stream in self._busy]
        due = [(lately.due, stream, lately) for stream, lately in busy if lately is not None and lately.due <= now]
        for _, stream, lately in sorted(due, key=lambda one: one[:2]):
            before = lately.number
            if lately.advance(now) and (before or lately.number):
                state = State(lately.told, lately.number, None)
                self._hub.tell(stream, _frame(as_presence(stream, state)))

    def _turn(self, stream: str) -> None:
        room = self._rooms.get(stream)
        if room is None:
            self._busy.pop(stream, None)
            return
        now = self._clock.monotonic()
        gone = room.attendance.expire(now)
        if room.gathering is not None:
            self._gather(stream, room, room.gathering, gone, now)
            quiet = room.gathering.quiet
        else:
            assert room.lately is not None
            if room.attendance and milliseconds(self._clock.now()) // PERIOD > room.period:
                self._see(room, room.lately)
            beat = room.beat_at <= now and room.period > room.lately.told
            if room.changed or beat or room.asked:
                self._whisper_sightings(stream, room, room.lately, now)
            quiet = room.lately.quiet
        if not room.attendance:
            self._let_go(stream, room, now, quiet=quiet)

    def _let_go(self, stream: str, room: _Room, now: float, *, quiet: bool) -> None:
        """Look no longer after a room in which nothing can happen; forget it where nobody follows it.

        The number of a room that is no lounge outlives its followers, or coming back would show that there are none; but not
        for ever, since other nodes, who then know it as well, may go on whispering.
        """
        if self._hub.followed(stream):
            room.left_at = None
            if quiet:
                del self._busy[stream]
            return
        if room.left_at is None:
            room.left_at = now
        if quiet or room.gathering is not None or now - room.left_at >= OUTLIVES:
            del self._busy[stream]
            del self._rooms[stream]
            self._hub.detach(stream)

    def _gather(self, stream: str, room: _Room, gathering: Gathering, gone: list[bytes], now: float) -> None:
        for who in gone:
            gathering.take(who)
        room.changed = room.changed or bool(gone)
        gathering.expire(now)
        if (change := gathering.flush()) is not None:
            self._hub.tell(stream, _frame(messages.Presence(stream=stream, **msgspec.structs.asdict(change))))
        if room.changed or (gathering.local and (room.asked or room.beat_at <= now)):
            self._whisper_roll(stream, room, gathering, now)
        room.asked = False

    # What nodes tell each other

    def _whisper_roll(self, stream: str, room: _Room, gathering: Gathering, now: float) -> None:
        self._version += 1
        few = len(gathering.local) <= SHOWN
        named = [Named(who, one.alias, one.label) for who, one in gathering.local.items()] if few else []
        others = [] if few else list(gathering.local)[:MEMBERS]
        self._bus.whisper(stream, "roll", encode_whisper(Roll(self._node, self._version, named, others)))
        self._said(room, now)

    def _whisper_sightings(self, stream: str, room: _Room, lately: Lately, now: float) -> None:
        if lately.sets:
            periods = [Sighted(period, list(members)) for period, members in sorted(lately.sets.items())]
            self._bus.whisper(stream, "lately", encode_whisper(Sightings(self._node, periods)))
        self._said(room, now)

    def _said(self, room: _Room, now: float) -> None:
        room.changed = room.asked = False
        room.beat_at = now + HEARTBEAT * (1 - self._random.randbytes(1)[0] / 255 / 5)

    def _heard_ask(self, stream: str, payload: bytes) -> None:
        try:
            node = decode_ask(payload).node
        except Undecodable:
            return
        room = self._rooms.get(stream)
        if room is not None and node != self._node and stream in self._busy:
            room.asked = True

    def _heard_roll(self, stream: str, payload: bytes) -> None:
        room = self._rooms.get(stream)
        if room is None or room.gathering is None:
            return
        try:
            roll = decode_roll(payload)
        except Undecodable:
            return
        if roll.node != self._node:
            members: dict[bytes, Present | None] = dict.fromkeys(roll.others)
            members.update({one.who: Present(one.alias, one.label) for one in roll.named})
            room.gathering.heard(roll.node, roll.version, members, self._clock.monotonic())
            self._look_after(stream)

    def _heard_sightings(self, stream: str, payload: bytes) -> None:
        room = self._rooms.get(stream)
        if room is None or room.lately is None:
            return
        try:
            sightings = decode_sightings(payload)
        except Undecodable:
            return
        if sightings.node != self._node:
            self._look_after(stream)
            young = self._clock.monotonic() - room.opened_at < SETTLED
            for one in sightings.periods:
                room.lately.heard(one.period, one.members, milliseconds(self._clock.now()), young=young)

    def _heard_typed(self, stream: str, payload: bytes) -> None:
        room = self._rooms.get(stream)
        if room is None or room.gathering is None:
            return
        try:
            typed = decode_typed(payload)
        except Undecodable:
            return
        if typed.node != self._node:
            self._hub.tell(stream, _frame(TypingNow(stream=stream, alias=typed.alias)))

    # Rooms

    def _opened(self, stream: str, *, lounge: bool) -> _Room:
        now = self._clock.monotonic()
        if lounge:
            return _Room(Gathering(1 + int.from_bytes(self._random.randbytes(5), "big")), None, now)
        return _Room(None, Lately(partial(told_at, self._epoch().secret, stream), self._turned_at), now)

    def _look_after(self, stream: str) -> None:
        """Give a room its turns; one in which nothing could happen catches up with the time first."""
        if stream not in self._busy:
            if (lately := self._rooms[stream].lately) is not None:
                lately.advance(self._turned_at)
            self._busy[stream] = None

    def _see(self, room: _Room, lately: Lately) -> None:
        now = milliseconds(self._clock.now())
        room.period = now // PERIOD
        room.changed = lately.saw(room.attendance.members, now) or room.changed


def as_presence(stream: str, state: State) -> messages.Presence:
    """Return a state in full, as a push."""
    return messages.Presence(stream=stream, base=0, version=state.version, count=state.count, here=state.here)


def _frame(push: messages.Presence | TypingNow) -> bytes:
    return text_frame(_encode(push))
