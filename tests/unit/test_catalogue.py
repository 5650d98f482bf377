"""Specialties know their neighbours, and an operator's own file replaces ours or says where it is broken."""

from __future__ import annotations

from copy import deepcopy
from importlib import resources
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lounge.app import specialties_of
from lounge.data import CatalogueError, load_specialties
from lounge.data.catalogue import FAR, catalogue_of
from lounge.settings import Settings, SettingsError
from tests.unit.test_data import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lounge.data import Specialties

SPECIALTIES = load_specialties()
IDS = [one.id for one in SPECIALTIES]
SECRET = "Mrs Secret, born 1950"


def small() -> dict[str, Any]:
    """Return a file of three specialties in two groups."""
    return {
        "source": "A society",
        "distances": "Agreed upon",
        "groups": [{"id": "heads", "name": "Heads"}, {"id": "hearts", "name": "Hearts"}],
        "specialties": [
            {
                "id": "brain",
                "name": "Brain",
                "nucc": "000000001X",
                "group": "heads",
                "near": [{"id": "nerve", "distance": 1}],
            },
            {"id": "nerve", "name": "Nerve", "nucc": "000000002X", "group": "heads", "synonyms": ["neuro"]},
            {"id": "heart", "name": "Heart", "nucc": "000000003X", "group": "hearts", "far": ["heads"]},
        ],
    }


def read(file: dict[str, Any]) -> Specialties:
    """Load a file."""
    return catalogue_of(msgspec.json.encode(file))


def test_ours_are_about_ninety() -> None:
    """As many as cases ask for, and few enough that a connection can follow a board of each."""
    assert 90 <= len(SPECIALTIES) <= 100


def test_distances_hold_both_ways() -> None:
    """Each is 0 to itself and as far from another as that is from it: 1 to 4, or unrelated."""
    for one, other in product(IDS, IDS):
        distance = SPECIALTIES.distance(one, other)
        assert distance == SPECIALTIES.distance(other, one)
        assert (distance == 0) == (one == other)
        assert distance is None or 0 <= distance <= FAR


def test_near_tells_the_same_as_distance_and_the_nearest_first() -> None:
    """All that are related, each once, itself not among them."""
    for one in IDS:
        near = SPECIALTIES.near(one)
        assert [distance for _, distance in near] == sorted(distance for _, distance in near)
        assert dict(near) == {other: d for other in IDS if other != one and (d := SPECIALTIES.distance(one, other))}


@pytest.mark.parametrize("one", IDS)
def test_each_has_somebody_to_ask(one: str) -> None:
    """Where nobody of a specialty is there, two others at least are its neighbours."""
    assert len([other for other, distance in SPECIALTIES.near(one) if distance <= 2]) >= 2


@pytest.mark.parametrize("group", [one.id for one in SPECIALTIES.groups])
def test_a_group_hangs_together(group: str) -> None:
    """From any of its specialties all others are reached from neighbour to neighbour."""
    members = {one.id for one in SPECIALTIES.in_group(group)}
    reached: set[str] = set()
    waiting = [min(members)]
    while waiting:
        one = waiting.pop()
        reached.add(one)
        near = {other for other, distance in SPECIALTIES.near(one) if distance < FAR}
        waiting += (near & members) - reached
    assert members == reached


@pytest.mark.parametrize(
    ("one", "other", "distances"),
    [
        ("neurosurgery", "neurology", {1, 2}),
        ("stroke", "neurology", {1}),
        ("cardiology", "interventional-cardiology", {1}),
        ("cardiology", "cardiothoracic", {2}),
        ("paediatric-neurology", "neurology", {1, 2}),
        ("internal-medicine", "rehabilitation", {FAR}),
        ("dermatology", "neurosurgery", {None}),
    ],
)
def test_what_physicians_take_for_granted(one: str, other: str, distances: set[int | None]) -> None:
    """The heart and the brain have their neighbours, and skin is no matter of a neurosurgeon."""
    assert SPECIALTIES.distance(one, other) in distances


