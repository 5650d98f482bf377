"""The rules of rooms: who may enter, what may be said, and how a change becomes an event of the room's log.

A member is a participant of a room from the first change they make in it, not by reading: a number, an alias and a label,
told to all by `joined`. Whatever others learn of them in the room, they learn by that number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol

import msgspec
from msgspec import Meta, Struct

from lounge.clock import milliseconds
from lounge.errors import Busy, Forbidden, Invalid, KeyReused, LoungeError, NotFound, RoomClosed, Stale
from lounge.history import History
from lounge.live.events import Edited, Pinned, Posted, Reacted, Redacted
from lounge.live.messages import Done, Edit, Person, Pin, Post, React, Redact, Right, StreamId, Target
from lounge.store import Item, Outcome, Pool, digest
from lounge.summary import LanguageCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lounge.ids import Ids
    from lounge.live.messages import Version
    from lounge.members.accounts import Member
    from lounge.store import Record, Store

Change = Post | Edit | Redact | React | Pin

ALIAS_TRIES: Final = 20
TITLE_CHARACTERS: Final = 200
INVITED: Final = 20
"""Members invited into one room."""

_encode = msgspec.json.Encoder().encode


class Names(Protocol):
    """What a participant is called (`lounge.aliases`)."""

    def draw(self) -> str:
        """Return a random alias of two words."""
        ...

    async def label(self, member: Member) -> str:
        """Return specialty and region, as coarse as k-anonymity asks."""
        ...


class Access(Struct, frozen=True):
    """What one member may do with one stream; `you` is their participant number, once they have one."""

    stream: str
    kind: Literal["room", "board", "feed"]
    state: Literal["open", "closed"]
    rights: list[Right]
    lounge: bool
    head: int
    seen: int
    you: int | None
    case: str | None = None

    @property
    def moderator(self) -> bool:
        """Whether the member may take away the words of others here."""
        return "moderate" in self.rights


RoomKind = Literal["case", "lounge", "direct", "consult"]
Notify = Literal["normal", "follow", "mute"]


class Whom(Struct, frozen=True):
    """Participant `n` of a room, whose handle one does not know."""

    stream: StreamId
    n: Target


class Begin(Struct, frozen=True):
    """A room to open: `direct` with one other, or a `consult` of a few; texts older than `retention_days` are taken away.

    They are invited by handle, or as participants of a room: then they, and you, keep the aliases of that room.
    """

    kind: Literal["direct", "consult"]
    title: Annotated[str, Meta(max_length=TITLE_CHARACTERS)] = ""
    members: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=INVITED)] = []
    participants: Annotated[list[Whom], Meta(max_length=INVITED)] = []
    retention_days: Annotated[int, Meta(ge=1, le=365)] | None = None
    language: LanguageCode = "en"


class Room(Struct, frozen=True):
    """A room as a member's list shows it; `unread` counts up to 100."""

    stream: str
    kind: RoomKind
    group: str
    title: str
    state: Literal["open", "closed"]
    head: int
    last_at: int
    posts: int
    case: str | None
    you: int | None
    seen: int
    unread: int
    notify: Notify
    retention_days: int | None
    language: str


