"""Nobody repeats anybody within an hour, whatever is asked of them; and where all is said, they are silent."""

from __future__ import annotations

import re
from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lounge.colleagues.memory import Memory, sentences
from lounge.colleagues.reading import Facts, facts_of
from lounge.colleagues.speaker import Speaker, places
from lounge.data import load_countries, load_demo, load_languages, load_specialties, load_stock
from lounge.lounges import lounges
from tests.unit.colleagues.hand import HandTime, a_case, ids

if TYPE_CHECKING:
    from lounge.data.stock import Fragment, Phrases

HOUR = 3600.0
STOCK = load_stock()
SPECIALTIES = load_specialties()
DEMO = load_demo()
FACTS = [
    facts_of(
        {
            "title": one.title,
            "specialty": one.specialty,
            "urgency": one.urgency,
            "presentation": one.presentation,
            "question": one.question,
            "language": one.language,
            "summary": {
                "patient": {"age": 44, "unit": "years", "sex": "female"},
                "history": one.summary.history,
                "examination": one.summary.examination,
                "investigations": [
                    {"name": i.name, "value": i.value, "unit": i.unit, "low": i.low, "high": i.high}
                    for i in one.summary.investigations
                ],
            },
        },
        SPECIALTIES,
    )
    for one in DEMO.cases
]
FIELDS = ["nephrology", "cardiology", "emergency medicine", "general practice", "radiology"]


def split(text: str) -> list[str]:
    """Return the sentences of a text, told apart in another way than the code does."""
    return [
        one.strip(' "”»').lower()
        for one in re.findall(r"[^.!?…]+(?:[.!?…](?=\S)[^.!?…]*)*[.!?…]?", text)
        if one.strip()
    ]


def everything(phrases: Phrases) -> dict[str, tuple[Fragment, ...]]:
    return {name: getattr(phrases, name) for name in phrases.__struct_fields__}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), pause=st.floats(10, 300), hours=st.integers(2, 4))
def test_no_sentence_is_said_twice_within_an_hour(seed: int, pause: float, hours: int) -> None:
    """Over all colleagues and rooms, over hours of cases, answers, chat, conversations and remarks."""
    chance, time = Random(seed), HandTime()
    speaker = Speaker(STOCK, Memory(time.now), chance)
    lines = [line.say for talk in STOCK.talks for line in talk.lines]
    lines += [remark.say for thread in STOCK.threads for remark in thread.remarks]
    last: dict[str, float] = {}
    spoke = 0
    while time.now() < hours * HOUR:
        time.pass_by(chance.expovariate(1 / pause))
        facts, room = chance.choice(FACTS), f"room {chance.randrange(12)}"
        mine, them, line = chance.choice(FIELDS), chance.choice(FIELDS), chance.choice(lines)
        match chance.randrange(6):
            case 0:
                said = speaker.first(facts, room, mine)
            case 1:
                said = speaker.later(facts, room, mine, them)
            case 2:
                said = speaker.answer(facts, room, mine)
            case 3:
                said = speaker.thanks(facts, room)
            case 4:
                said = speaker.chat(room, "en")
            case _:
                said = line if speaker.claimed(line, room, once=chance.random() < 0.5) else None
        for sentence in split(said or ""):
            assert time.now() - last.get(sentence, -HOUR) >= HOUR, sentence
            last[sentence] = time.now()
            spoke += 1
    assert spoke > 10


def test_where_all_is_said_they_are_silent_and_later_speak_again() -> None:
    """Without time passing the stock is used up; after a while it is there again, in another room."""
    time = HandTime()
    speaker = Speaker(STOCK, Memory(time.now), Random(1))
    said = 0
    while speaker.answer(FACTS[0], "a", "nephrology") is not None:
        said += 1
        assert said < 1000
    assert said > 20
    assert speaker.answer(FACTS[0], "b", "nephrology") is None
    time.pass_by(2 * HOUR)
    assert speaker.answer(FACTS[0], "b", "nephrology") is not None
    assert speaker.answer(FACTS[0], "a", "cardiology") is None, "not in the same room on the same day"


