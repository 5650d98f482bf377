"""How a case is answered: by those who took it on when they were paged, and by whoever comes by."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lounge.colleagues.cast import MOST, cast
from lounge.colleagues.colleague import Room
from lounge.colleagues.pace import MARKING, OPENING, PATIENCE, TAKING, TYPING
from lounge.colleagues.reading import Facts, facts_of, specialty_in_prose
from lounge.colleagues.speaker import HOUSE
from lounge.drill.peer import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine, Mapping, Sequence
    from random import Random

    from lounge.colleagues.colleague import Colleague
    from lounge.colleagues.pace import Pace
    from lounge.colleagues.site import Site
    from lounge.colleagues.speaker import Speaker
    from lounge.data import Specialties

JOINS_IN: Final = 0.6
"""How likely a reply is one to the reply before it."""
MARKS: Final = ("agree", "thanks", "important")
PAGED_FIRST: Final = ("emergency", "urgent")
"""Urgencies of cases that are left to those who were paged, for a while."""
PATIENT: Final = 10
"""How often that while is waited for, as long as one of them has yet to answer."""
REMEMBERED: Final = 20_000


class Answered:
    """A case as far as it is answered: who was told of it, who took it on, who replies, and what was said already."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.told: set[Colleague] = set()
        self.replying: set[Colleague] = set()
        self.before: list[tuple[Colleague, int]] = []
        self.replied = asyncio.Event()


class Replies:
    """Has cases answered."""

    def __init__(
        self,
        site: Site,
        speaker: Speaker,
        pace: Pace,
        chance: Random,
        colleagues: Mapping[str, Colleague],
        specialties: Specialties,
        *,
        languages: Container[str],
        begin: Callable[[Coroutine[None, None, None]], None],
        is_asked: Callable[[str], bool],
        now: Callable[[], float],
    ) -> None:
        """Take who there is and what they say, in which `languages`; `begin` does something beside the rest.

        `is_asked` tells whether somebody who was paged for a case has yet to answer.
        """
        self._site = site
        self._speaker = speaker
        self._pace = pace
        self._chance = chance
        self._colleagues = colleagues
        self._specialties = specialties
        self._languages = languages
        self._begin = begin
        self._is_asked = is_asked
        self._now = now
        self._cases: OrderedDict[str, Answered] = OrderedDict()

    def opened(self, colleague: Colleague, line: dict[str, Any]) -> None:
        """Have a visitor's case answered, which this colleague was told of."""
        case = self._case(line["id"])
        if not case.told:
            self._begin(self._answer(line, case))
        case.told.add(colleague)

    def took_on(self, colleague: Colleague, told: dict[str, Any]) -> None:
        """Have a colleague reply who was paged and took a case on."""
        case = self._case(told["id"])
        if colleague not in case.replying:
            case.replying.add(colleague)
            self._begin(self._answer_page(colleague, told, case))

    def facts(self, case: dict[str, Any]) -> Facts:
        """Return what a case says, in a language that there are sentences of."""
        facts = facts_of(case, self._specialties)
        return facts if facts.language in self._languages else msgspec.structs.replace(facts, language=HOUSE)

    def field(self, colleague: Colleague) -> str:
        """Return what a colleague's specialty is called within a sentence."""
        return specialty_in_prose(colleague.persona.specialties[0], self._specialties)

    def _case(self, case_id: str) -> Answered:
        case = self._cases.setdefault(case_id, Answered())
        while len(self._cases) > REMEMBERED:
            self._cases.popitem(last=False)
        return case

    async def _answer(self, line: dict[str, Any], case: Answered) -> None:
        began = self._now()
        await self._pace.wait(OPENING)
        # What is for a few was told to those few alone.
        ready = [
            one for one in self._colleagues.values() if one.awake and (line["audience"] == "all" or one in case.told)
        ]
        if not ready:
            return
        facts = self.facts(await self._site.case(ready[0].token, line["id"]))
        if facts.urgency in PAGED_FIRST:
            await self._leave_to_those_paged(line["id"], case)
            began = self._now()
        chosen = self._chosen(facts, [one for one in ready if one.awake])
        for one in chosen:
            if (await self._site.case(one.token, line["id"]))["mine"]:
                one.rest()  # a visitor goes by this name, and asks
                chosen = self._chosen(facts, [other for other in ready if other is not one])
                break
        chosen = [one for one in chosen if one not in case.replying][: max(1, MOST - len(case.replying))]
        case.replying.update(chosen)
        for colleague, at in zip(chosen, self._pace.replies(len(chosen)), strict=True):
            with suppress(Refused):
                await self._reply(colleague, line, facts, case, began + at)
        if len(case.before) > 1:
            await self._pace.wait(MARKING)
            (_, seq), (other, _) = case.before[0], self._chance.choice(case.before[1:])
            await other.mark(Room(line["room"], "case"), seq, self._chance.choice(MARKS))

    async def _leave_to_those_paged(self, case_id: str, case: Answered) -> None:
        """Wait until one of them has replied, or none of them is going to."""
        for _ in range(PATIENT):
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.drawn(PATIENCE)):
                    await case.replied.wait()
            if case.replied.is_set() or not (case.replying or self._is_asked(case_id)):
                return

    async def _answer_page(self, colleague: Colleague, told: dict[str, Any], case: Answered) -> None:
        try:
            await self._reply(colleague, told, self.facts(told), case, self._now() + self._pace.drawn(TAKING))
        finally:
            case.replied.set()

    async def _reply(
        self, colleague: Colleague, line: dict[str, Any], facts: Facts, case: Answered, due: float
    ) -> None:
        """Let one open the case, read it, and reply when that is due."""
        room = await colleague.visit(Room(line["room"], "case", line["title"], line["id"]))
        if room is None:
            return
        await self._site.view(colleague.token, line["id"])
        mine = self.field(colleague)
        them = case.before[-1] if case.before else None
        text = (
            self._speaker.first(facts, room.stream, mine)
            if them is None
            else self._speaker.later(facts, room.stream, mine, self.field(them[0]))
        )
        # Writing takes its time as well, and ends when the reply is due.
        typing = self._pace.drawn(TYPING)
        await self._pace.pause(max(0.0, due - self._now() - typing))
        if text is not None:
            reply_to = them[1] if them is not None and self._chance.random() < JOINS_IN else None
            seq = await colleague.post(room, text, reply_to, typing=typing)
            if seq is not None:
                case.before.append((colleague, seq))
        await colleague.leave(room)

    def _chosen(self, facts: Facts, ready: Sequence[Colleague]) -> list[Colleague]:
        suited = cast(facts, [one.persona for one in ready], self._specialties, self._chance)
        return [self._colleagues[one.handle] for one in suited]
