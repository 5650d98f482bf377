"""The wire: every frame of `lounge.v1+json`, typed. Told in prose in `docs/protocol.md`.

One JSON object per text frame, tagged by `op`. Commands carry an `id` that the reply repeats. Streams, keys and cases are
UUIDs as 36 lower-case characters (RFC 9562) and opaque. Numbers stay below 2^53; times are milliseconds since 1970 UTC.
Unknown fields are skipped, new fields have defaults, and a field never changes its type.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

UUID_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"
BODY_CHARACTERS: Final = 20_000
MARKS: Final = ("agree", "disagree", "thanks", "important", "question", "seen-this", "heart", "laugh")

type_uuid = Meta(pattern=UUID_PATTERN)
Uuid = Annotated[str, type_uuid]
StreamId = Annotated[str, type_uuid]
Key = Annotated[str, type_uuid]
CommandId = Annotated[int, Meta(ge=0, lt=2**53)]
Seq = Annotated[int, Meta(ge=0, lt=2**53)]
Target = Annotated[int, Meta(ge=1, lt=2**53)]
Body = Annotated[str, Meta(min_length=1, max_length=BODY_CHARACTERS)]
Mark = Literal["agree", "disagree", "thanks", "important", "question", "seen-this", "heart", "laugh"]
Right = Literal["read", "post", "moderate", "pin"]
MENTIONS: Final = 10
"""People whom one message may name."""


# Commands


class Command(Struct, frozen=True, tag_field="op", kw_only=True):
    """What a client asks; the reply repeats `id`."""

    id: CommandId


class Hello(Command, frozen=True, tag="hello"):
    """First on every connection, within 10 s; `token` where neither cookie nor Authorization header says who it is."""

    client: Annotated[str, Meta(max_length=64)] = ""
    token: Annotated[str, Meta(max_length=200)] | None = None


class Follow(Command, frozen=True, tag="follow"):
    """Ask for a stream: `since` null for its newest part as state, else all events after that number."""

    stream: StreamId
    since: Seq | None = None
    epoch: Annotated[str, Meta(max_length=64)] | None = None


class Unfollow(Command, frozen=True, tag="unfollow"):
    """Stop following; answered by `done`."""

    stream: StreamId


class Post(Command, frozen=True, tag="post"):
    """Write a message into a room; `mentions` are the participants it calls, who are told on their own feeds."""

    stream: StreamId
    key: Key
    body: Body
    reply_to: Target | None = None
    mentions: Annotated[list[Target], Meta(max_length=MENTIONS)] = []


class Edit(Command, frozen=True, tag="edit"):
    """Replace the body of an own message; `rev` is the message's rev as the author saw it."""

    stream: StreamId
    key: Key
    target: Target
    rev: Target
    body: Body


class Redact(Command, frozen=True, tag="redact"):
    """Take a message's text away for good: by its author or a moderator."""

    stream: StreamId
    key: Key
    target: Target


class React(Command, frozen=True, tag="react"):
    """Set or clear one's mark on a message."""

    stream: StreamId
    key: Key
    target: Target
    mark: Mark
    set: bool = True


class Pin(Command, frozen=True, tag="pin"):
    """Put a message where everybody finds it, or take it from there: by the case's author or a moderator."""

    stream: StreamId
    key: Key
    target: Target
    set: bool = True


class Versions(Command, frozen=True, tag="versions"):
    """Ask for the earlier texts of a message: for its author and moderators."""

    stream: StreamId
    target: Target


class Read(Command, frozen=True, tag="read"):
    """Page through messages as they stand: those with numbers below `before`, or above `after`.

    With `thread`, only the message of that number and all that answer it, directly or not.
    """

    stream: StreamId
    before: Seq | None = None
    after: Seq | None = None
    thread: Target | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class People(Command, frozen=True, tag="people"):
    """Ask who some participant numbers of a room are."""

    stream: StreamId
    numbers: Annotated[list[Annotated[int, Meta(ge=1, lt=2**53)]], Meta(min_length=1, max_length=100)]


class Seen(Command, frozen=True, tag="seen"):
    """Say how far one has read: private, and told to one's other devices.

    It never runs backwards, unless `unread` says that what comes after `seq` is to count as unread again.
    """

    stream: StreamId
    seq: Seq
    unread: bool = False


class Here(Command, frozen=True, tag="here"):
    """Say that one looks at a followed room, or no longer does: following alone is not being there."""

    stream: StreamId
    here: bool = True


class Who(Command, frozen=True, tag="who"):
    """Ask who is in a room, as far as that is told there."""

    stream: StreamId


class Typing(Command, frozen=True, tag="typing"):
    """Say that one writes; in lounges alone, and no more often than every two seconds."""

    stream: StreamId


class Ping(Command, frozen=True, tag="ping"):
    """Ask for the server's time."""


AnyCommand = (
    Hello
    | Follow
    | Unfollow
    | Post
    | Edit
    | Redact
    | React
    | Pin
    | Versions
    | Read
    | People
    | Seen
    | Here
    | Who
    | Typing
    | Ping
)


# What frames are made of


class Person(Struct, frozen=True):
    """A participant of one stream: number, alias, and a label such as "Cardiology, Europe"."""

    n: int
    alias: str
    label: str