class Rooms:
    """Rooms, seen with the eyes of one member at a time."""

    def __init__(
        self,
        store: Store,
        append: Callable[[Item], Awaitable[Outcome]],
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        ids: Ids,
        names: Names,
    ) -> None:
        """Take the store, the group commit, whom to tell of events, and what makes ids and names."""
        self._store = store
        self._append = append
        self._committed = committed
        self._ids = ids
        self._names = names
        self.history = History(store)

    # Access

    async def access(self, member: Member, stream: str) -> Access:
        """Return what `member` may do with a stream; NotFound where it does not exist or is not theirs, alike."""
        row = await self._store.row("rooms.access", stream, member.id, member.circles, member.feed)
        if row is None:
            raise NotFound
        rights: list[Right] = ["read"]
        if row["kind"] == "room":
            if row["state"] == "open":
                rights.append("post")
            if member.role == "moderator":
                rights.append("moderate")
            asks = row["asker"] is not None and row["asker"] == row["n"]
            if member.role == "moderator" or asks or row["room_kind"] in ("direct", "consult"):
                rights.append("pin")
        return Access(
            stream=stream,
            kind=row["kind"],
            state=row["state"],
            rights=rights,
            lounge=row["room_kind"] == "lounge",
            head=row["head"],
            seen=row["seen"],
            you=row["n"],
            case=row["case_id"],
        )

    async def enter(self, member: Member, access: Access) -> Access:
        """Make `member` a participant, if they are not yet: in a lounge by handle, in a case room under a drawn alias."""
        if access.you is not None:
            return access
        label = await self._names.label(member)
        key = self._ids.secret()
        for _ in range(ALIAS_TRIES):
            alias = member.handle if access.lounge else self._names.draw()
            async with self._store.transaction() as transaction:
                row = await transaction.row("log.enter", access.stream, member.id, alias, label, key)
            if row is not None and row["status"] != "taken":
                self._tell_of_entry(access.stream, key, alias, label, row)
                return msgspec.structs.replace(access, you=row["n"])
        raise Busy

    async def participate(self, member: Member, stream: str) -> int:
        """Make `member` a participant of a room, if they are not yet; return their number."""
        access = await self.enter(member, await self.access(member, stream))
        assert access.you is not None
        return access.you

    def _tell_of_entry(self, stream: str, key: str, alias: str, label: str, row: Record) -> None:
        if row["status"] == "entered":
            data = _encode(Person(row["n"], alias, label))
            item = Item(stream=stream, author=row["n"], key=key, kind="joined", data=data, digest=None)
            self._committed([item], [Outcome("new", row["seq"], milliseconds(row["at"]))])

    # Changes

    def post_item(self, access: Access, post: Post) -> Item:
        """Return the event that a post by a participant becomes, or say what is wrong with it."""
        _must_write(access, post)
        _must_have_words(post.body)
        assert access.you is not None
        return Item(
            stream=access.stream,
            author=access.you,
            key=post.key,
            kind="posted",
            data=_encode(Posted(body=post.body, reply_to=post.reply_to, mentions=sorted(set(post.mentions)))),
            digest=digest("posted", post.body, str(post.reply_to or ""), *map(str, sorted(set(post.mentions)))),
            target=post.reply_to,
            open=True,
        )

    async def change(self, member: Member, command: Change) -> Done:
        """Make one change in a room: check rights, enter if need be, append; raises what went wrong."""
        access, item = await self.prepare(member, await self.access(member, command.stream), command)
        return await self.settled(access, command, await self._append(item))

    async def prepare(self, member: Member, access: Access, command: Change) -> tuple[Access, Item]:
        """Check a change, make `member` a participant if need be, and return the event that it becomes."""
        _must_write(access, command)
        if isinstance(command, Post | Edit):
            _must_have_words(command.body)
        access = await self.enter(member, access)
        return access, await self.item(access, command)

    async def item(self, access: Access, command: Change) -> Item:
        """Return the event that a change by a participant becomes, having looked at what it changes."""
        if isinstance(command, Post):
            return self.post_item(access, command)
        _must_write(access, command)
        row = await self._store.row("log.message", access.stream, command.target)
        if row is None:
            raise NotFound("this room has no message with that number")
        mine = row["author"] == access.you
        assert access.you is not None
        if isinstance(command, Edit):
            _must_have_words(command.body)
            if not mine:
                raise Forbidden("only its author may edit a message")
            kind, data, rev = "edited", _encode(Edited(target=command.target, body=command.body)), command.rev
        elif isinstance(command, Redact):
            if not mine and not access.moderator:
                raise Forbidden("only its author or a moderator may redact a message")
            kind, data, rev = "redacted", _encode(Redacted(target=command.target)), None
        elif isinstance(command, Pin):
            if "pin" not in access.rights:
                raise Forbidden("only the author of the case or a moderator may pin a message")
            kind, data, rev = "pinned", _encode(Pinned(target=command.target, set=command.set)), None
        else:
            kind, data, rev = "reacted", _encode(Reacted(command.target, command.mark, command.set)), None
        return Item(
            stream=access.stream,
            author=access.you,
            key=command.key,
            kind=kind,
            data=data,
            digest=digest(kind, data.decode()),
            target=command.target,
            rev=rev,
            # What must go can go from a closed room as well.
            open=kind != "redacted",
        )

    async def settled(self, access: Access, command: Change, outcome: Outcome) -> Done:
        """Turn the log's answer into the reply: for `stale`, look again at what changed meanwhile."""
        if (done := settled_at_once(command, outcome)) is not None:
            if isinstance(done, LoungeError):
                raise done
            return done
        row = await self._store.row("log.state", access.stream)
        if not isinstance(command, Redact) and (row is None or row["state"] != "open"):
            raise RoomClosed
        if isinstance(command, Post):
            raise Invalid("reply_to names no message of this room")
        raise Stale("the message was changed or taken away meanwhile")

    async def versions(self, access: Access, target: int) -> list[Version]:
        """Return the earlier texts of a message, to its author and to moderators alone."""
        row = await self._store.row("log.message", access.stream, target)
        if row is None:
            raise NotFound("this room has no message with that number")
        if row["author"] != access.you and not access.moderator:
            raise Forbidden("only its author or a moderator sees the earlier texts of a message")
        return await self.history.versions(access.stream, target)

    async def notify(self, member: Member, stream: str, how: Notify) -> None:
        """Keep whether `member` follows a room, has muted it, or neither."""
        if (await self.access(member, stream)).kind != "room":
            raise Forbidden("only rooms are followed or muted")
        if how == "normal":
            await self._store.rows("rooms.notify_normally", member.id, stream, pool=Pool.COMMITS)
        else:
            await self._store.rows("rooms.notify", member.id, stream, how, pool=Pool.COMMITS)

    async def see(self, member: Member, stream: str, seq: int, *, unread: bool = False) -> int:
        """Keep how far `member` has read, never past the head, and return it; backwards only where it says `unread`."""
        mark: int | None = await self._store.value("rooms.see", member.id, stream, seq, unread, pool=Pool.COMMITS)
        return mark or 0

    async def mine(self, member: Member, after: str | None, limit: int) -> list[Room]:
        """Return the lounges open to `member` and the case rooms in which they take part, by id, after one."""
        rows = await self._store.rows("rooms.mine", member.id, member.circles, after, limit)
        return [
            Room(
                stream=row["stream"],
                kind=row["kind"],
                group=row["lounge_group"],
                title=row["title"] or row["names"] or "",
                state=row["state"],
                head=row["head"],
                last_at=milliseconds(row["last_at"]),
                posts=row["posts"],
                case=row["case_id"],
                you=row["n"],
                seen=row["seen"],
                unread=row["unread"],
                notify=row["notify"],
                retention_days=row["retention_days"],
                language=row["language"],
            )
            for row in rows
        ]


def settled_at_once(command: Change, outcome: Outcome) -> Done | LoungeError | None:
    """Return the reply to a change where the log's answer says it all, or None for `stale`."""
    if outcome.status in ("new", "known"):
        return Done(id=command.id, seq=outcome.seq, at=outcome.at, status="new" if outcome.status == "new" else "known")
    if outcome.status == "conflict":
        return KeyReused()
    if outcome.status == "no_stream":
        return NotFound()
    return None


def _must_write(access: Access, command: Change) -> None:
    if access.kind != "room":
        raise Forbidden("nobody writes here but the system")
    if isinstance(command, Redact) and access.moderator:
        return
    # Who has written here may be sending again what stands already: only the log can tell, and it refuses what is new.
    if access.state != "open" and access.you is None:
        raise RoomClosed


def _must_have_words(body: str) -> None:
    if "\x00" in body:
        raise Invalid("body: the character U+0000 cannot be stored: remove it")
    if not body.strip():
        raise Invalid("body: write something; white space alone is no message")
