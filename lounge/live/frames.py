"""Server frames of WebSocket (RFC 6455, 5.2): unmasked, so one frame is the same bytes for every follower."""

from __future__ import annotations


def text_frame(payload: bytes) -> bytes:
    """Return `payload`, valid UTF-8, as one final text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload
