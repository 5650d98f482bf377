"""The data that ships with the program keeps its laws."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from lounge.clock import SystemClock
from lounge.data import (
    DemoAudience,
    load_alias_words,
    load_countries,
    load_demo,
    load_languages,
    load_specialties,
)
from lounge.ids import Ids, SystemRandomness
from lounge.lounges import lounges, stream_of
from lounge.summary import check_summary

if TYPE_CHECKING:
    from lounge.data import Demo, DemoCase, DemoLounge, DemoPost, Specialties

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "specialties.md"

NEEDED = """
allergy-immunology anaesthesia cardiology cardiothoracic child-psychiatry dermatology emergency-medicine endocrinology ent
gastroenterology general-practice general-surgery genetics geriatrics haematology hepatology infectious-diseases
intensive-care internal-medicine microbiology neonatology nephrology neurology neurosurgery obstetrics-gynaecology oncology
ophthalmology paediatric-surgery paediatrics palliative pathology plastic psychiatry public-health radiology rehabilitation
respiratory rheumatology stroke toxicology trauma-orthopaedics urology vascular
"""

# Colours, trees, birds and stones that are also people's names, and words that are also findings or comment on somebody.
MISLEADING = """
Amber Ash Aspen Autumn Basil Beryl Birch Black Blue Bright Brown Bunting Clay Coral Crane Crystal Daisy Dawn Delta Drake
Ebony Elder Fern Finch Flint Garnet Ginger Goose Gray Green Grey Hazel Heather Holly Iris Iron Ivory Ivy
Jade Jasper Jay Juniper Laurel Lavender Lily Linden Lithium Mahogany Martin Merlin Misty Nightingale Olive Opal Organ
Pale Partridge Peacock Pearl Poppy Raven Red Reed Robin Rook Rose Rowan Ruby Rusty Sage Saffron Sandy Scarlet Sienna
Silver Sky Starling Stone Stormy Summer Sunny Swallow Swan Swift Tawny Thrush Tibia Viola Violet White Willow Winter
Wren Yellow
"""


@pytest.fixture(scope="module")
def specialties() -> Specialties:
    """Give the specialties."""
    return load_specialties()


@pytest.fixture(scope="module")
def demo() -> Demo:
    """Give the demo network."""
    return load_demo()


def rooms(demo: Demo) -> list[DemoCase | DemoLounge]:
    """Return the cases and the lounges."""
    return [*demo.cases, *demo.lounges]


def discussions(demo: Demo) -> list[tuple[str, tuple[DemoPost, ...]]]:
    """Return what is said, by room."""
    talks = [(f"{one.group} {one.of}", one.posts) for one in demo.talks]
    return [*((one.title, one.posts) for one in rooms(demo)), *talks]


def repeated(values: list[str]) -> list[str]:
    """Return what stands there more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def test_specialty_ids_names_and_codes_are_unique(specialties: Specialties) -> None:
    """No two specialties share an id, a name or a code."""
    assert repeated([one.id for one in specialties]) == []
    assert repeated([one.name for one in specialties]) == []
    assert repeated([one.nucc for one in specialties]) == []


def test_specialties_belong_to_known_groups(specialties: Specialties) -> None:
    """Each specialty's group exists, and each group has specialties, which together are all of them."""
    assert repeated([group.id for group in specialties.groups]) == []
    grouped = [one for group in specialties.groups for one in specialties.in_group(group.id)]
    assert all(specialties.in_group(group.id) for group in specialties.groups)
    assert {one.id for one in specialties} == {one.id for one in grouped}
    assert all(specialties.group_of(one.id).id == one.group for one in specialties)


def test_the_specialties_that_cases_need_exist(specialties: Specialties) -> None:
    """None of the ids that routing and the demo rely on has gone: ids never change."""
    assert set() == set(NEEDED.split()) - {one.id for one in specialties}


