"""How many connections a node holds: counted from the request on, so that waiting to be let in counts too."""

from __future__ import annotations


class Seat:
    """One connection's place."""

    __slots__ = ("_capacity",)

    def __init__(self, capacity: Capacity) -> None:
        """Take the place."""
        self._capacity: Capacity | None = capacity

    def leave(self) -> None:
        """Give the place back; nothing the second time."""
        capacity, self._capacity = self._capacity, None
        if capacity is not None:
            capacity.taken -= 1


class Capacity:
    """The places of a node; the server counts none of its WebSockets itself."""

    def __init__(self, places: int) -> None:
        """Take the number of places."""
        self._places = places
        self.taken = 0
        """How many are taken now."""

    def enter(self) -> Seat | None:
        """Return a place, or None where all are taken."""
        if self.taken >= self._places:
            return None
        self.taken += 1
        return Seat(self)
