"""Colleagues who ask: where a visitor is on call, somebody opens a case that they are paged for, and sees to its end."""

from __future__ import annotations

import itertools
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lounge.clock import milliseconds
from lounge.colleagues.colleague import Room
from lounge.colleagues.pace import AGAIN, ASKING, HELPED, LASTING, LOOKING, SEEING_TO
from lounge.drill.peer import Lost, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
    from random import Random

    from lounge.clock import Clock
    from lounge.colleagues.colleague import Colleague
    from lounge.colleagues.pace import Pace
    from lounge.colleagues.site import Site
    from lounge.data.stock import Plea

URGENCY: Final = "urgent"
OVER: Final = ("resolved", "withdrawn")
AUTHOR: Final = 1
"""The participant number of a case's author in its room."""
OTHERS: Final = 8
"""Colleagues whose switch is looked at in one go: a visitor seldom goes by the name of one."""
REPEATED: Final = 6 * 3_600_000
"""Milliseconds after which the same case may be opened again."""


class Asking:
    """Opens cases for visitors, and ends them."""

    def __init__(
        self,
        pleas: Sequence[Plea],
        site: Site,
        pace: Pace,
        chance: Random,
        colleagues: Mapping[str, Colleague],
        visitors: Iterable[str],
        *,
        begin: Callable[[Coroutine[None, None, None]], None],
        clock: Clock,
    ) -> None:
        """Take what there is to ask, by whom, and the handles of the members for whom no colleague acts."""
        self._pleas = pleas
        self._site = site
        self._pace = pace
        self._chance = chance
        self._colleagues = colleagues
        self._visitors = dict.fromkeys(visitors, "")
        self._begin = begin
        self._clock = clock
        self._next: dict[str, float] = {}
        self._seen_to: set[str] = set()

    async def run(self) -> None:
        """Look who is on call until cancelled."""
        await self._pace.wait(LOOKING)
        await self._take_up()
        others = itertools.cycle(self._colleagues)
        while True:
            for handle in (*self._visitors, *itertools.islice(others, OTHERS)):
                with suppress(Lost, Refused):
                    await self._look(handle)
            await self._pace.wait(LOOKING)

    async def _take_up(self) -> None:
        """See to cases that were opened before the demo was started again."""
        for plea in self._pleas:
            author = self._colleagues[plea.by]
            with suppress(Lost, Refused):
                for case in await self._standing(plea, author):
                    if case["state"] not in OVER:
                        self._see(plea, author, case)

    async def _look(self, handle: str) -> None:
        """Have somebody ask this member, if they have turned the switch on, and were not asked lately."""
        token = await self._token(handle)
        if not token:
            return
        try:
            duty = await self._site.duty(token)
        except Refused:
            if handle in self._visitors:
                self._visitors[handle] = ""  # a session that has ended: the next look begins another
            raise
        if duty["on_call_until"] is None:
            return
        if handle in self._colleagues:
            self._colleagues[handle].rest()  # none of them turns it on: a visitor goes by this name
        now = self._clock.monotonic()
        if now < self._next.get(handle, now):
            return
        plea = await self._suited(handle, duty["paged_for"])
        if plea is not None:
            self._next[handle] = now + self._pace.drawn(AGAIN)
            self._begin(self._ask(plea, handle))

    async def _token(self, handle: str) -> str:
        """Return a session of the member's: anybody may sign in as anybody here, and nothing is done with it but look."""
        if handle in self._colleagues:
            return self._colleagues[handle].token
        if not self._visitors[handle]:
            self._visitors[handle] = await self._site.sign_in(handle)
        return self._visitors[handle]

    async def _suited(self, handle: str, paged_for: Sequence[str]) -> Plea | None:
        """Choose a case of the member's own field, or a neighbouring one, that was not opened lately."""
        suited = [one for one in self._pleas if one.by != handle and not set(one.specialties).isdisjoint(paged_for)]
        self._chance.shuffle(suited)
        suited.sort(key=lambda one: one.specialty not in paged_for)
        after = milliseconds(self._clock.now()) - REPEATED
        for plea in suited:
            author = self._colleagues[plea.by]
            if author.awake and not any(one["opened_at"] > after for one in await self._standing(plea, author)):
                return plea
        return None

    async def _standing(self, plea: Plea, author: Colleague) -> list[dict[str, Any]]:
        """Return what the author has opened of this case."""
        if not author.awake:
            return []
        return [one for one in await self._site.own_cases(author.token) if one["title"] == plea.title]

    async def _ask(self, plea: Plea, handle: str) -> None:
        """Open the case, unless the visitor has turned the switch off meanwhile."""
        await self._pace.wait(ASKING)
        author = self._colleagues[plea.by]
        if (await self._site.duty(await self._token(handle)))["on_call_until"] is None or not author.awake:
            self._next.pop(handle, None)
            return
        case = await self._site.open_case(author.token, self._key(), draft(plea))
        self._see(plea, author, case)

    def _see(self, plea: Plea, author: Colleague, case: dict[str, Any]) -> None:
        if case["id"] not in self._seen_to:
            self._seen_to.add(case["id"])
            self._begin(self._see_to(plea, author, case))

    async def _see_to(self, plea: Plea, author: Colleague, case: dict[str, Any]) -> None:
        """Follow the room, so that whoever helps is thanked; resolve the case after that, or withdraw it in the end."""
        room = await author.visit(Room(case["room"], "case", case["title"], case["id"]))
        if room is not None:
            await author.leave(room)
        ends, helped = self._clock.monotonic() + self._pace.drawn(LASTING), None
        while case["state"] not in OVER:
            await self._pace.wait(SEEING_TO)
            if not author.awake:
                continue
            now = self._clock.monotonic()
            case = await self._site.case(author.token, case["id"])
            if case["first_reply_at"] is not None and helped is None:
                helped = now + self._pace.drawn(HELPED)
            with suppress(Refused):
                if helped is not None and now >= helped:
                    await self._resolve(plea, author, case)
                elif helped is None and now >= ends:
                    await self._site.withdraw(author.token, case["id"], self._key())

    async def _resolve(self, plea: Plea, author: Colleague, case: dict[str, Any]) -> None:
        """Say how it ended, and whose answer helped."""
        said = await self._site.messages(author.token, case["room"])
        helped = next((one["seq"] for one in said if one["by"] > AUTHOR), None)
        ending = {"outcome": plea.outcome, "diagnosis": plea.diagnosis, "learned": plea.learned, "accepted": helped}
        await self._site.resolve(author.token, case["id"], self._key(), ending)

    def _key(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


def draft(plea: Plea) -> dict[str, Any]:
    """Return the case as it is posted."""
    return {
        "title": plea.title,
        "specialty": plea.specialty,
        "urgency": URGENCY,
        "presentation": plea.presentation,
        "question": plea.question,
        "summary": msgspec.to_builtins(plea.summary),
        "audience": {"kind": "specialties", "specialties": list(plea.specialties)},
    }