def test_specialties_are_looked_up_by_id(specialties: Specialties) -> None:
    """A known id gives its specialty; an unknown one is not contained."""
    assert specialties["cardiology"].name == "Cardiology"
    assert "cardiology" in specialties
    assert "astrology" not in specialties
    assert specialties.get("astrology") is None


def test_nucc_codes_are_in_the_source(specialties: Specialties) -> None:
    """Each code is a physician's code of the NUCC taxonomy."""
    path = Path(os.environ.get("LOUNGE_NUCC", ROOT.parent / "shared" / "data" / "nucc_physicians.tsv"))
    if not path.is_file():
        pytest.skip(
            f"no taxonomy at {path.name}: set LOUNGE_NUCC to a file of lines 'code<TAB>name' to check the codes"
        )
    known = {line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()}
    assert [one.nucc for one in specialties if one.nucc not in known] == []


def test_a_code_of_another_form_is_refused() -> None:
    """A specialty whose code is not nine capitals or digits and an X does not load."""
    raw = resources.files("lounge.data").joinpath("specialties.json").read_bytes()
    assert all(re.fullmatch(r"[0-9A-Z]{9}X", one.nucc) for one in load_specialties())
    one = msgspec.json.decode(raw)["specialties"][0]
    type_of_one = type(load_specialties().all[0])
    assert msgspec.convert(one, type_of_one).id == one["id"]
    with pytest.raises(msgspec.ValidationError, match="nucc"):
        msgspec.convert(one | {"nucc": "cardiology"}, type_of_one)


def test_the_page_of_specialties_tells_the_data(specialties: Specialties) -> None:
    """docs/reference/specialties.md has one row for each specialty, in order, and names the source."""
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.split("\n## ")[0].splitlines() if line.startswith("| `")]
    assert [
        f"| `{o.id}` | {o.name} | {o.nucc} | {specialties.group_of(o.id).name} | {', '.join(o.synonyms)} |"
        for o in specialties
    ] == rows
    assert specialties.source in text
    assert f"these {len(specialties)} specialties" in text


def test_countries_are_unique_and_all_there() -> None:
    """The 249 countries of ISO 3166-1 have a code and a name of their own, and stand in the order of their names."""
    countries = load_countries()
    assert len(countries) == 249
    assert repeated([one.code for one in countries]) == []
    assert repeated([one.name for one in countries]) == []
    plain = [unicodedata.normalize("NFD", one.name).encode("ascii", "ignore") for one in countries]
    assert sorted(plain) == plain


def test_every_region_has_countries() -> None:
    """The five regions are used, and no other."""
    countries = load_countries()
    assert set(countries.regions) == {one.region for one in countries}
    assert countries["KE"].region == "Africa"
    assert countries["BR"].region == "Americas"
    assert countries["IN"].region == "Asia"
    assert countries["DE"].region == "Europe"
    assert countries["AU"].region == "Oceania"
    assert "XX" not in countries


def test_alias_words_are_many_and_different() -> None:
    """At least 128 words on either side, none twice, none on both sides: more than 16,000 aliases."""
    words = load_alias_words()
    assert len(words.first) >= 128
    assert len(words.second) >= 128
    assert repeated([*words.first, *words.second]) == []


def test_alias_words_are_short_plain_words() -> None:
    """Each is one capitalised word of 3 to 14 letters without accents."""
    words = load_alias_words()
    assert [one for one in (*words.first, *words.second) if not re.fullmatch(r"[A-Z][a-z]{2,13}", one)] == []


def test_alias_words_point_to_nobody(specialties: Specialties) -> None:
    """None is a country, a specialty, a common name, a finding, or a remark on somebody."""
    words = load_alias_words()
    taken = {one.name for one in load_countries()} | {one.name for one in specialties} | set(MISLEADING.split())
    assert set() == {*words.first, *words.second} & taken


def test_demo_members_are_known_to_the_data(demo: Demo, specialties: Specialties) -> None:
    """Handles differ; each member's specialties and country exist."""
    countries = load_countries()
    assert repeated([one.handle for one in demo.members]) == []
    assert [one.handle for one in demo.members if not one.specialties or one.country not in countries] == []
    assert [name for one in demo.members for name in one.specialties if name not in specialties] == []


