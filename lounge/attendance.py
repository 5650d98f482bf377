"""Who is in one room by way of this node: members, each with devices. Pure; time is handed in, in seconds.

Who leaves with the last device counts for a while longer, so that a page that is loaded anew does not flicker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

GRACE: Final = 10.0
"""Seconds for which a member counts after their last device has gone."""


class Attendance:
    """The members who are in one room on this node."""

    __slots__ = ("_devices", "_leaving", "_members")

    def __init__(self) -> None:
        """Begin with nobody."""
        self._devices: dict[object, bytes] = {}
        self._members: dict[bytes, int] = {}
        self._leaving: dict[bytes, float] = {}

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._members)

    @property
    def members(self) -> AbstractSet[bytes]:
        """The members, those who are leaving among them."""
        return self._members.keys()

    def come(self, device: object, who: bytes) -> bool:
        """Count a device in; return whether its member was not here before. Twice is once."""
        if device in self._devices:
            return False
        self._devices[device] = who
        self._leaving.pop(who, None)
        first = who not in self._members
        self._members[who] = self._members.get(who, 0) + 1
        return first

    def go(self, device: object, now: float) -> None:
        """Count a device out; nothing where it was not counted in."""
        who = self._devices.pop(device, None)
        if who is not None:
            self._members[who] -= 1
            if self._members[who] == 0:
                self._leaving[who] = now + GRACE

    def expire(self, now: float) -> list[bytes]:
        """Return the members who are gone for good, and forget them."""
        gone = [who for who, until in self._leaving.items() if until <= now]
        for who in gone:
            del self._leaving[who]
            del self._members[who]
        return gone