def test_what_a_room_says_already_is_not_said_there() -> None:
    """A demo that was started again reads the rooms first."""
    time = HandTime(1_000_000)
    memory = Memory(time.now)
    memory.keep("Any news of her? I am curious.", "a", ago=600)
    memory.keep("Old words stand here.", "a", ago=3 * 86_400)
    assert not memory.fresh("Good. Any news of her?", "b")
    assert memory.claim("Old words stand here.", "b")
    time.pass_by(2 * HOUR)
    assert memory.fresh("Any news of her?", "b")
    assert not memory.fresh("Any news of her?", "a")
    assert not memory.claim("Old words stand here.", "a", once=True)


def test_a_text_that_repeats_itself_is_not_said() -> None:
    """Nor is one without a sentence in it."""
    memory = Memory(HandTime().now)
    assert not memory.fresh("Yes. Well, yes. Yes.", "a")
    assert not memory.fresh(" … ", "a")


def test_a_first_reply_takes_up_the_case() -> None:
    """Nearly always by a result out of its range, the question, the urgency, the field or the patient."""
    facts = facts_of(a_case(), SPECIALTIES)
    hints = ("sodium 112 mmol/L", "potassium 3.1", "How fast may it rise", "urgent", "nephrology", "a woman of 44")
    replies = [
        Speaker(STOCK, Memory(HandTime().now), Random(n)).first(facts, "a", "nephrology") or "" for n in range(100)
    ]
    assert sum(any(hint.lower() in one.lower() for hint in hints) for one in replies) > 80
    assert not [one for one in replies if "{" in one]


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_they_answer_in_the_language_of_the_case(language: str) -> None:
    """With the sentences of that language alone."""
    facts = next(one for one in FACTS if one.language == language)
    own = {one.text for fragments in everything(STOCK.phrases[language]).values() for one in fragments}
    speaker = Speaker(STOCK, Memory(HandTime().now), Random(3))
    for said in (speaker.first(facts, "a", "x"), speaker.later(facts, "a", "x", "y"), speaker.answer(facts, "a", "x")):
        assert said
        patterns = [re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(one))) for one in own]
        assert any(pattern.search(said) for pattern in patterns)


def test_the_stock_can_be_filled_and_says_nothing_twice() -> None:
    """Every place is one that a case or a colleague can fill; no sentence stands in it twice, nor in the demo's story."""
    known = {"result", "other", "asked", "patient", "urgent", "specialty", "mine", "them"}
    seen: dict[str, int] = defaultdict(int)
    for phrases in STOCK.phrases.values():
        for name, fragments in everything(phrases).items():
            assert fragments or name == "chat"
            for one in fragments:
                assert places(one.text) <= known, one.text
                assert not places(one.text) or name not in ("ask", "do", "chat", "thanks")
                for sentence in sentences(one.text):
                    seen[sentence] += 1
    lines = [line.say for talk in STOCK.talks for line in talk.lines]
    lines += [remark.say for thread in STOCK.threads for remark in thread.remarks]
    lines += [post.body for room in DEMO.cases for post in room.posts]
    lines += [post.body for room in DEMO.lounges for post in room.posts]
    lines += [post.body for room in DEMO.talks for post in room.posts]
    for line in lines:
        for sentence in sentences(line):
            seen[sentence] += len(sentence.split()) > 3
    assert {sentence: count for sentence, count in seen.items() if count > 1} == {}


def test_conversations_and_remarks_have_their_places() -> None:
    """Talks are for lounges that there are; remarks by members who can be acted for, in open cases that they can see."""
    rooms = lounges(ids(), SPECIALTIES, load_countries(), load_languages().values())
    titles = {one.title for one in rooms} | {one.title for one in DEMO.lounges}
    assert {title for talk in STOCK.talks for title in talk.rooms} <= titles
    members = {one.handle: one for one in DEMO.members}
    for thread in STOCK.threads:
        (case,) = [one for one in DEMO.cases if one.title.startswith(thread.case)]
        assert case.withdrawn_minutes_ago is None
        assert case.resolution is None or case.reopened_minutes_ago is not None
        for remark in thread.remarks:
            member = members[remark.by]
            assert case.language in member.languages
            assert not case.audience.members or remark.by in case.audience.members
            assert not case.audience.specialties or set(member.specialties) & set(case.audience.specialties)


