"""The colleagues together: who takes which case, who answers whom, and what is talked of in between."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lounge.clock import milliseconds
from lounge.colleagues.cast import cast
from lounge.colleagues.colleague import Colleague, Room, Said
from lounge.colleagues.memory import Memory
from lounge.colleagues.pace import ANSWERING, ARRIVING, MARKING, OPENING, TYPING, Pace
from lounge.colleagues.reading import Facts, facts_of, specialty_in_prose
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
JOBS: Final = 40
"""Things done at once, answers under way among them; what comes on top is left alone."""
REMEMBERED: Final = 20_000
"""References of own changes, and messages answered, that are known."""
JOINS_IN: Final = 0.6
"""How likely somebody answers what a visitor says in a lounge to nobody in particular."""
MARKS: Final = ("agree", "thanks", "important")


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
        self._specialties = specialties
        self._languages = frozenset(stock.phrases)
        self._pace = Pace(chance, sleep, scale)
        self._memory = Memory(clock.monotonic)
        self._speaker = Speaker(stock, self._memory, chance)
        self._site = Site(url)
        self._colleagues = {one.handle: Colleague(one, self._site, self, self._pace, chance) for one in personas}
        self._talk = SmallTalk(stock, self._speaker, self._site, self._colleagues, self._pace, chance)
        self._refs: OrderedDict[str, None] = OrderedDict()
        self._cases: OrderedDict[str, set[Colleague]] = OrderedDict()
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
        """Have a case that was opened answered: colleagues open none, so a visitor's it is."""
        if line["id"] not in self._cases:
            self._cases[line["id"]] = set()
            self._begin(self._answer_case(line))
        self._cases[line["id"]].add(colleague)
        while len(self._cases) > REMEMBERED:
            self._cases.popitem(last=False)

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

    async def _answer_case(self, line: dict[str, Any]) -> None:
        began = self.now()
        await self._pace.wait(OPENING)
        told = self._cases.get(line["id"], set())
        # What is for a few was told to those few alone.
        ready = [one for one in self._colleagues.values() if one.awake and (line["audience"] == "all" or one in told)]
        if not ready:
            return
        facts = self._facts(await self._site.case(ready[0].token, line["id"]))
        chosen = self._chosen(facts, ready)
        for one in chosen:
            if (await self._site.case(one.token, line["id"]))["mine"]:
                one.rest()  # a visitor goes by this name, and asks
                chosen = self._chosen(facts, [other for other in ready if other is not one])
                break
        due = self._pace.replies(len(chosen))
        before: list[tuple[Colleague, int]] = []
        for colleague, at in zip(chosen, due, strict=True):
            with suppress(Refused):
                await self._reply(colleague, line, facts, before, began + at)
        if len(before) > 1:
            await self._pace.wait(MARKING)
            (_, seq), (other, _) = before[0], self._chance.choice(before[1:])
            await other.mark(Room(line["room"], "case"), seq, self._chance.choice(MARKS))

    async def _reply(
        self,
        colleague: Colleague,
        line: dict[str, Any],
        facts: Facts,
        before: list[tuple[Colleague, int]],
        due: float,
    ) -> None:
        """Let one open the case, read it, and reply when that is due; `before` has who replied already."""
        room = await colleague.visit(Room(line["room"], "case", line["title"], line["id"]))
        if room is None:
            return
        await self._site.view(colleague.token, line["id"])
        mine = self._field(colleague)
        them = before[-1] if before else None
        text = (
            self._speaker.first(facts, room.stream, mine)
            if them is None
            else self._speaker.later(facts, room.stream, mine, self._field(them[0]))
        )
        # Writing takes its time as well, and ends when the reply is due.
        typing = self._pace.drawn(TYPING)
        await self._pace.pause(max(0.0, due - self.now() - typing))
        if text is not None:
            reply_to = them[1] if them is not None and self._chance.random() < JOINS_IN else None
            seq = await colleague.post(room, text, reply_to, typing=typing)
            if seq is not None:
                before.append((colleague, seq))
        await colleague.leave(room)

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
            return self._speaker.thanks(self._facts(case), room.stream)
        return self._speaker.answer(self._facts(case), room.stream, self._field(colleague))

    def _chosen(self, facts: Facts, ready: Sequence[Colleague]) -> list[Colleague]:
        suited = cast(facts, [one.persona for one in ready], self._specialties, self._chance)
        return [self._colleagues[one.handle] for one in suited]

    def _facts(self, case: dict[str, Any]) -> Facts:
        facts = facts_of(case, self._specialties)
        return facts if facts.language in self._languages else msgspec.structs.replace(facts, language=HOUSE)

    def _field(self, colleague: Colleague) -> str:
        return specialty_in_prose(colleague.persona.specialties[0], self._specialties)

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