def test_the_demo_network_is_wide_enough(demo: Demo) -> None:
    """Forty members of 12 or more specialties and 6 or more countries, two of them in office; 30 cases, 3 lounges."""
    assert (len(demo.members), len(demo.cases), len(demo.lounges)) == (40, 30, 3)
    assert len({name for one in demo.members for name in one.specialties}) >= 12
    assert len({one.country for one in demo.members}) >= 6
    assert Counter(one.role for one in demo.members) == {"member": 38, "moderator": 1, "operator": 1}
    assert {"de", "fr", "es"} <= {code for one in demo.members for code in one.languages}


def test_the_demo_shows_every_state_and_outcome(demo: Demo) -> None:
    """A case of each urgency waits; each outcome occurs; one was reopened, one withdrawn; four are not in English."""
    waiting = [one.urgency for one in demo.cases if not one.posts]
    assert sorted(waiting) == ["emergency", "routine", "today", "urgent"]
    resolved = [one for one in demo.cases if one.resolution is not None and one.reopened_minutes_ago is None]
    assert {one.resolution.outcome for one in resolved if one.resolution} == {
        "confirmed",
        "probable",
        "unresolved",
        "referred",
    }
    assert sum(one.reopened_minutes_ago is not None for one in demo.cases) == 1
    assert sum(one.withdrawn_minutes_ago is not None for one in demo.cases) == 1
    assert Counter(one.language for one in demo.cases) == {"en": 26, "de": 2, "fr": 1, "es": 1}
    assert all(3 <= one.minutes_ago <= 21 * 24 * 60 for one in demo.cases)


def test_demo_endings_fall_where_the_rules_allow_them(demo: Demo) -> None:
    """Nothing is said while a room is closed but what became of the patient, and what was accepted stands by then."""
    for case in demo.cases:
        spans = [(case.withdrawn_minutes_ago, -1)]
        if case.resolution is not None:
            spans.append((case.resolution.minutes_ago, case.reopened_minutes_ago or -1))
            assert case.posts[case.resolution.accepted].minutes_ago > case.resolution.minutes_ago, case.title
            assert case.resolution.diagnosis or case.resolution.outcome in ("unresolved", "referred"), case.title
            assert case.resolution.learned, case.title
        for since, until in spans:
            if since is not None:
                assert not [one for one in case.posts if until < one.minutes_ago <= since], case.title
        if case.follow_up is not None:
            assert case.resolution is not None
            assert case.follow_up.minutes_ago < case.resolution.minutes_ago


def test_demo_summaries_can_be_posted(demo: Demo) -> None:
    """Each says patient, history, examination and results, as the rules of cases take them; ranges run upwards."""
    for case in demo.cases:
        check_summary(case.summary)
        assert case.summary.patient is not None, case.title
        assert case.summary.history, case.title
        assert case.summary.examination, case.title
        assert len(case.summary.investigations) >= 5, case.title
        assert any(one.low is not None or one.high is not None for one in case.summary.investigations), case.title


def test_the_demo_file_says_nothing_that_is_not_read(demo: Demo) -> None:
    """No field of it is misspelt or left over: what is read says all of it again."""

    def leaves(value: object) -> Counter[str]:
        if isinstance(value, dict):
            return sum((leaves(one) for one in value.values()), Counter())
        if isinstance(value, list | tuple):
            return sum((leaves(one) for one in value), Counter())
        return Counter([repr(float(value) if isinstance(value, int) else value)])

    raw = msgspec.json.decode(resources.files("lounge.data").joinpath("demo.json").read_bytes())
    assert not leaves(raw) - leaves(msgspec.to_builtins(demo))


