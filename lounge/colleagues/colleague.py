"""One colleague: a member's connection that is kept up, what it follows, and what it says there."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

import structlog

from lounge.colleagues.pace import TYPING
from lounge.drill.history import ref_of
from lounge.drill.peer import Lost, Refused, connected

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from lounge.colleagues.cast import Persona
    from lounge.colleagues.pace import Pace
    from lounge.colleagues.site import Site
    from lounge.drill.peer import Frame, Peer

log = structlog.get_logger(__name__)

CLIENT: Final = "lounge colleague"
LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts to connect, at the most: docs/protocol.md, "Backing off"."""
TRIES: Final = 5
"""How often a change is sent again under its key before it is given up: nothing depends on it."""
RESTING: Final = 3600.0
"""Seconds for which a colleague keeps quiet once a visitor has been seen under the same handle."""
ROOMS: Final = 120
"""Streams followed at once by one colleague, below the server's 200."""
SEEN: Final = 0.6
"""How likely a colleague has a lounge open."""
PATIENCE: Final = 60.0
"""Seconds to wait for a connection to come back."""
CLOSING: Final = 2.0
WAITING: Final = ("queued", "sent", "delivered", "seen")
"""States of a page that waits for an answer."""

Kind = Literal["board", "feed", "case", "lounge"]


class Said(NamedTuple):
    """What somebody wrote: in which room, as which participant and message, in answer to which."""

    room: Room
    seq: int
    by: int
    reply_to: int | None


class Room:
    """A stream as one colleague knows it: who they are there, and which messages are theirs."""

    def __init__(self, stream: str, kind: Kind, title: str = "", case: str = "") -> None:
        """Begin with nothing read."""
        self.stream = stream
        self.kind = kind
        self.title = title
        self.case = case
        self.you: int | None = None
        self.mine: set[int] = set()
        self.position: int | None = None
        self.epoch = ""


class Circle(Protocol):
    """Whom a colleague tells of what they hear."""

    now: Callable[[], float]

    def is_ours(self, ref: str) -> bool:
        """Tell whether one of the colleagues wrote it."""
        ...

    def wrote(self, ref: str) -> None:
        """Learn that a colleague is about to write it."""
        ...

    def opened(self, colleague: Colleague, line: dict[str, Any]) -> None:
        """Learn of a case that was opened, and that this colleague was told."""
        ...

    def paged(self, colleague: Colleague, page: str, case: str) -> None:
        """Learn that a case asks for this colleague."""
        ...

    def page_changed(self, page: str, state: str) -> None:
        """Learn how a colleague's page stands now."""
        ...

    def reminded(self, colleague: Colleague, case: str) -> None:
        """Learn that this colleague took a case on and has not replied."""
        ...

    def heard(self, colleague: Colleague, said: Said, *, called: bool) -> None:
        """Learn that a visitor has written; `called` where it was to this colleague."""
        ...

    def called(self, colleague: Colleague, stream: str, seq: int, case: str | None) -> None:
        """Learn that message `seq` of a room names this colleague."""
        ...

    def read(self, stream: str, messages: list[dict[str, Any]]) -> None:
        """Learn what a room says already."""
        ...


