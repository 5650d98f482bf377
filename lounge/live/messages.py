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
Right = Literal["read", "post", "moderate"]


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
    """Write a message into a room."""

    stream: StreamId
    key: Key
    body: Body
    reply_to: Target | None = None


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


class Read(Command, frozen=True, tag="read"):
    """Page through messages as they stand: those with numbers below `before`, or above `after`."""

    stream: StreamId
    before: Seq | None = None
    after: Seq | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class People(Command, frozen=True, tag="people"):
    """Ask who some participant numbers of a room are."""

    stream: StreamId
    numbers: Annotated[list[Annotated[int, Meta(ge=1, lt=2**53)]], Meta(min_length=1, max_length=100)]


class Seen(Command, frozen=True, tag="seen"):
    """Say how far one has read; private, and never runs backwards."""

    stream: StreamId
    seq: Seq


class Ping(Command, frozen=True, tag="ping"):
    """Ask for the server's time."""


AnyCommand = Hello | Follow | Unfollow | Post | Edit | Redact | React | Read | People | Seen | Ping


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
    edited_at: int | None = None
    redacted: bool = False


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


AnyReply = Welcome | Followed | Done | Slice | PeopleReply | Pong | ErrorReply
AnyPush = Event | Gap | Bye | Evicted


# Data of events, by kind


class Opened(Struct, frozen=True, omit_defaults=True):
    """`opened`: the room begins; `case` where it is a case's."""

    case: str | None = None


class Joined(Struct, frozen=True):
    """`joined`: a participant acts for the first time."""

    n: int
    alias: str
    label: str


class Posted(Struct, frozen=True, omit_defaults=True):
    """`posted`: a message; `redacted` is its tombstone."""

    body: str
    reply_to: int | None = None
    redacted: bool = False


class Edited(Struct, frozen=True, omit_defaults=True):
    """`edited`: the body of message `target` is now this."""

    target: int
    body: str
    redacted: bool = False


class Redacted(Struct, frozen=True):
    """`redacted`: the text of message `target` is gone."""

    target: int


class Reacted(Struct, frozen=True):
    """`reacted`: participant `by` set or cleared `mark` on `target`."""

    target: int
    mark: str
    set: bool


class CaseLine(Struct, frozen=True):
    """A case as lists show it. Times in milliseconds; `first_reply_at` null while nobody else has written."""

    id: str
    room: str
    title: str
    specialty: str
    urgency: Literal["emergency", "urgent", "today", "routine"]
    audience: Literal["all", "specialties", "members"]
    state: Literal["open", "closed"]
    label: str
    opened_at: int
    last_at: int
    replies: int
    first_reply_at: int | None


class CaseChanged(Struct, frozen=True):
    """`case.changed`, on boards and feeds: the moving part of a case's line; `case.opened` carries a whole `CaseLine`."""

    case: str
    state: Literal["open", "closed"]
    last_at: int
    replies: int
    first_reply_at: int | None


decode_command = msgspec.json.Decoder(AnyCommand).decode