class Message(Struct, frozen=True, omit_defaults=True):
    """A message as it stands after event `rev`; `reactions` maps a mark to participant numbers."""

    seq: int
    by: int
    at: int
    body: str
    rev: int
    ref: str = ""
    reply_to: int | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    mentions: list[int] = field(default_factory=list)
    edited_at: int | None = None
    redacted: bool = False
    pinned: bool = False
    note: str | None = None


class Version(Struct, frozen=True):
    """A text that a message had, from `at` until it was edited."""

    body: str
    at: int


class Present(Struct, frozen=True):
    """Somebody in a lounge: what they are called there."""

    alias: str
    label: str


class Limits(Struct, frozen=True):
    """The bounds that this server holds its clients to."""

    body: int
    frame: int
    follows: int
    commands_per_second: int
    resume: int
    slice: int


class Account(Struct, frozen=True):
    """Who you are: told to you alone."""

    handle: str
    role: str
    specialties: list[str]
    country: str
    feed: str


# Replies


class Reply(Struct, frozen=True, tag_field="op", kw_only=True):
    """An answer to the command with this `id`."""

    id: int


class Welcome(Reply, frozen=True, tag="welcome"):
    """The answer to `hello`."""

    member: Account
    epoch: str
    time: int
    limits: Limits


class Followed(Reply, frozen=True, tag="followed", omit_defaults=True):
    """From here on the stream is live, from `head`.

    After `since` null: `messages` are the newest, oldest first. After a number: `events` are all those missed, or
    `complete` is false and `messages` are the newest: drop the window and page backwards from `head`.
    """

    stream: str
    head: int
    complete: bool
    rights: list[Right]
    state: Literal["open", "closed"]
    events: list[Raw] | None = None
    messages: list[Message] | None = None
    people: list[Person] = field(default_factory=list)
    you: int | None = None
    seen: int = 0
    pins: list[int] = field(default_factory=list)


class Done(Reply, frozen=True, tag="done", omit_defaults=True):
    """The change stands in the log as number `seq`; `known` says that this key had been taken before."""

    seq: int | None = None
    at: int | None = None
    status: Literal["new", "known"] = "new"


class Slice(Reply, frozen=True, tag="slice"):
    """Messages, oldest first, as they stood at event `head`; `more` says that there is more in that direction."""

    stream: str
    messages: list[Message]
    people: list[Person]
    head: int
    more: bool


class PeopleReply(Reply, frozen=True, tag="people"):
    """The participants asked for, as far as they exist."""

    stream: str
    people: list[Person]


class VersionsReply(Reply, frozen=True, tag="versions"):
    """The texts that the message had before, oldest first; none where it was never edited, or was redacted."""

    stream: str
    target: int
    versions: list[Version]


class WhoReply(Reply, frozen=True, tag="who"):
    """Who is there, at `version`: see the push `presence`."""

    stream: str
    version: int
    count: int
    here: list[Present] | None


class Pong(Reply, frozen=True, tag="pong"):
    """The server's time."""

    time: int


class ErrorReply(Struct, frozen=True, tag_field="op", tag="error", omit_defaults=True, kw_only=True):
    """A command failed (`id`), or a frame could not be read (no `id`); `retry` true: the same command may succeed later."""

    code: str
    message: str
    retry: bool
    id: int | None = None
    retry_after: float | None = None


# Pushes


class Event(Struct, frozen=True, tag_field="op", tag="event", omit_defaults=True, kw_only=True):
    """Number `seq` of a stream; `by` is a participant number (0: the system), `ref` the first 8 bytes of SHA-256 of its key."""

    stream: str
    seq: int
    kind: str
    at: int
    by: int
    data: Raw
    ref: str = ""


class Gap(Struct, frozen=True, tag_field="op", tag="gap", kw_only=True, rename={"from_": "from"}):
    """Numbers `from` to `head` are skipped: drop the window, page backwards from `head`; live again after it."""

    stream: str
    from_: int
    head: int


class Bye(Struct, frozen=True, tag_field="op", tag="bye", kw_only=True):
    """The server closes next; come back after `retry_after` seconds, or not at all where it is null."""

    reason: str
    retry_after: float | None = None


class Evicted(Struct, frozen=True, tag_field="op", tag="evicted", kw_only=True):
    """You no longer follow this stream: your access to it ended."""

    stream: str


class SeenMark(Struct, frozen=True, tag_field="op", tag="seen", kw_only=True):
    """How far one has read, as another device of one's own has just said."""

    stream: str
    seq: int


class TypingNow(Struct, frozen=True, tag_field="op", tag="typing", kw_only=True):
    """Somebody writes in a lounge: forget it after six seconds."""

    stream: str
    alias: str


class Presence(Struct, frozen=True, tag_field="op", tag="presence", kw_only=True):
    """Who is in a room: may be left out for a slow reader, and is no event.

    In a lounge: what changed between `base` and `version`, with `here` in full where `base` is 0, and neither names nor
    differences above 50 people (`here` null). Who holds another version than `base` asks `who`. In a case room: `count` is
    how many were there lately, in steps, told every five minutes or so; never who.
    """

    stream: str
    base: int
    version: int
    count: int
    here: list[Present] | None = None
    came: list[Present] = []
    went: list[str] = []


AnyReply = Welcome | Followed | Done | Slice | PeopleReply | VersionsReply | WhoReply | Pong | ErrorReply
AnyPush = Event | Gap | Bye | Evicted | SeenMark | TypingNow | Presence


decode_command = msgspec.json.Decoder(AnyCommand).decode
