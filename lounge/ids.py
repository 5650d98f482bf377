"""Identifiers: opaque text on the wire, drawn from an injected clock and an injected source of randomness."""

from __future__ import annotations

import base64
import secrets
import uuid
from typing import TYPE_CHECKING, Final, Protocol

from lounge.clock import milliseconds

if TYPE_CHECKING:
    from datetime import datetime

    from lounge.clock import Clock

CONTROL: Final = "00000000-0000-7000-8000-000000000000"
"""The stream that every node follows: what must reach all of them."""

_NAMESPACE: Final = uuid.UUID("6c6f756e-6765-5000-8000-000000000001")


class Random(Protocol):
    """Where randomness comes from; `random.Random` and `random.SystemRandom` fit."""

    def randbytes(self, n: int, /) -> bytes:
        """Return `n` random bytes."""
        ...


class SystemRandomness:
    """The operating system's randomness."""

    def randbytes(self, n: int, /) -> bytes:
        """Return `n` random bytes."""
        return secrets.token_bytes(n)


class Ids:
    """Makes identifiers."""

    def __init__(self, clock: Clock, random: Random) -> None:
        """Take the clock that orders streams and the randomness that hides the rest."""
        self._clock = clock
        self._random = random

    def stream(self, at: datetime | None = None) -> str:
        """Return a UUIDv7 (RFC 9562, 5.7) of `at`, else of now: streams and cases sort by when they began."""
        stamp = milliseconds(at or self._clock.now())
        return _uuid(7, stamp.to_bytes(6, "big") + self._random.randbytes(10))

    def secret(self) -> str:
        """Return a UUIDv4: for members and credentials, whose ids must not tell when they were made."""
        return _uuid(4, self._random.randbytes(16))

    def token(self) -> str:
        """Return a bearer secret of 256 bits."""
        return "lng_" + base64.urlsafe_b64encode(self._random.randbytes(32)).rstrip(b"=").decode()

    @staticmethod
    def derived(*names: str) -> str:
        """Return the UUIDv5 of these names: the same for ever, so that what the system says twice is said once."""
        return str(uuid.uuid5(_NAMESPACE, "\x1f".join(names)))


def _uuid(version: int, raw: bytes) -> str:
    value = int.from_bytes(raw, "big")
    value = value & ~(0xF << 76) | version << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(uuid.UUID(int=value))