def test_the_demo_says_nothing_twice(demo: Demo) -> None:
    """No sentence of four words or more stands in two places."""
    plain: list[object] = [msgspec.to_builtins(one) for one in (*demo.cases, *demo.lounges, *demo.talks)]
    prose = {
        "title",
        "presentation",
        "question",
        "history",
        "examination",
        "body",
        "diagnosis",
        "learned",
        "description",
    }

    def texts(value: object, field: str = "") -> list[str]:
        if isinstance(value, str):
            return [value] if field in prose else []
        if isinstance(value, dict):
            return [text for name, one in value.items() for text in texts(one, name)]
        return [text for one in value for text in texts(one, field)] if isinstance(value, list | tuple) else []

    sentences = [
        sentence.strip("*- ")
        for text in texts(plain)
        for sentence in re.split(r"(?<=[.!?…:])[\s*]+|\n+", text)
        if len(sentence.split()) >= 4
    ]
    assert len(sentences) > 1000
    assert repeated(sentences) == []


def test_demo_cases_are_of_known_specialties_and_every_urgency(demo: Demo, specialties: Specialties) -> None:
    """Each case's specialty exists, and each urgency occurs."""
    assert [one.specialty for one in demo.cases if one.specialty not in specialties] == []
    assert {"emergency", "urgent", "today", "routine"} == {one.urgency for one in demo.cases}


def test_demo_authors_and_posters_are_members(demo: Demo) -> None:
    """Whoever opens a case or posts is one of the members."""
    handles = {one.handle for one in demo.members}
    assert set() == {one.author for one in demo.cases} - handles
    assert set() == {post.by for _, posts in discussions(demo) for post in posts} - handles
    assert set() == {mark.by for _, posts in discussions(demo) for post in posts for mark in post.marks} - handles


def test_demo_discussions_run_forwards(demo: Demo) -> None:
    """Each post is younger than its case and the post before; a reply points to an earlier post."""
    for case in demo.cases:
        times = [case.minutes_ago, *(post.minutes_ago for post in case.posts)]
        assert sorted(set(times), reverse=True) == times, case.title
    for title, posts in discussions(demo):
        times = [post.minutes_ago for post in posts]
        assert sorted(set(times), reverse=True) == times, title
        assert all(post.reply_to is None or post.reply_to < n for n, post in enumerate(posts)), title


def test_demo_discussions_are_of_a_believable_length(demo: Demo) -> None:
    """Four cases still wait, the others have 3 to 12 posts, lounges 3 to 8; others than the author answer first."""
    lengths = [len(case.posts) for case in demo.cases]
    assert lengths.count(0) == 4
    assert all(n == 0 or 3 <= n <= 12 for n in lengths)
    assert all(
        3 <= len(posts) <= 8 for posts in (*(one.posts for one in demo.lounges), *(one.posts for one in demo.talks))
    )
    assert [case.title for case in demo.cases if case.posts and case.posts[0].by == case.author] == []


def test_demo_audiences_are_filled_as_their_kind_says(demo: Demo, specialties: Specialties) -> None:
    """Specialties or members are named where, and only where, the kind says so; they exist; each kind occurs."""
    handles = {one.handle for one in demo.members}
    for room in rooms(demo):
        title, audience = room.title, room.audience
        assert bool(audience.specialties) == (audience.kind == "specialties"), title
        assert bool(audience.members) == (audience.kind == "members"), title
        assert set() == set(audience.members) - handles, title
        assert all(one in specialties for one in audience.specialties), title
    assert Counter(one.audience.kind for one in demo.cases) == {"all": 28, "specialties": 1, "members": 1}


def test_demo_posters_belong_to_the_audience(demo: Demo) -> None:
    """Nobody posts in, or opens, a case that the audience hides from them."""
    known = {one.handle: one for one in demo.members}
    for case in demo.cases:
        marking = [mark.by for post in case.posts for mark in post.marks]
        for handle in {case.author, *marking, *(post.by for post in case.posts)}:
            if case.audience.kind == "members":
                assert handle in case.audience.members, case.title
            elif case.audience.kind == "specialties":
                assert set(known[handle].specialties) & set(case.audience.specialties), case.title


