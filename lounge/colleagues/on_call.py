"""Colleagues and their pages: received at once, looked at soon, and then taken on, declined, or left without an answer."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, Final

from lounge.colleagues.colleague import WAITING
from lounge.colleagues.pace import DECIDING, RECEIVING, SEEING, YIELDING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine
    from random import Random

    from lounge.colleagues.colleague import Colleague
    from lounge.colleagues.pace import Pace
    from lounge.colleagues.site import Site

REMEMBERED: Final = 20_000
FIRST_TAKES: Final = 0.9
"""How likely a case that nobody is about to take on is taken on by whoever is paged for it."""
TAKES: Final = 0.5
DECLINES: Final = 0.3
"""The same of the others, and how likely they decline; who does neither stays silent."""
REASONS: Final = ("busy", "resting", "not_my_field", "other")


class OnCall:
    """Answers the pages of all colleagues."""

    def __init__(
        self,
        site: Site,
        pace: Pace,
        chance: Random,
        begin: Callable[[Coroutine[None, None, None]], None],
        took_on: Callable[[Colleague, dict[str, Any]], None],
        own: Container[str],
    ) -> None:
        """Take what begins work, what learns who took which case on, and the titles of cases that colleagues open."""
        self._site = site
        self._pace = pace
        self._chance = chance
        self._begin = begin
        self._took_on = took_on
        self._own = own
        self._pages: OrderedDict[str, bool] = OrderedDict()
        self._cases: OrderedDict[str, bool] = OrderedDict()
        self._deciding: Counter[str] = Counter()

    def is_asked(self, case: str) -> bool:
        """Tell whether somebody who was paged for a case has yet to answer."""
        return self._deciding[case] > 0

    def paged(self, colleague: Colleague, page: str, case: str) -> None:
        """Have a colleague answer a page; told twice, once."""
        if not self._pages.get(page, False):
            _keep(self._pages, page, value=True)
            self._begin(self._decide(colleague, page, case))

    def changed(self, page: str, state: str) -> None:
        """Learn how a page stands: one that waits for nobody is answered by nobody."""
        if state not in WAITING:
            _keep(self._pages, page, value=False)

    def reminded(self, colleague: Colleague, case: str) -> None:
        """Have a colleague reply who took a case on and has not."""
        self._begin(self._reply(colleague, case))

    async def _decide(self, colleague: Colleague, page: str, case: str) -> None:
        self._deciding[case] += 1
        try:
            await self._answer(colleague, page, case)
        finally:
            self._deciding[case] -= 1
            if not self._deciding[case]:
                del self._deciding[case]

    async def _answer(self, colleague: Colleague, page: str, case: str) -> None:
        await self._pace.wait(RECEIVING)
        if not await self._is_theirs(colleague):
            return
        if await self._site.received(colleague.token, page, "delivered") == "seen":
            colleague.rest()  # a visitor goes by this name, and has looked at it
            return
        await self._pace.wait(SEEING)
        if not self._waits(colleague, page):
            return
        await self._site.received(colleague.token, page, "seen")
        told = await self._site.case(colleague.token, case)
        takes, declines = self._decided(case)
        await self._pace.wait(YIELDING if told["title"] in self._own else DECIDING)
        if not self._waits(colleague, page):
            return
        if takes:
            if await self._site.acknowledge(colleague.token, page) == "acknowledged":
                self._took_on(colleague, told)
        elif declines:
            await self._site.decline(colleague.token, page, self._chance.choice(REASONS))

    async def _reply(self, colleague: Colleague, case: str) -> None:
        if colleague.awake:
            self._took_on(colleague, await self._site.case(colleague.token, case))

    async def _is_theirs(self, colleague: Colleague) -> bool:
        """Tell whether a page is for the colleague to answer: who has turned the switch on is a visitor."""
        if not colleague.awake:
            return False
        if (await self._site.duty(colleague.token))["on_call_until"] is not None:
            colleague.rest()
            return False
        return True

    def _waits(self, colleague: Colleague, page: str) -> bool:
        return colleague.awake and self._pages.get(page, False)

    def _decided(self, case: str) -> tuple[bool, bool]:
        """Decide whether somebody takes a case on, or declines; one of those who are asked mostly does."""
        drawn = self._chance.random()
        first = not self._cases.get(case, False)
        takes = drawn < (FIRST_TAKES if first else TAKES)
        _keep(self._cases, case, value=takes or not first)
        return takes, not takes and (first or drawn < TAKES + DECLINES)


def _keep(kept: OrderedDict[str, bool], one: str, *, value: bool) -> None:
    kept[one] = value
    kept.move_to_end(one)
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
