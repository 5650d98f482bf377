"""The standing rooms: one for everybody, one for each group of specialties, country and language, and one off topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lounge.store import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.data import Country, Language, Specialties
    from lounge.ids import Ids
    from lounge.store import Store

ALL: Final = "all"
CIRCLE: Final = "specialties"


class Lounge(Struct, frozen=True):
    """A standing room; `circle` are those for whom it is (`Member.circles`), nobody in particular where it is empty."""

    stream: str
    group: str
    title: str
    circle: list[str]
    language: str = "en"


def stream_of(ids: Ids, group: str, of: str = "") -> str:
    """Return the stream of a standing room: of its group, and of which specialties, country or language in it."""
    return ids.derived("lounge", group, of) if of else ids.derived("lounge", group)


def general(ids: Ids) -> str:
    """Return the stream of the room for everybody."""
    return stream_of(ids, "general")


def lounges(
    ids: Ids, specialties: Specialties, countries: Iterable[Country], languages: Iterable[Language]
) -> list[Lounge]:
    """Return all standing rooms; their ids follow from what they are, so that every node knows them without asking."""
    return [
        Lounge(general(ids), "general", "Everybody", []),
        *(
            Lounge(
                stream_of(ids, "specialty", group.id),
                "specialty",
                group.name,
                [one.id for one in specialties.in_group(group.id)],
            )
            for group in specialties.groups
        ),
        *(
            Lounge(stream_of(ids, "country", one.code), "country", one.name, [f"country:{one.code}"])
            for one in countries
        ),
        *(
            Lounge(stream_of(ids, "language", one.code), "language", one.name, [f"language:{one.code}"], one.code)
            for one in languages
        ),
        Lounge(stream_of(ids, "off-topic"), "off-topic", "Off topic", []),
    ]


async def ensure_lounges(store: Store, rooms: Iterable[Lounge]) -> None:
    """Make the standing rooms that are missing, and take over titles and circles that changed."""
    wanted = list(rooms)
    await store.rows(
        "rooms.lounges",
        [one.stream for one in wanted],
        [one.group for one in wanted],
        [one.title for one in wanted],
        [CIRCLE if one.circle else ALL for one in wanted],
        [" ".join(one.circle) for one in wanted],
        [one.language for one in wanted],
        pool=Pool.COMMITS,
    )
