"""What a colleague takes from a case before saying anything: the result that stands out, the question, the words in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from lounge.data import Specialties

ASKED: Final = (12, 90)
"""Characters of a question that is short enough to be quoted, and long enough to be one."""
CHILD: Final = 16
"""Years: the age at which paediatrics ends in most houses."""
LOW: Final = "↓"
HIGH: Final = "↑"

_NUMBER: Final = re.compile(r"^[<>≤≥~\s]*(-?\d+(?:[.,]\d+)?)")
_QUESTION: Final = re.compile(r"([^.!?\n]+)\?")
_QUOTABLE: Final = re.compile(r"^[^.!?…:;\"“”«»*_\n]+$")
_DENIED: Final = re.compile(
    r"\b(?:no|not|nor|without|denie[sd]|never|negative|kein\w*|ohne|nicht|sans|pas|aucun\w*|sin|ni)\b[^.;:!?\n]*",
    re.IGNORECASE,
)
_MEASURED: Final = re.compile(
    r"\b(sodium|potassium|calcium|glucose|lactate|creatinine|ha?emoglobin|platelets|leucocytes|CRP|INR|pH|troponin(?: [TI])?|"
    r"ammonia|ferritin|bilirubin|natrium|kalium|laktat|kreatinin|hämoglobin|sodio|potasio|lactato|creatinina|lactates|"
    r"créatinine|hémoglobine)(?:\s+(?:is|of|at|ist|von|de|à))?\s+(\d+(?:[.,]\d+)?)(?!\d)(\s?(?:m|µ)?mol/[lL]|\s?g/[lL])?",
    re.IGNORECASE,
)


class Facts(Struct, frozen=True):
    """What a case says: `slots` are what sentences can be filled with, `words` its text in small letters.

    What the text denies is not in `words` ("no fever, no rash"); signs are: `↑sodium;` and `↓sodium;` for a result out
    of its range, `@child` for a patient under 16 and `@infant` for one under a year.
    """

    specialty: str
    group: str
    urgency: str
    language: str
    slots: dict[str, str]
    words: str


def facts_of(case: dict[str, Any], specialties: Specialties) -> Facts:
    """Read a case as `GET /api/v1/cases/{id}` tells it."""
    summary = case.get("summary") or {}
    story = " ".join([case["title"], case["presentation"], summary.get("history", ""), summary.get("examination", "")])
    language = case.get("language", "en")
    ways = [(_way(one), one) for one in summary.get("investigations", [])]
    results = [_told(language, one["name"], one["value"], one.get("unit", "")) for way, one in ways if way]
    signs = [f"{way}{one['name']};" for way, one in ways if way] + _age(summary.get("patient"))
    results += [_told(language, name, value, unit or "") for name, value, unit in _MEASURED.findall(story)]
    results = list(dict.fromkeys(results))
    specialty = specialties.get(case["specialty"])
    slots = {"specialty": _in_prose(specialty.name) if specialty else ""}
    slots |= dict(zip(("result", "other"), results, strict=False))
    slots |= {"urgent": case["urgency"] if case["urgency"] in ("emergency", "urgent") else ""}
    slots |= {"asked": _asked(case["question"]), "patient": _patient(summary.get("patient"))}
    return Facts(
        specialty=case["specialty"],
        group=specialty.group if specialty else "",
        urgency=case["urgency"],
        language=language,
        slots={name: text for name, text in slots.items() if text},
        words=" ".join([_DENIED.sub("", f"{story}. {case['question']}"), *signs]).casefold(),
    )


def specialty_in_prose(specialty: str, specialties: Specialties) -> str:
    """Return what a specialty is called within an English sentence."""
    found = specialties.get(specialty)
    return _in_prose(found.name) if found else specialty.replace("-", " ")


def _way(one: dict[str, Any]) -> str:
    """Return which way a result is out of its range, if it is."""
    number = _NUMBER.match(one["value"])
    if number is None:
        return ""
    value, low, high = float(number[1].replace(",", ".")), one.get("low"), one.get("high")
    if low is not None and value < low:
        return LOW
    return HIGH if high is not None and value > high else ""


def _age(patient: dict[str, Any] | None) -> list[str]:
    if patient is None:
        return []
    if patient.get("unit", "years") != "years" or patient["age"] < 1:
        return ["@child", "@infant"]
    return ["@child"] if patient["age"] < CHILD else []


def _told(language: str, name: str, value: str, unit: str) -> str:
    """Write a result as it stands within a sentence, where German keeps its capitals."""
    name = name[:1].upper() + name[1:] if language == "de" else _in_prose(name)
    return " ".join(part.strip() for part in (name, value, unit) if part.strip())


def _in_prose(name: str) -> str:
    """Begin with a small letter, unless the word is an abbreviation such as CRP or pH."""
    first = name.split(" ", maxsplit=1)[0]
    return name if len(first) == 1 or first[1:] != first[1:].lower() else name[:1].lower() + name[1:]


def _asked(question: str) -> str:
    """Return the last question that is put, without its mark, where it can stand within a sentence."""
    put = [one.strip() for one in _QUESTION.findall(question)]
    last = put[-1] if put else ""
    return last if ASKED[0] <= len(last) <= ASKED[1] and _QUOTABLE.match(last) else ""


def _patient(patient: dict[str, Any] | None) -> str:
    if patient is None or patient.get("sex", "other") == "other":
        return ""
    woman = patient["sex"] == "female"
    age, unit = patient["age"], patient.get("unit", "years")
    if unit != "years":
        return f"a baby of {age} {unit}"
    child, grown = ("girl", "woman") if woman else ("boy", "man")
    return f"a {child if age < CHILD else grown} of {age}"