class Colleague:
    """A member who is there for the visitors."""

    def __init__(self, persona: Persona, site: Site, circle: Circle, pace: Pace, chance: Random) -> None:
        """Take who they are, where, and whom they tell."""
        self.persona = persona
        self.rooms: dict[str, Room] = {}
        self._site = site
        self._circle = circle
        self._pace = pace
        self._chance = chance
        self._peer: Peer | None = None
        self._token = ""
        self._refs: set[str] = set()
        self._rested = 0.0
        self._up = asyncio.Event()

    @property
    def token(self) -> str:
        """Their session, for what goes over HTTP; empty before they have signed in."""
        return self._token

    @property
    def awake(self) -> bool:
        """Whether they may act: they are signed in, and no visitor goes by their name."""
        return bool(self._token) and self._circle.now() >= self._rested

    def rest(self) -> None:
        """Leave the name to a visitor for a while."""
        self._rested = self._circle.now() + RESTING

    async def run(self, *, porter: bool) -> None:
        """Be there until cancelled; the `porter` listens to the boards of all specialties for everybody."""
        attempt = 0
        while True:
            with suppress(Lost, Refused):
                await self._stay(porter=porter)
                attempt = 0
            await self._pace.pause(self._chance.uniform(0, min(LONGEST_PAUSE, 0.5 * 2 ** min(attempt, 10))))
            attempt += 1

    async def _stay(self, *, porter: bool) -> None:
        """Sign in where need be, connect, follow what was followed, and stay until the connection ends."""
        if not self._token:
            self._token = await self._site.sign_in(self.persona.handle)
        try:
            peer = await connected(self._site.url, self._token, self._hear, CLIENT)
        except Refused:
            self._token = ""
            raise
        self._peer = peer
        try:
            if not self.rooms:
                await self._look_round(porter=porter)
            for room in list(self.rooms.values()):
                await self._follow(room)
            await self._sit_down(peer)
            self._up.set()
            await peer.over.wait()
        finally:
            self._up.clear()
            self._peer = None
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await peer.close()

    async def _look_round(self, *, porter: bool) -> None:
        """Find the boards and the feed to listen to, the lounges, and the open cases in which the member writes."""
        me = await self._site.me(self._token)
        boards = [one["stream"] for one in me["boards"] if porter or one["scope"] == "members"]
        self.rooms = {one: Room(one, "board") for one in boards} | {me["feed"]: Room(me["feed"], "feed")}
        for one in await self._site.rooms(self._token):
            # Rooms of a few are nobody's business: they are not even followed.
            if one["kind"] == "lounge" or (one["kind"] == "case" and one["state"] == "open"):
                self._enter(Room(one["stream"], one["kind"], one["title"], one["case"] or ""))
        for page in await self._site.open_pages(self._token):
            if page["state"] in WAITING:
                self._circle.paged(self, page["id"], page["case"])

    async def _sit_down(self, peer: Peer) -> None:
        """Be seen in a lounge, as some are who have it open beside their work."""
        lounges = [one.stream for one in self.rooms.values() if one.kind == "lounge"]
        if lounges and self._chance.random() < SEEN:
            await peer.ask("here", stream=self._chance.choice(lounges))

    def _enter(self, room: Room) -> Room:
        """Add a room to what is followed, and drop the case that was entered longest ago where there are too many."""
        known = self.rooms.setdefault(room.stream, room)
        if len(self.rooms) > ROOMS:
            del self.rooms[next(stream for stream, one in self.rooms.items() if one.kind == "case")]
        return known

    async def visit(self, room: Room) -> Room | None:
        """Enter a case's room or a lounge, and be there; None where it is not open to them."""
        known = self._enter(Room(room.stream, room.kind, room.title, room.case))
        if known.position is None and not await self._follow(known):
            self.rooms.pop(room.stream, None)
            return None
        await self._ask("here", stream=room.stream)
        return known

    async def leave(self, room: Room) -> None:
        """Look elsewhere; what is said there is still heard."""
        await self._ask("here", stream=room.stream, here=False)

    async def post(
        self, room: Room, body: str, reply_to: int | None = None, *, typing: float | None = None
    ) -> int | None:
        """Write for so many seconds, in a lounge for all to see; return the message's number, None where it cannot be."""
        if room.kind == "lounge":
            await self._ask("typing", stream=room.stream)
        await self._pace.pause(self._pace.drawn(TYPING) if typing is None else typing)
        seq = await self._change("post", room, body=body, reply_to=reply_to)
        if seq is not None:
            room.mine.add(seq)
        return seq

    async def mark(self, room: Room, target: int, mark: str) -> None:
        """Set a mark on somebody's message."""
        await self._change("react", room, target=target, mark=mark)

    async def _change(self, op: str, room: Room, **fields: object) -> int | None:
        """Make a change once, over as many connections as it takes."""
        if not self.awake or room.kind not in ("case", "lounge"):
            return None
        key = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        if op == "post":
            self._refs.add(ref_of(key))
            self._circle.wrote(ref_of(key))
        for _ in range(TRIES):
            answer = await self._ask(op, stream=room.stream, key=key, **fields)
            if answer["op"] == "done":
                seq: int = answer["seq"]
                return seq
            if not answer.get("retry"):
                log.debug("colleague.refused", op=op, code=answer.get("code"))
                return None
            await self._pace.pause(answer.get("retry_after") or 1.0)
        return None

    async def _ask(self, op: str, **fields: Any) -> Frame:  # noqa: ANN401  as loose as the wire
        """Ask on the connection there is, or on the next; raise Lost after a few, or where none comes."""
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._up.wait()
            except TimeoutError as error:
                raise Lost from error
            peer = self._peer
            assert peer is not None
            try:
                return await peer.ask(op, **fields)
            except Lost:
                self._up.clear()
                await peer.abort()
        raise Lost

    async def _follow(self, room: Room) -> bool:
        """Follow from where it was left; drop what is held of another history."""
        peer = self._peer
        if peer is None:
            raise Lost
        fields: Frame = {} if room.position is None else {"since": room.position, "epoch": room.epoch}
        reply = await peer.ask("follow", stream=room.stream, **fields)
        if reply["op"] == "error" and reply["code"] in ("since_ahead", "wrong_epoch"):
            reply = await peer.ask("follow", stream=room.stream)
        if reply["op"] != "followed":
            return False
        room.epoch = peer.epoch
        for event in reply.get("events", ()):
            self._take(room, event)
        room.you = reply.get("you", room.you)
        messages = reply.get("messages")
        if messages is not None:
            room.position = reply["head"]
            room.mine |= {one["seq"] for one in messages if one["by"] == room.you}
            self._circle.read(room.stream, messages)
        return True

    def _hear(self, push: Frame) -> None:
        room = self.rooms.get(push.get("stream", ""))
        if push["op"] == "seen":
            # Another connection of this member has read something: we never say so.
            self.rest()
        elif room is not None and push["op"] == "event":
            self._take(room, push)
        elif room is not None and push["op"] == "gap":
            room.position = push["head"]
        elif room is not None and push["op"] == "evicted":
            del self.rooms[room.stream]

    def _take(self, room: Room, event: Frame) -> None:
        """Apply one event, once."""
        seq, data = event["seq"], event["data"]
        if room.position is not None and seq <= room.position:
            return
        room.position = seq
        if event["kind"] == "case.opened":
            self._circle.opened(self, data)
        elif event["kind"] == "paged":
            self._circle.paged(self, data["page"], data["case"])
        elif event["kind"] == "page.changed":
            self._circle.page_changed(data["page"], data["state"])
        elif event["kind"] == "page.reminded":
            self._circle.reminded(self, data["case"])
        elif event["kind"] == "mentioned":
            self._circle.called(self, data["stream"], data["seq"], data.get("case"))
        elif event["kind"] == "posted":
            self._take_post(room, event)

    def _take_post(self, room: Room, event: Frame) -> None:
        ref, by, data = event.get("ref", ""), event["by"], event["data"]
        if ref in self._refs:
            self._refs.discard(ref)
            room.you = by
            room.mine.add(event["seq"])
        elif self._circle.is_ours(ref):
            return
        elif by == room.you:
            self.rest()
        else:
            said = Said(room, event["seq"], by, data.get("reply_to"))
            self._circle.heard(self, said, called=data.get("reply_to") in room.mine)
