"""How long things take: reading, thinking, writing, and the quiet in between; in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

Span = tuple[float, float]

ARRIVING: Final[Span] = (0.1, 0.6)
"""Between two colleagues who come in when the demo begins."""
OPENING: Final[Span] = (2, 6)
"""From a case's posting until somebody has opened it."""
FIRST_REPLY: Final[Span] = (8, 25)
"""From a case's posting until its first reply."""
NEXT_REPLY: Final[Span] = (18, 55)
"""From one reply to the next."""
ANSWERING: Final[Span] = (7, 22)
"""From what a visitor says to the answer."""
TYPING: Final[Span] = (2, 6)
MARKING: Final[Span] = (3, 20)
RECEIVING: Final[Span] = (0.1, 0.8)
"""From a page's coming until it is on a colleague's phone."""
SEEING: Final[Span] = (2, 8)
"""Until they look at it."""
DECIDING: Final[Span] = (8, 50)
"""From then until they answer it."""
YIELDING: Final[Span] = (150, 240)
"""The same, where it is for a case that a colleague has opened: visitors are let first."""
TAKING: Final[Span] = (8, 35)
"""From taking a case on to the reply in its room."""
PATIENCE: Final[Span] = (100, 130)
"""How long everybody else leaves what is urgent to those who were paged."""
LOOKING: Final[Span] = (15, 30)
"""Between two looks who of the visitors is on call."""
ASKING: Final[Span] = (10, 40)
"""From noticing that until somebody asks them."""
AGAIN: Final[Span] = (900, 1_800)
"""Until the same visitor is asked again."""
SEEING_TO: Final[Span] = (20, 40)
"""Between two looks at what became of a case that was opened for a visitor."""
HELPED: Final[Span] = (240, 420)
"""From the first reply in it until it is resolved."""
LASTING: Final[Span] = (1_080, 1_500)
"""How long it waits for one, until it is withdrawn."""
CALM: Final[Span] = (40, 120)
"""Between two remarks in lounges and the rooms of older cases."""


class Pace:
    """Waits random times; `scale` below 1 makes everything faster, for tests."""

    def __init__(self, chance: Random, sleep: Callable[[float], Awaitable[None]], scale: float = 1.0) -> None:
        """Take where randomness comes from, and what waits."""
        self._chance = chance
        self._sleep = sleep
        self._scale = scale

    def drawn(self, span: Span) -> float:
        """Return a random time of the span."""
        return self._chance.uniform(*span) * self._scale

    async def wait(self, span: Span) -> None:
        """Wait for a random time of the span."""
        await self._sleep(self.drawn(span))

    async def pause(self, seconds: float) -> None:
        """Wait for just so long."""
        await self._sleep(seconds)

    def replies(self, count: int) -> list[float]:
        """Return when each of so many replies to a case is due, counted from its posting."""
        due = [self.drawn(FIRST_REPLY)]
        while len(due) < count:
            due.append(due[-1] + self.drawn(NEXT_REPLY))
        return due[:count]