def test_what_is_said_in_a_case_names_no_dose_and_no_certainty() -> None:
    """No milligrams, no "certainly": they think aloud, and leave doses to those who stand at the bedside."""
    risky = re.compile(
        r"\b\d+\s?(?:mg|µg|mL|units)\b|\b(?:certainly|definitely|without doubt|must be|you must)\b", re.IGNORECASE
    )
    found = [
        one.text
        for phrases in STOCK.phrases.values()
        for fragments in everything(phrases).values()
        for one in fragments
        if risky.search(one.text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("value", "low", "high", "told"),
    [
        ("112", 133, 146, True),
        ("140", 133, 146, False),
        ("<0.1", 0.3, 2.0, True),
        ("6,4", None, 5.0, True),
        ("pending", 1, 2, False),
        ("7.0", None, None, False),
    ],
)
def test_a_result_out_of_its_range_is_noticed(value: str, low: float | None, high: float | None, *, told: bool) -> None:
    """By its number, however it is written; words have no range."""
    facts = facts_of(a_case(presentation="x", investigations=[_result("Sodium", value, low, high)]), SPECIALTIES)
    assert facts.slots.get("result") == (f"sodium {value} mmol/L" if told else None)


def test_what_is_said_of_a_result_goes_its_way() -> None:
    """A low potassium is not spoken of as a high one, and what the case denies is not spoken of at all."""
    low = facts_of(a_case(presentation="Weak for a week. No fever, rash or chest pain; denies alcohol."), SPECIALTIES)
    assert "↓potassium;" in low.words
    assert "↓sodium;" in low.words
    assert "↑" not in low.words
    assert "creatinine" not in low.words
    assert not [word for word in ("fever", "rash", "chest pain", "alcohol") if word in low.words]
    said = [Speaker(STOCK, Memory(HandTime().now), Random(n)).first(low, "a", "cardiology") or "" for n in range(200)]
    assert any("magnesium" in one for one in said)
    assert not [one for one in said if "potassium as high" in one]


@pytest.mark.parametrize(
    ("age", "unit", "signs"),
    [(44, "years", set()), (15, "years", {"@child"}), (16, "years", set()), (9, "months", {"@child", "@infant"})],
)
def test_what_fits_a_child_is_said_of_a_child(age: int, unit: str, signs: set[str]) -> None:
    """Told by the age in the summary, whatever words the story uses."""
    case = a_case(presentation="Her child found her.")
    case["summary"]["patient"] = {"age": age, "unit": unit, "sex": "female"}
    assert {word for word in facts_of(case, SPECIALTIES).words.split() if word.startswith("@")} == signs


def test_a_question_to_a_specialty_is_not_met_from_outside_by_its_own() -> None:
    """A nephrologist does not tell a nephrologist what it looks like from nephrology."""
    facts = facts_of(a_case(), SPECIALTIES)
    said = [Speaker(STOCK, Memory(HandTime().now), Random(n)).first(facts, "a", "nephrology") or "" for n in range(200)]
    assert not [one for one in said if "looks like from" in one]


def test_a_value_in_the_text_is_noticed_where_no_results_are_given() -> None:
    """As most visitors will write it."""
    case = a_case(presentation="Vomiting for two days, sodium 112 mmol/l, pH 7.1.", investigations=[])
    facts = facts_of(case, SPECIALTIES)
    assert (facts.slots["result"], facts.slots["other"]) == ("sodium 112 mmol/l", "pH 7.1")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How fast may it rise?", "How fast may it rise"),
        ("I am lost. Do I treat before the scan?", "Do I treat before the scan"),
        ("Advice please", None),
        ("Why?", None),
        ("Is this **it**, or is it not?", None),
    ],
)
def test_a_question_is_quoted_where_it_can_stand_in_a_sentence(question: str, asked: str | None) -> None:
    """Short, without marks of its own, and the last one that was put."""
    assert facts_of(a_case(question=question), SPECIALTIES).slots.get("asked") == asked


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_case_can_be_read(text: str, value: str) -> None:
    """Whatever a visitor writes, reading it fails not, and what is said of it has no open place."""
    case: dict[str, Any] = a_case(title=text, presentation=text, question=text)
    case["summary"]["investigations"] = [_result(text, value, 1.0, 2.0)]
    facts: Facts = facts_of(case, SPECIALTIES)
    said = Speaker(STOCK, Memory(HandTime().now), Random(0)).first(facts, "a", "cardiology")
    assert said is None or said.strip()


def _result(name: str, value: str, low: float | None, high: float | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "mmol/L", "low": low, "high": high}
