"""A bound on failures from one address, in bounded memory, without keeping addresses."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from lounge.errors import TooFast

if TYPE_CHECKING:
    from lounge.clock import Clock
    from lounge.ids import Random

ADDRESSES: Final = 10_000
"""How many addresses are remembered; the one that failed longest ago is forgotten first."""


class Throttle:
    """Counts failures as a leaking bucket: `per_minute` at once, and as many again in each minute."""

    def __init__(self, clock: Clock, random: Random, per_minute: int) -> None:
        """Take the bound; zero means none."""
        self._clock = clock
        self._rate = per_minute / 60
        self._burst = per_minute
        self._salt = random.randbytes(16)
        self._levels: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raise TooFast where this address has failed too often lately."""
        if not self._burst:
            return
        level = self._level(self._name(address))
        if level > self._burst - 1:
            message = "too many failed sign-ins from your network: wait, then try again"
            raise TooFast(message, retry_after=max(1.0, (level - self._burst + 1) / self._rate))

    def failed(self, address: str) -> None:
        """Count one failure."""
        if not self._burst:
            return
        name = self._name(address)
        self._levels[name] = (self._level(name) + 1, self._clock.monotonic())
        self._levels.move_to_end(name)
        if len(self._levels) > ADDRESSES:
            self._levels.popitem(last=False)

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._levels)

    def _level(self, name: bytes) -> float:
        level, since = self._levels.get(name, (0.0, 0.0))
        return max(0.0, level - (self._clock.monotonic() - since) * self._rate)

    def _name(self, address: str) -> bytes:
        """Return what stands for an address: of IPv6 the network, since one customer holds 2^64 addresses of it."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            network = address
        else:
            six = isinstance(parsed, ipaddress.IPv6Address)
            network = str(ipaddress.ip_network((parsed, 64), strict=False)) if six else str(parsed)
        return hashlib.blake2b(network.encode(), key=self._salt, digest_size=12).digest()
