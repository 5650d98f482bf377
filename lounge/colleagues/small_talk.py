"""What is talked of when no visitor asks anything: conversations in lounges, and older cases that go on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from lounge.colleagues.colleague import Room
from lounge.colleagues.pace import CALM, MARKING
from lounge.drill.peer import Lost, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from lounge.colleagues.colleague import Colleague
    from lounge.colleagues.pace import Pace
    from lounge.colleagues.site import Site
    from lounge.colleagues.speaker import Speaker
    from lounge.data.stock import Remark, Stock, Talk, Thread

AT_ONCE: Final = 2
"""Conversations that go on at the same time."""
GOES_ON: Final = 0.7
"""How likely a conversation goes on before anything else is said."""
OF_CASES: Final = 0.4
"""How likely what is begun anew is a remark on a case."""
ANSWERS: Final = 0.4
"""How likely a line is a reply to the line before."""
MARKED: Final = 0.35
MARKS: Final = ("laugh", "heart", "agree", "thanks")


class Conversation:
    """A talk in one lounge: who speaks, and how far it has come."""

    def __init__(self, talk: Talk, room: Room, speakers: list[Colleague]) -> None:
        """Begin before the first line."""
        self.talk = talk
        self.room = room
        self.speakers = speakers
        self.line = 0
        self.last: int | None = None

    @property
    def over(self) -> bool:
        """Whether everything is said."""
        return self.line >= len(self.talk.lines)


class SmallTalk:
    """Says one thing somewhere at a calm pace."""

    def __init__(
        self,
        stock: Stock,
        speaker: Speaker,
        site: Site,
        colleagues: Mapping[str, Colleague],
        pace: Pace,
        chance: Random,
    ) -> None:
        """Take what there is to say, and who says it."""
        self._stock = stock
        self._speaker = speaker
        self._site = site
        self._colleagues = colleagues
        self._pace = pace
        self._chance = chance
        self._going: list[Conversation] = []
        self._remarked: set[str] = set()

    async def run(self) -> None:
        """Talk until cancelled; where all is said, keep silent."""
        while True:
            await self._pace.wait(CALM)
            with suppress(Lost, Refused):
                await self.go_on()

    async def go_on(self) -> bool:
        """Say one thing; return whether there was anything to say."""
        full = len(self._going) >= AT_ONCE
        if self._going and (full or self._chance.random() < GOES_ON):
            conversation = self._chance.choice(self._going)
            if await self._next_line(conversation):
                return True
            self._end(conversation)
        if self._chance.random() < OF_CASES and await self._remark():
            return True
        begun = self._begun()
        if begun is None:
            return await self._remark()
        self._going.append(begun)
        return await self._next_line(begun)

    def _begun(self) -> Conversation | None:
        """Begin a conversation that can be had in full, in a lounge where enough colleagues are."""
        present: dict[str, list[tuple[Colleague, Room]]] = {}
        for one in self._colleagues.values():
            for room in one.rooms.values() if one.awake else ():
                if room.kind == "lounge":
                    present.setdefault(room.title, []).append((one, room))
        busy = {one.room.stream for one in self._going}
        choices = [(talk, title) for talk in self._stock.talks for title in talk.rooms if title in present]
        self._chance.shuffle(choices)
        for talk, title in choices:
            there = present[title]
            needed = 1 + max(line.who for line in talk.lines)
            room = there[0][1]
            if room.stream in busy or len(there) < needed:
                continue
            if self._speaker.fresh([line.say for line in talk.lines], room.stream):
                return Conversation(talk, room, [one for one, _ in self._chance.sample(there, needed)])
        return None

    async def _next_line(self, conversation: Conversation) -> bool:
        line = conversation.talk.lines[conversation.line]
        conversation.line += 1
        colleague = conversation.speakers[line.who]
        if conversation.over:
            self._end(conversation)
        room = await colleague.visit(conversation.room)
        if room is None or not self._speaker.claimed(line.say, room.stream):
            return False
        reply_to = conversation.last if self._chance.random() < ANSWERS else None
        conversation.last = await colleague.post(room, line.say, reply_to)
        others = [one for one in conversation.speakers if one is not colleague]
        if conversation.last is not None and others and self._chance.random() < MARKED:
            await self._pace.wait(MARKING)
            await self._chance.choice(others).mark(room, conversation.last, self._chance.choice(MARKS))
        return conversation.last is not None

    def _end(self, conversation: Conversation) -> None:
        self._going = [one for one in self._going if one is not conversation]

    async def _remark(self) -> bool:
        """Let an older case go on by one remark, in the order in which they are written."""
        threads = [one for one in self._stock.threads if self._left(one)]
        self._chance.shuffle(threads)
        for thread in threads:
            remark = self._left(thread)[0]
            colleague = self._colleagues.get(remark.by)
            if colleague is None or not colleague.awake:
                continue
            self._remarked.add(remark.say)
            room = await self._room_of(colleague, thread.case)
            if room is not None and self._speaker.claimed(remark.say, room.stream, once=True):
                return await colleague.post(room, remark.say) is not None
        return False

    def _left(self, thread: Thread) -> list[Remark]:
        """Return what was not tried yet: whatever the room says already is not said again."""
        return [one for one in thread.remarks if one.say not in self._remarked]

    async def _room_of(self, colleague: Colleague, title: str) -> Room | None:
        """Enter the room of the case whose title begins so, where it is still open."""
        for line in await self._site.cases(colleague.token):
            if line["title"].startswith(title):
                return await colleague.visit(Room(line["room"], "case", line["title"], line["id"]))
        return None
