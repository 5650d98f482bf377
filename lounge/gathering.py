"""Who is in one lounge on all nodes together, as its followers on this node are told. Pure; seconds are handed in.

A member counts once however many nodes name them. What the others say of themselves is believed for a while only: a node
that falls silent takes its members along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lounge.live.messages import Present

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN: Final = 50
"""People up to whom a lounge says who is there; above it says how many."""
SILENCE: Final = 25.0
"""Seconds without news after which what a node said is forgotten: two of its heartbeats may get lost."""
NODES: Final = 256
"""Nodes listened to for one room."""


class State(Struct, frozen=True):
    """Who is there, as told last; `here` is None where only their number is told."""

    version: int
    count: int
    here: list[Present] | None


class Change(Struct, frozen=True):
    """What leads from the state at `base` to the one at `version`; `here` is that state in full where `base` is 0.

    To apply it: take those `went` away, then put those who `came`, each by alias. Where `count` is above 50 there are no names.
    """

    base: int
    version: int
    count: int
    here: list[Present] | None
    came: list[Present]
    went: list[str]


class _Node:
    __slots__ = ("heard_at", "members", "version")

    def __init__(self, version: int, members: Mapping[bytes, Present | None], heard_at: float) -> None:
        self.version = version
        self.members = members
        self.heard_at = heard_at


class Gathering:
    """The people in one lounge."""

    __slots__ = ("_changed", "_count", "_local", "_named", "_nodes", "_version")

    def __init__(self, version: int) -> None:
        """Begin with nobody, at any version above 0: such that one from an earlier life is not taken for it."""
        self._local: dict[bytes, Present] = {}
        self._nodes: dict[bytes, _Node] = {}
        self._version = version
        self._count = 0
        self._named: dict[str, Present] | None = {}
        self._changed = False

    @property
    def local(self) -> Mapping[bytes, Present]:
        """Those who are here by way of this node."""
        return self._local

    @property
    def quiet(self) -> bool:
        """Whether nothing can happen here before somebody comes or another node speaks."""
        return not (self._local or self._nodes or self._changed)

    def put(self, who: bytes, person: Present) -> None:
        """Count somebody in by way of this node."""
        self._local[who] = person
        self._changed = True

    def take(self, who: bytes) -> None:
        """Count somebody out."""
        if self._local.pop(who, None) is not None:
            self._changed = True

    def heard(self, node: bytes, version: int, members: Mapping[bytes, Present | None], now: float) -> None:
        """Take what another node says of itself; what is older than what it said before is not heard."""
        known = self._nodes.get(node)
        if known is None and len(self._nodes) >= NODES:
            return
        if known is not None and version <= known.version:
            return
        if (known.members if known is not None else {}) != members:
            self._changed = True
        self._nodes[node] = _Node(version, members, now)

    def expire(self, now: float) -> None:
        """Forget the nodes that have fallen silent."""
        for name in [name for name, node in self._nodes.items() if now - node.heard_at >= SILENCE]:
            del self._nodes[name]
            self._changed = True

    def state(self) -> State:
        """Return who is there as last told."""
        return State(self._version, self._count, None if self._named is None else list(self._named.values()))

    def flush(self) -> Change | None:
        """Return what changed since the last time, or None."""
        if not self._changed:
            return None
        self._changed = False
        count, named = self._union()
        before, base = self._named, self._version
        if (count, named) == (self._count, before):
            return None
        self._version, self._count, self._named = base + 1, count, named
        if named is None:
            return Change(base, self._version, count, None, [], [])
        if before is None:
            return Change(0, self._version, count, list(named.values()), [], [])
        came = [person for alias, person in named.items() if before.get(alias) != person]
        went = [alias for alias in before if alias not in named]
        return Change(base, self._version, count, None, came, went)

    def _union(self) -> tuple[int, dict[str, Present] | None]:
        """Return how many there are, and by alias who, in an order that says nothing of who came when."""
        people: dict[bytes, Present | None] = {}
        for _, node in sorted(self._nodes.items()):
            people.update(node.members)
        people.update(self._local)
        if len(people) > SHOWN:
            return len(people), None
        named = {person.alias: person for person in people.values() if person is not None}
        if len(named) < len(people):
            return len(people), None
        return len(people), dict(sorted(named.items()))
