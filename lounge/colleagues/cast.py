"""Who answers a case: those whose field it is first, then their neighbours, and for what is urgent somebody of acute care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from lounge.colleagues.reading import Facts
    from lounge.data import Demo, Specialties

VISITORS: Final = frozenset(
    {"heron-lane", "quiet-harbour", "cedar-ward", "orchard-gate", "plover-desk", "larch-ledger"}
)
"""Members for whom no colleague acts: those that a visitor is offered first."""
FEWEST: Final = 2
MOST: Final = 4


class Persona(Struct, frozen=True):
    """Who a colleague is."""

    handle: str
    specialties: tuple[str, ...]
    languages: tuple[str, ...]


def personas_of(demo: Demo) -> list[Persona]:
    """Return the members of the demo whom nobody but a colleague is likely to be."""
    return [Persona(one.handle, one.specialties, one.languages) for one in demo.members if one.handle not in VISITORS]


def cast(facts: Facts, personas: Iterable[Persona], specialties: Specialties, chance: Random) -> list[Persona]:
    """Choose two to four who answer, the most suitable first; fewer where fewer speak the language."""
    scored = [(score + chance.random(), one) for one in personas if (score := _score(facts, one, specialties)) > 0]
    scored.sort(key=lambda pair: -pair[0])
    return [one for _, one in scored[: chance.randint(FEWEST, MOST)]]


def _score(facts: Facts, persona: Persona, specialties: Specialties) -> float:
    if facts.language not in persona.languages:
        return 0
    if persona.specialties[0] == facts.specialty:
        return 8
    if facts.specialty in persona.specialties:
        return 7
    groups = {specialties[one].group for one in persona.specialties}
    urgent = facts.urgency in ("emergency", "urgent")
    return 0.5 + 2 * (facts.group in groups) + 2 * (urgent and "acute" in groups)
