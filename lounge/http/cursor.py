"""Cursors: where a list goes on, opaque to clients so that lists may change how they are ordered."""

from __future__ import annotations

import base64
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from lounge.errors import BadRequest
from lounge.live.messages import Uuid

Limit = Annotated[int, Meta(ge=1, le=100)]
"""How many lines a page has."""


class _Position(Struct, frozen=True, array_like=True):
    after: Uuid


_FOREIGN: Final = "this cursor did not come from this list: begin again without one"


def write_cursor(after: str) -> str:
    """Return the place after the line with this id, as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(_Position(after))).rstrip(b"=").decode()


def read_cursor(cursor: str) -> str:
    """Return the id after which the list goes on; raise BadRequest where it is none, since it came from outside."""
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(padded.encode("ascii")), type=_Position).after
    except (ValueError, msgspec.MsgspecError):
        raise BadRequest(_FOREIGN) from None
