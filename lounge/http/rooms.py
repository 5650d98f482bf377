"""Rooms over HTTP, for those who do not follow them live: the list, pages of messages, a post."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from lounge.errors import BadRequest, Forbidden
from lounge.http.cursor import Limit, read_cursor, write_cursor
from lounge.http.operation import Answer, Call, Operation
from lounge.live.messages import MENTIONS, Body, Message, Person, Post, Seq, Target
from lounge.rooms import Begin, Notify, Room

if TYPE_CHECKING:
    from lounge.invitations import Invitations
    from lounge.rooms import Rooms


class RoomsQuery(Struct, frozen=True):
    """A page of the list: `cursor` from the page before."""

    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Limit = 50


class RoomList(Struct, frozen=True):
    """Lounges open to you, rooms you were invited to, and case rooms with a part of yours; `next` is null on the last page."""

    rooms: list[Room]
    next: str | None


class MessagesQuery(Struct, frozen=True):
    """Messages with numbers below `before`, or above `after`; the newest where neither is given."""

    before: Seq | None = None
    after: Seq | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Messages(Struct, frozen=True):
    """Messages, oldest first, as they stood at event `head`; `more` says that there is more in that direction."""

    stream: str
    messages: list[Message]
    people: list[Person]
    head: int
    more: bool


class Begun(Struct, frozen=True):
    """The room's stream: follow it."""

    stream: str


class How(Struct, frozen=True):
    """`follow`: news of it on your own feed; `mute`: not even where you are called."""

    notify: Notify


class NewMessage(Struct, frozen=True):
    """A message, perhaps in reply to message number `reply_to`."""

    body: Body
    reply_to: Target | None = None
    mentions: Annotated[list[Target], Meta(max_length=MENTIONS)] = []


class Posted(Struct, frozen=True):
    """The message stands as number `seq`; `known` says that this key had been taken before."""

    seq: int
    at: int
    status: Literal["new", "known"]


class RoomsResource:
    """The resource."""

    def __init__(self, rooms: Rooms, invitations: Invitations) -> None:
        """Take the rules of rooms, and of those to which one is invited."""
        self._rooms = rooms
        self._invitations = invitations

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/rooms",
                name="rooms",
                summary="The lounges open to you, your own rooms, and the case rooms in which you take part.",
                handle=self._list,
                query=RoomsQuery,
                answers={200: RoomList},
            ),
            Operation(
                method="POST",
                path="/api/v1/rooms",
                name="begin_room",
                summary="Open a room with one other member, or with a few.",
                handle=self._begin,
                body=Begin,
                keyed=True,
                answers={200: Begun},
            ),
            Operation(
                method="POST",
                path="/api/v1/rooms/{stream}/notify",
                name="notify",
                summary="Follow a room, mute it, or neither.",
                handle=self._notify,
                body=How,
                answers={204: None},
            ),
            Operation(
                method="GET",
                path="/api/v1/rooms/{stream}/messages",
                name="messages",
                summary="A page of a room's messages as they stand.",
                handle=self._messages,
                query=MessagesQuery,
                answers={200: Messages},
            ),
            Operation(
                method="POST",
                path="/api/v1/rooms/{stream}/messages",
                name="post",
                summary="Write a message into a room.",
                handle=self._post,
                body=NewMessage,
                keyed=True,
                answers={200: Posted, 201: Posted},
            ),
        ]

    async def _list(self, call: Call[None, RoomsQuery]) -> Answer:
        query = call.query
        after = None if query.cursor is None else read_cursor(query.cursor)
        found = await self._rooms.mine(call.member, after, query.limit + 1)
        page = found[: query.limit]
        following = write_cursor(page[-1].stream) if len(found) > query.limit else None
        return Answer(RoomList(page, following))

    async def _begin(self, call: Call[Begin, None]) -> Answer:
        return Answer(Begun(await self._invitations.begin(call.member, call.key, call.body)))

    async def _notify(self, call: Call[How, None]) -> Answer:
        await self._rooms.notify(call.member, call.uuid("stream"), call.body.notify)
        return Answer(status=204)

    async def _messages(self, call: Call[None, MessagesQuery]) -> Answer:
        query = call.query
        if query.before is not None and query.after is not None:
            message = "give before or after, not both"
            raise BadRequest(message)
        access = await self._rooms.access(call.member, call.uuid("stream"))
        if access.kind != "room":
            message = "this stream has events, and no messages"
            raise Forbidden(message)
        if query.after is not None:
            view = await self._rooms.history.after(access.stream, query.after, query.limit)
        elif query.before is not None:
            view = await self._rooms.history.before(access.stream, query.before, query.limit)
        else:
            view = await self._rooms.history.before(access.stream, 2**53, query.limit)
        return Answer(Messages(access.stream, view.messages, view.people, view.head, view.more))

    async def _post(self, call: Call[NewMessage, None]) -> Answer:
        new = call.body
        post = Post(
            id=0,
            stream=call.uuid("stream"),
            key=call.key,
            body=new.body,
            reply_to=new.reply_to,
            mentions=new.mentions,
        )
        done = await self._rooms.change(call.member, post)
        return Answer(Posted(done.seq or 0, done.at or 0, done.status), 201 if done.status == "new" else 200)
