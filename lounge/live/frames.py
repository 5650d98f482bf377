"""Server frames of WebSocket (RFC 6455, 5.2): unmasked, so one frame is the same bytes for every follower."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORT = 126
"""The length that says that two bytes of length follow; the one above it says eight."""


def text_frame(payload: bytes) -> bytes:
    """Return `payload`, valid UTF-8, as one final text frame."""
    size = len(payload)
    if size < _SHORT:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 2**16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def payloads(frames: bytes) -> Iterator[bytes]:
    """Yield what `text_frame` made frames of, one or several joined."""
    at = 0
    while at < len(frames):
        size = frames[at + 1]
        at += 2
        if size >= _SHORT:
            width = 2 if size == _SHORT else 8
            size = int.from_bytes(frames[at : at + width], "big")
            at += width
        yield frames[at : at + size]
        at += size
