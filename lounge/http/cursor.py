"""Cursors: where a list goes on, opaque to clients so that lists may change how they are ordered."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

import msgspec

from lounge.errors import BadRequest

T = TypeVar("T")


def write_cursor(position: object) -> str:
    """Return `position` as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).rstrip(b"=").decode()


def read_cursor(cursor: str, form: type[T]) -> T:
    """Return the position; raise BadRequest where it is not of this form, since it came from outside."""
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        position: Any = msgspec.msgpack.decode(base64.urlsafe_b64decode(padded.encode("ascii")), type=form)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        message = "this cursor did not come from this list: begin again without one"
        raise BadRequest(message) from None
    if "\0" in str(position):
        message = "this cursor did not come from this list: begin again without one"
        raise BadRequest(message)
    return position  # type: ignore[no-any-return]  checked by the decoder
