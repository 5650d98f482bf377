"""What a colleague says: sentences of the stock that suit the case, filled in, and not said by anybody lately."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Final

from lounge.colleagues.reading import HIGH, LOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from lounge.colleagues.memory import Memory
    from lounge.colleagues.reading import Facts
    from lounge.data.stock import Fragment, Phrases, Stock

HOUSE: Final = "en"
"""The language of those who have no sentences of the case's own."""
BODIES: Final = (("ask",), ("think",), ("think", "ask"), ("do", "ask"), ("do",))


class Speaker:
    """Speaks for all colleagues, so that none repeats another."""

    def __init__(self, stock: Stock, memory: Memory, chance: Random) -> None:
        """Take what there is to say, and what was said."""
        self._stock = stock
        self._memory = memory
        self._chance = chance
        self._places = {
            one.text: places(one.text)
            for phrases in stock.phrases.values()
            for name in phrases.__struct_fields__
            for one in getattr(phrases, name)
        }

    def first(self, facts: Facts, room: str, mine: str) -> str | None:
        """Return the first reply to a case by a colleague of the specialty `mine`; None where all is said."""
        return self._composed(facts, room, {"mine": mine}, ("first", "think", "ask"))

    def later(self, facts: Facts, room: str, mine: str, them: str) -> str | None:
        """Return a reply after one by a colleague of the specialty `them`."""
        slots = {"mine": mine} | ({"them": them} if them != mine else {})
        return self._composed(facts, room, slots, ("join", *self._chance.choice(BODIES)))

    def answer(self, facts: Facts, room: str, mine: str) -> str | None:
        """Return an answer to what somebody wrote in a case's room."""
        return self._composed(facts, room, {"mine": mine}, ("answer", *self._chance.choice(BODIES)))

    def chat(self, room: str, language: str) -> str | None:
        """Return an answer to what somebody wrote in a lounge."""
        phrases = self._phrases(language)
        return self._drawn(phrases.chat, None, room, {})

    def thanks(self, facts: Facts, room: str) -> str | None:
        """Return what the author of a case says to somebody who has helped."""
        return self._drawn(self._phrases(facts.language).thanks, facts, room, {})

    def claimed(self, text: str, room: str, *, once: bool = False) -> bool:
        """Tell whether a line that is written already can be said now, and remember it as said."""
        return self._memory.claim(text, room, once=once)

    def fresh(self, texts: Sequence[str], room: str) -> bool:
        """Tell whether all of these lines could be said now."""
        return all(self._memory.fresh(one, room) for one in texts)

    def _phrases(self, language: str) -> Phrases:
        return self._stock.phrases.get(language) or self._stock.phrases[HOUSE]

    def _composed(self, facts: Facts, room: str, slots: Mapping[str, str], parts: Sequence[str]) -> str | None:
        """Put together an opening and what follows it; an opening alone says nothing."""
        phrases = self._phrases(facts.language)
        opening, *rest = parts
        said = [self._drawn(getattr(phrases, part), facts, room, slots) for part in rest]
        for part in ("think", "ask", "do"):
            if any(said):
                break
            said = [self._drawn(getattr(phrases, part), facts, room, slots)]
        if not any(said):
            return None
        said.insert(0, self._drawn(getattr(phrases, opening), facts, room, slots))
        return " ".join(one for one in said if one is not None)

    def _drawn(
        self, fragments: Sequence[Fragment], facts: Facts | None, room: str, slots: Mapping[str, str]
    ) -> str | None:
        """Return a sentence that suits, the better the likelier, and remember it and what it was made of as said."""
        filled = dict(facts.slots if facts else {}) | dict(slots)
        if filled.get("specialty") == filled.get("mine"):
            filled.pop("specialty", None)
        weighed = [(one, _weight(one, self._places[one.text], facts, filled)) for one in fragments]
        suited = [(one, weight) for one, weight in weighed if weight > 0]
        while suited:
            (index,) = self._chance.choices(range(len(suited)), [weight for _, weight in suited])
            fragment, _ = suited.pop(index)
            text = fragment.text.format_map(filled)
            # What begins as pH does stays as it is.
            text = text if text[1:2].isupper() else text[:1].upper() + text[1:]
            if self._memory.fresh(fragment.text, room) and self._memory.claim(text, room):
                self._memory.keep(fragment.text, room)
                return text
        return None


def places(text: str) -> set[str]:
    """Return the names of what is to be filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _weight(fragment: Fragment, wanted: set[str], facts: Facts | None, slots: Mapping[str, str]) -> float:
    """Weigh how well a sentence suits a case: what names a word or a result of it best, what fits any case least."""
    if not wanted <= slots.keys():
        return 0
    if facts is None:
        return 1
    met = [word for word in fragment.when if word in facts.words]
    if fragment.when and not met:
        return 0
    if any(among and one not in among for among, one in _among(fragment, facts)):
        return 0
    told = any(word not in (LOW, HIGH) for word in met)
    return 1 + 12 * told + bool(met) + 5 * bool(fragment.groups) + 3 * len(wanted - {"mine", "them"})


def _among(fragment: Fragment, facts: Facts) -> tuple[tuple[tuple[str, ...], str], ...]:
    return (fragment.groups, facts.group), (fragment.urgencies, facts.urgency)