def test_emergency_medicine_is_related_to_all() -> None:
    """Far from most: the last to be asked, and never nobody."""
    distances = [SPECIALTIES.distance("emergency-medicine", one) for one in IDS if one != "emergency-medicine"]
    assert None not in distances
    assert distances.count(FAR) > len(IDS) / 2


def test_an_id_that_is_not_listed_is_near_itself_alone() -> None:
    """Members and cases may have one of another file: to ask for it raises nothing."""
    assert SPECIALTIES.near("astrology") == []
    assert SPECIALTIES.distance("astrology", "cardiology") is None
    assert SPECIALTIES.distance("cardiology", "astrology") is None
    assert SPECIALTIES.distance("astrology", "astrology") == 0


def test_what_is_typed_finds_what_is_meant() -> None:
    """Everyday words, abbreviations, and both spellings of English; nothing stands twice at one specialty."""
    typed = {one.id: one.synonyms for one in SPECIALTIES}
    for word, meant in [
        ("heart", "cardiology"),
        ("ep", "electrophysiology"),
        ("stroke doctor", "stroke"),
        ("icu", "intensive-care"),
        ("hematology", "haematology"),
        ("paeds", "paediatrics"),
        ("peds", "paediatrics"),
        ("orthopedics", "trauma-orthopaedics"),
    ]:
        assert word in typed[meant]
    assert [one for one, synonyms in typed.items() if len(set(synonyms)) != len(synonyms) or not synonyms] == []


def test_the_page_tells_the_neighbours() -> None:
    """docs/reference/specialties.md has, for each specialty in order, those at 1, 2 and 3; and calls them assumed."""
    page = PAGE.read_text("utf-8")
    section = page.split("\n## Neighbours\n")[1].split("\n## ")[0]
    rows = [
        line for line in section.splitlines() if line.startswith("| ") and not line.startswith(("| Specialty", "| ---"))
    ]

    def at(one: str, wanted: int) -> str:
        return ", ".join(f"`{other}`" for other, distance in SPECIALTIES.near(one) if distance == wanted)

    assert [f"| {o.name} | {at(o.id, 1)} | {at(o.id, 2)} | {at(o.id, 3)} |" for o in SPECIALTIES] == rows
    assert "**assumed**" in section
    raw = msgspec.json.decode(resources.files("lounge.data").joinpath("specialties.json").read_bytes())
    assert raw["distances"].startswith("Assumed")


def test_a_file_of_ones_own_replaces_ours(tmp_path: Path) -> None:
    """What it lists is all that there is; pairs hold both ways, and `far` gives way to what is nearer."""
    path = tmp_path / "own.json"
    path.write_bytes(msgspec.json.encode(small()))
    own = specialties_of(Settings(specialties=str(path)))
    assert [one.id for one in own] == ["brain", "nerve", "heart"]
    assert own.near("nerve") == [("brain", 1), ("heart", 4)]
    assert own.near("heart") == [("brain", 4), ("nerve", 4)]
    assert [one.id for one in specialties_of(Settings())] == IDS


def test_a_pair_may_stand_in_both_if_they_agree() -> None:
    """Said alike it is said once; said otherwise it contradicts itself, and the line names the two."""
    file = small()
    file["specialties"][1]["near"] = [{"id": "brain", "distance": 1}]
    assert read(file).distance("brain", "nerve") == 1
    file["specialties"][1]["near"] = [{"id": "brain", "distance": 2}]
    with pytest.raises(CatalogueError, match="nerve and brain give two distances"):
        read(file)


