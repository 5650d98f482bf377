"""The colleagues together: who takes which case, who answers whom, and what is talked of in between."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from lounge.clock import milliseconds
from lounge.colleagues.asking import Asking
from lounge.colleagues.cast import VISITORS
from lounge.colleagues.colleague import Colleague, Room, Said
from lounge.colleagues.memory import Memory
from lounge.colleagues.on_call import OnCall
from lounge.colleagues.pace import ANSWERING, ARRIVING, Pace
from lounge.colleagues.replies import JOINS_IN, MARKS, Replies
from lounge.colleagues.site import Site
from lounge.colleagues.small_talk import SmallTalk
from lounge.colleagues.speaker import HOUSE, Speaker
from lounge.drill.peer import Lost, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from random import Random

    from lounge.clock import Clock
    from lounge.colleagues.cast import Persona
    from lounge.data import Specialties
    from lounge.data.stock import Stock

ASKER: Final = 1
"""The participant number of a case's author in its room."""
JOBS: Final = 150
"""Things done at once, answers under way and pages among them; what comes on top is left alone."""
REMEMBERED: Final = 20_000
"""References of own changes, and messages answered, that are known."""


class Company:
    """All colleagues of one demo; hears what each of them hears, and has them act."""

    def __init__(
        self,
        url: str,
        personas: Sequence[Persona],
        stock: Stock,
        specialties: Specialties,
        *,
        clock: Clock,
        chance: Random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        scale: float = 1.0,
    ) -> None:
        """Take where the demo is, who they are and what they say; `scale` below 1 hurries them."""
        self.now = clock.monotonic
        self._clock = clock
        self._chance = chance
        self._pace = Pace(chance, sleep, scale)
        self._memory = Memory(clock.monotonic)
        self._speaker = Speaker(stock, self._memory, chance)
        self._site = Site(url)
        self._colleagues = {one.handle: Colleague(one, self._site, self, self._pace, chance) for one in personas}
        self._talk = SmallTalk(stock, self._speaker, self._site, self._colleagues, self._pace, chance)
        self._own = frozenset(one.title for one in stock.pleas)
        self._on_call = OnCall(self._site, self._pace, chance, self._begin, self._took_on, self._own)
        self._replies = Replies(
            self._site,
            self._speaker,
            self._pace,
            chance,
            self._colleagues,
            specialties,
            languages=frozenset(stock.phrases),
            begin=self._begin,
            is_asked=self._on_call.is_asked,
            now=clock.monotonic,
        )
        self._asking = Asking(
            stock.pleas,
            self._site,
            self._pace,
            chance,
            self._colleagues,
            sorted(VISITORS),
            begin=self._begin,
            clock=clock,
        )
        self._refs: OrderedDict[str, None] = OrderedDict()
        self._waiting: OrderedDict[tuple[str, int], dict[Colleague, bool]] = OrderedDict()
        self._jobs: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup

    async def run(self) -> None:
        """Come in one after the other, and be there until cancelled."""
        async with self._site, asyncio.TaskGroup() as self._group:
            for number, one in enumerate(self._colleagues.values()):
                self._group.create_task(one.run(porter=number == 0), name=f"colleague-{one.persona.handle}")
                await self._pace.wait(ARRIVING)
            self._group.create_task(self._talk.run(), name="colleagues-talk")
            self._group.create_task(self._asking.run(), name="colleagues-asking")

    # What they hear

    def is_ours(self, ref: str) -> bool:
        """Tell whether one of the colleagues wrote it."""
        return ref in self._refs

    def wrote(self, ref: str) -> None:
        """Learn that a colleague is about to write it."""
        _remember(self._refs, ref)

    def read(self, stream: str, messages: list[dict[str, Any]]) -> None:
        """Learn what a room says already."""
        now = milliseconds(self._clock.now())
        for one in messages:
            self._memory.keep(one["body"], stream, max(0.0, (now - one["at"]) / 1000))

    def opened(self, colleague: Colleague, line: dict[str, Any]) -> None:
        """Have a visitor's case answered; what colleagues ask is left to whoever is paged for it."""
        if line["title"] not in self._own:
            self._replies.opened(colleague, line)

    def paged(self, colleague: Colleague, page: str, case: str) -> None:
        """Have a colleague answer a page."""
        self._on_call.paged(colleague, page, case)

    def page_changed(self, page: str, state: str) -> None:
        """Learn how a page stands."""
        self._on_call.changed(page, state)

    def reminded(self, colleague: Colleague, case: str) -> None:
        """Have a colleague reply who took a case on."""
        self._on_call.reminded(colleague, case)

    def heard(self, colleague: Colleague, said: Said, *, called: bool) -> None:
        """Have somebody answer a visitor's message: all who hear it are heard first."""
        place = said.room.stream, said.seq
        if place not in self._waiting:
            self._waiting[place] = {}
            self._begin(self._answer_message(place, said))
        hearers = self._waiting[place]
        hearers[colleague] = hearers.get(colleague, False) or called
        while len(self._waiting) > REMEMBERED:
            self._waiting.popitem(last=False)

    def called(self, colleague: Colleague, stream: str, seq: int, case: str | None) -> None:
        """Have a colleague answer who was called by name, in a case's room or a lounge alone."""
        room = colleague.rooms.get(stream) or (Room(stream, "case", case=case) if case else None)
        if room is not None:
            self.heard(colleague, Said(room, seq, 0, None), called=True)

    # What they do

    def _took_on(self, colleague: Colleague, told: dict[str, Any]) -> None:
        self._replies.took_on(colleague, told)

    async def _answer_message(self, place: tuple[str, int], said: Said) -> None:
        await self._pace.wait(ANSWERING)
        hearers = {one: called for one, called in self._waiting[place].items() if one.awake}
        chosen = [one for one, called in hearers.items() if called]
        if not chosen:
            chosen = self._volunteers(said, list(hearers))
        if not chosen:
            return
        colleague = self._chance.choice(chosen)
        room = await colleague.visit(said.room)
        if room is None:
            return
        text = await self._spoken(colleague, room)
        if text is None or await colleague.post(room, text, said.seq) is None:
            await colleague.mark(room, said.seq, "thanks")
        elif self._chance.random() < JOINS_IN:
            await colleague.mark(room, said.seq, self._chance.choice(MARKS))
        await colleague.leave(room)

    def _volunteers(self, said: Said, hearers: list[Colleague]) -> list[Colleague]:
        """Return who may answer what was said to nobody in particular."""
        stream = said.room.stream
        if said.room.kind == "lounge":
            return hearers if self._chance.random() < JOINS_IN else []
        known = [(one, room) for one in hearers if (room := one.rooms.get(stream)) is not None]
        if said.by == ASKER:
            return [one for one, room in known if room.mine]
        return [one for one, room in known if room.you == ASKER]

    async def _spoken(self, colleague: Colleague, room: Room) -> str | None:
        if room.kind == "lounge":
            return self._speaker.chat(room.stream, HOUSE)
        case = await self._site.case(colleague.token, room.case)
        if case["mine"]:
            return self._speaker.thanks(self._replies.facts(case), room.stream)
        return self._speaker.answer(self._replies.facts(case), room.stream, self._replies.field(colleague))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Do something beside the rest, unless there is too much already."""
        if len(self._jobs) >= JOBS:
            work.close()
            return
        task = self._group.create_task(_willing(work), name="colleagues-job")
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)


async def _willing(work: Coroutine[None, None, None]) -> None:
    """Do what can be done: a connection that is lost for long, or a case that was taken away, ends it."""
    with suppress(Lost, Refused):
        await work


def _remember(kept: OrderedDict[str, None], one: str) -> None:
    kept[one] = None
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