def test_demo_talks_are_in_lounges_open_to_who_talks(demo: Demo, specialties: Specialties) -> None:
    """There is such a lounge, and everybody who writes or marks there is of its specialties, country or language."""
    known = {one.handle: one for one in demo.members}
    wanted = lounges(Ids(SystemClock(), SystemRandomness()), specialties, load_countries(), load_languages().values())
    circles = {one.stream: set(one.circle) for one in wanted}
    assert {one.group for one in demo.talks} == {"general", "specialty", "country", "language", "off-topic"}
    for talk in demo.talks:
        circle = circles[stream_of(Ids(SystemClock(), SystemRandomness()), talk.group, talk.of)]
        marking = [mark.by for post in talk.posts for mark in post.marks]
        for one in (known[handle] for handle in {*marking, *(post.by for post in talk.posts)}):
            of = {*one.specialties, f"country:{one.country}", *(f"language:{code}" for code in one.languages)}
            assert not circle or circle & of, f"{one.handle} in {talk.group} {talk.of}"


def test_demo_case_rooms_name_no_handle(demo: Demo) -> None:
    """In a case room members are known by alias alone, so no text there names a handle."""
    handles = [one.handle for one in demo.members]
    for case in demo.cases:
        text = msgspec.json.encode([msgspec.structs.replace(case, author="aaa", audience=DemoAudience())]).decode()
        for post in case.posts:
            text = text.replace(f'"by":"{post.by}"', "")
            for mark in post.marks:
                text = text.replace(f'"by":"{mark.by}"', "")
        assert [one for one in handles if one in text] == [], case.title


def test_demo_texts_are_of_referral_length(demo: Demo) -> None:
    """A title has at most 120 characters, a presentation 2 to 5 sentences and at most 90 words."""
    assert [case.title for case in demo.cases if len(case.title) > 120] == []
    sentences = {one.title: len(re.split(r"(?<=[.!?])\s+", one.presentation)) for one in demo.cases}
    assert [title for title, count in sentences.items() if not 2 <= count <= 5] == []
    assert [case.title for case in demo.cases if not 25 <= len(case.presentation.split()) <= 90] == []


@pytest.mark.parametrize(("field", "longest"), [("title", 200), ("presentation", 20_000), ("question", 2_000)])
def test_a_case_over_the_limits_of_the_api_is_refused(demo: Demo, field: str, longest: int) -> None:
    """The types refuse a text longer than the API takes, so what loads can be posted."""
    case = demo.cases[0]
    plain: dict[str, object] = msgspec.to_builtins(case)
    assert getattr(msgspec.convert(plain | {field: "x" * longest}, type(case)), field) == "x" * longest
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(plain | {field: "x" * (longest + 1)}, type(case))


def test_a_post_over_the_limit_of_the_wire_is_refused(demo: Demo) -> None:
    """The types refuse a body of 20,001 characters."""
    post = demo.lounges[0].posts[0]
    plain: dict[str, object] = msgspec.to_builtins(post)
    assert len(msgspec.convert(plain | {"body": "x" * 20_000}, type(post)).body) == 20_000
    with pytest.raises(msgspec.ValidationError, match="body"):
        msgspec.convert(plain | {"body": "x" * 20_001}, type(post))


@pytest.mark.parametrize("name", ["aliases.json", "countries.json", "demo.json", "specialties.json"])
def test_no_control_characters(name: str) -> None:
    """No text holds U+0000, which PostgreSQL cannot store, nor any other control character but the line feed."""

    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, dict):
            return [text for item in value.items() for part in item for text in texts(part)]
        return [text for part in value for text in texts(part)] if isinstance(value, list) else []

    found = texts(msgspec.json.decode(resources.files("lounge.data").joinpath(name).read_bytes()))
    assert found
    assert [text for text in found if any(unicodedata.category(c) == "Cc" and c != "\n" for c in text)] == []
