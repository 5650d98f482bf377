"""What was said when, so that nobody repeats anybody."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW: Final = 3900.0
"""Seconds within which no sentence is said twice, in whatever room: an hour, and the time that writing takes."""
IN_ROOM: Final = 86_400.0
"""Seconds within which a room does not hear the same sentence again."""
KEPT: Final = 100_000

_END: Final = re.compile(r"(?<=[.!?…])[\s\"”»*]+|\n+")
_ANYWHERE: Final = ""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, as they are compared: without the marks around them, and in small letters."""
    parts = (part.strip(" \t*_\"'“”„«»-.!?…").casefold() for part in _END.split(text))
    return [part for part in parts if part]


class Memory:
    """Remembers sentences for a day, in bounded number."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Take a clock in seconds that never runs backwards."""
        self._now = now
        self._heard: OrderedDict[tuple[str, str], float] = OrderedDict()

    def fresh(self, text: str, room: str) -> bool:
        """Tell whether all of its sentences can be said in this room now."""
        found = sentences(text)
        return bool(found) and len(set(found)) == len(found) and not any(self._stale(one, room) for one in found)

    def keep(self, text: str, room: str, ago: float = 0.0) -> None:
        """Remember that this was said in the room so many seconds ago."""
        at = self._now() - ago
        for one in sentences(text):
            for key in ((_ANYWHERE, one), (room, one)):
                self._heard[key] = max(at, self._heard.pop(key, at))
        while len(self._heard) > KEPT:
            self._heard.popitem(last=False)

    def claim(self, text: str, room: str, *, once: bool = False) -> bool:
        """Remember it where it is fresh, and with `once` was never said in this room; return whether that is so."""
        if not self.fresh(text, room) or (once and any((room, one) in self._heard for one in sentences(text))):
            return False
        self.keep(text, room)
        return True

    def _stale(self, sentence: str, room: str) -> bool:
        now = self._now()
        anywhere, here = self._heard.get((_ANYWHERE, sentence)), self._heard.get((room, sentence))
        return (anywhere is not None and now - anywhere < WINDOW) or (here is not None and now - here < IN_ROOM)