def _set(*place: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        at: Any = file
        for step in place[:-1]:
            at = at[step]
        at[place[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_set("specialties", 0, "near", to=[{"id": "soul", "distance": 1}]), "brain.near names soul"),
        (_set("specialties", 0, "near", to=[{"id": "brain", "distance": 1}]), "brain.near names brain itself"),
        (_set("specialties", 0, "near", 0, "distance", to=0), "specialties[0].near[0].distance"),
        (_set("specialties", 0, "near", 0, "distance", to=4), "specialties[0].near[0].distance"),
        (_set("specialties", 0, "near", 0, "distance", to=1.5), "specialties[0].near[0].distance"),
        (_set("specialties", 0, "near", to=[{"id": "nerve", "distance": 1}] * 2), "brain.near: the id of entry 1"),
        (_set("specialties", 1, "id", to="brain"), "specialties: the id of entry 1"),
        (_set("specialties", 1, "id", to=SECRET), "specialties[1].id"),
        (_set("specialties", 1, "name", to="BRAIN"), "specialties: the name of entry 1"),
        (_set("specialties", 1, "name", to=f"{SECRET}\0"), "specialties[1].name"),
        (_set("specialties", 1, "nucc", to=SECRET), "specialties[1].nucc"),
        (_set("specialties", 1, "group", to="lungs"), "nerve.group names lungs"),
        (_set("specialties", 1, "synonyms", to=[SECRET]), "specialties[1].synonyms[0]"),
        (_set("specialties", 1, "synonyms", to=["ärzte", "Ärzte"]), "nerve.synonyms[1]"),
        (_set("specialties", 1, "synonyms", to=["word"] * 31), "specialties[1].synonyms"),
        (_set("specialties", 2, "far", to=["lungs"]), "heart.far names lungs"),
        (_set("specialties", 2, "group", to="heads"), "groups: hearts has no specialty"),
        (_set("specialties", to=[]), "specialties"),
        (_set("groups", 1, "id", to="heads"), "groups: the id of entry 1"),
        (_set("source", to=""), "source"),
        (_set("x" * 1000, to=1), "unknown field"),
    ],
)
def test_a_broken_file_says_where(change: Callable[[dict[str, Any]], None], named: str, tmp_path: Path) -> None:
    """The start ends with one line that names the setting and the place, and quotes no text of the file."""
    file = deepcopy(small())
    change(file)
    path = tmp_path / "own.json"
    path.write_bytes(msgspec.json.encode(file))
    with pytest.raises(SettingsError) as raised:
        specialties_of(Settings(specialties=str(path)))
    message = str(raised.value)
    assert message.startswith("LOUNGE_SPECIALTIES: ")
    assert named in message
    assert "\n" not in message
    assert SECRET not in message
    assert len(message) <= 200


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "cannot be read"),
        (b"", "Input data was truncated"),
        (b'{"source": "\xff"}', "not UTF-8"),
        (b"[1]", "object"),
        (b" " * (1024 * 1024 + 1), "more than 1048576 bytes"),
    ],
)
def test_what_is_no_such_file_is_refused(content: bytes | None, named: str, tmp_path: Path) -> None:
    """Neither one that is missing or a folder, nor one that is no JSON, nor one without end."""
    path = tmp_path / "own.json"
    if content is not None:
        path.write_bytes(content)
    for one in [path, *([tmp_path] if content is None else [])]:
        with pytest.raises(CatalogueError, match=named):
            load_specialties(one)


SOME = [f"sp-{chr(97 + number)}" for number in range(8)]


@given(
    st.dictionaries(st.sampled_from(list(combinations(SOME, 2))), st.integers(1, 3)),
    st.lists(st.booleans(), min_size=28, max_size=28),
    st.sets(st.sampled_from(SOME)),
)
def test_any_pairs_make_one_measure(pairs: dict[tuple[str, str], int], turned: list[bool], far: set[str]) -> None:
    """In whichever of the two a pair stands, it is told by both; `far` fills up what is left, and nothing else does."""
    near: dict[str, list[dict[str, object]]] = {one: [] for one in SOME}
    for ((one, other), distance), turn in zip(pairs.items(), turned, strict=False):
        here, there = (other, one) if turn else (one, other)
        near[here].append({"id": there, "distance": distance})
    file = small() | {
        "groups": [{"id": "all", "name": "All"}],
        "specialties": [
            {
                "id": one,
                "name": one,
                "nucc": f"{number:09}X",
                "group": "all",
                "near": near[one],
                "far": ["all"] if one in far else [],
            }
            for number, one in enumerate(SOME)
        ],
    }
    catalogue = read(file)
    for one, other in combinations(SOME, 2):
        expected = pairs.get((one, other), FAR if {one, other} & far else None)
        assert expected == catalogue.distance(one, other)
        assert expected == catalogue.distance(other, one)
