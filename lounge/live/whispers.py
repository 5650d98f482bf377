"""What nodes tell each other that is no event: who is here, who writes, how far somebody has read. Typed and bounded.

Members are named by a keyed hash that holds for one stream and one epoch: whoever listens to Redis can join no two rooms.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from lounge.gathering import SHOWN
from lounge.lately import COUNTED
from lounge.live.messages import Seq, StreamId

if TYPE_CHECKING:
    from lounge.store import Epoch

HASH_BYTES: Final = 8
MEMBERS: Final = 5_000
"""Members of one node in one lounge that are told to the others."""
PERIODS: Final = 4

NodeName = Annotated[bytes, Meta(min_length=8, max_length=8)]
Who = Annotated[bytes, Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
Handle = Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,32}\Z")]
Label = Annotated[str, Meta(min_length=1, max_length=200)]


class Whisper(Struct, frozen=True, array_like=True):
    """From `node`, by the name that it gave itself when it started."""

    node: NodeName


class Ask(Whisper, frozen=True):
    """`ask`: say what you know of this room."""


class Named(Struct, frozen=True, array_like=True):
    """A member as a lounge shows them."""

    who: Who
    alias: Handle
    label: Label


class Roll(Whisper, frozen=True):
    """`roll`: who is in a lounge by way of this node, with names where they are few; `version` grows."""

    version: Annotated[int, Meta(ge=1, lt=2**53)]
    named: Annotated[list[Named], Meta(max_length=SHOWN)]
    others: Annotated[list[Who], Meta(max_length=MEMBERS)]


class Sighted(Struct, frozen=True, array_like=True):
    """Members seen in one period of five minutes."""

    period: Annotated[int, Meta(ge=0, lt=2**40)]
    members: Annotated[list[Who], Meta(max_length=COUNTED)]


class Sightings(Whisper, frozen=True):
    """`lately`: who was seen in a room that is no lounge."""

    periods: Annotated[list[Sighted], Meta(max_length=PERIODS)]


class Typed(Whisper, frozen=True):
    """`typing`: somebody writes in a lounge."""

    alias: Handle


class Marked(Whisper, frozen=True):
    """`seen`, on a member's own feed: how far they have read in a stream."""

    stream: StreamId
    seq: Seq
    unread: bool


Undecodable: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are no whisper."""

encode_whisper: Final = msgspec.msgpack.Encoder().encode
decode_ask: Final = msgspec.msgpack.Decoder(Ask).decode
decode_roll: Final = msgspec.msgpack.Decoder(Roll).decode
decode_sightings: Final = msgspec.msgpack.Decoder(Sightings).decode
decode_typed: Final = msgspec.msgpack.Decoder(Typed).decode
decode_marked: Final = msgspec.msgpack.Decoder(Marked).decode


def hashed(epoch: Epoch, stream: str, member: str) -> Who:
    """Return the name of a member in what nodes tell each other of one stream."""
    said = f"{stream} {member}".encode()
    return hashlib.blake2b(said, digest_size=HASH_BYTES, key=epoch.secret, person=b"lounge presence").digest()
