"""The body of a request: bounded in bytes and in time, JSON, typed, text that Postgres can hold."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lounge.errors import BadRequest, TooLarge
from lounge.reason import reason

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_BYTES: Final = 512 * 1024
"""The longest case, with every character written as an escaped surrogate pair of 12 bytes, and room to spare."""


async def read_body(request: Request, decoder: msgspec.json.Decoder[Any], seconds: float) -> Any:  # noqa: ANN401
    """Return the decoded body; raise TooLarge, or BadRequest where it is not what the decoder's type says."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        # A form of another site can send text/plain or a form without asking; JSON it cannot (the Fetch standard, CORS).
        message = "the body must be JSON: send Content-Type: application/json"
        raise BadRequest(message)
    try:
        async with asyncio.timeout(seconds):
            raw = await _read(request)
    except TimeoutError:
        message = "the body did not arrive in time: send it again with the same key"
        raise BadRequest(message) from None
    try:
        body = decoder.decode(raw)
    except msgspec.ValidationError as error:
        message = f"body: {reason(error)}"
        raise BadRequest(message) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = "the body is not JSON in UTF-8"
        raise BadRequest(message) from None
    if b"\\u" in raw:
        check_text(body)
    return body


async def _read(request: Request) -> bytes:
    message = f"a request takes at most {BODY_BYTES} bytes"
    if int(request.headers.get("content-length") or 0) > BODY_BYTES:
        raise TooLarge(message)
    raw = bytearray()
    async for piece in request.stream():
        if len(raw) + len(piece) > BODY_BYTES:
            raise TooLarge(message)
        raw += piece
    return bytes(raw)


def check_text(value: object) -> None:
    """Raise BadRequest where a text within holds U+0000, which Postgres does not take.

    JSON says it by an escape alone (RFC 8259, 7), so a body without escapes need not be searched.
    """
    for text in _texts(msgspec.to_builtins(value)):
        if "\0" in text:
            message = "the character U+0000 cannot stand in a text"
            raise BadRequest(message)


def _texts(value: object) -> list[str]:
    found: list[str] = []
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            left.extend(one.keys())
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return found
