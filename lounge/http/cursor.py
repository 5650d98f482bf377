"""Cursors: where a list goes on, opaque to clients so that lists may change how they are ordered."""

from __future__ import annotations

import base64
from typing import Final, TypeVar

import msgspec

from lounge.errors import BadRequest

T = TypeVar("T")

_FOREIGN: Final = "this cursor did not come from this list: begin again without one"


def write_cursor(position: object) -> str:
    """Return `position` as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).rstrip(b"=").decode()


def read_cursor(cursor: str, form: type[T]) -> T:
    """Return the position; raise BadRequest where it is not of this form, since it came from outside."""
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        position = msgspec.msgpack.decode(base64.urlsafe_b64decode(padded.encode("ascii")), type=form)
    except (ValueError, msgspec.MsgspecError):
        raise BadRequest(_FOREIGN) from None
    if "\0" in str(position):
        raise BadRequest(_FOREIGN)
    return position
