"""What a case tells of its patient beside the story: as a referral would, in parts that a page can set out."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from lounge.errors import Invalid

OLDEST: Final = 90
"""Years from which on an age is told as "90 or older": HIPAA's Safe Harbor, 45 CFR 164.514(b)(2)(i)(C), wants it so."""
AGES: Final = {"years": OLDEST, "months": 36, "weeks": 52, "days": 90}
"""The most of each unit that is of use; an age in years of 90 stands for all above."""
PART_CHARACTERS: Final = 5_000
INVESTIGATIONS: Final = 60

LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]
CountryCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
_Part = Annotated[str, Meta(max_length=PART_CHARACTERS)]
_Bound = Annotated[float, Meta(ge=-1e9, le=1e9)] | None


class Patient(Struct, frozen=True):
    """Who it is about, as far as it matters: `age` in `unit`, where 90 years stands for 90 or more."""

    age: Annotated[int, Meta(ge=0, le=OLDEST)]
    unit: Literal["years", "months", "weeks", "days"] = "years"
    sex: Literal["female", "male", "other"] = "other"


class Investigation(Struct, frozen=True):
    """One result: a number or a word in `unit` (UCUM, such as mmol/L), with the laboratory's own reference range."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    value: Annotated[str, Meta(min_length=1, max_length=60)]
    unit: Annotated[str, Meta(max_length=30)] = ""
    low: _Bound = None
    high: _Bound = None


class Summary(Struct, frozen=True):
    """All of it may be left out: what is known is told."""

    patient: Patient | None = None
    history: _Part = ""
    examination: _Part = ""
    investigations: Annotated[list[Investigation], Meta(max_length=INVESTIGATIONS)] = []


def check_summary(summary: Summary) -> None:
    """Raise Invalid where a part cannot be stored, or cannot be meant."""
    patient = summary.patient
    if patient is not None and patient.age > AGES[patient.unit]:
        raise Invalid(f"summary.patient.age: at most {AGES[patient.unit]} {patient.unit}; choose a larger unit")
    parts = [("history", summary.history), ("examination", summary.examination)]
    for number, one in enumerate(summary.investigations):
        place = f"investigations.{number}"
        parts += [(place, text) for text in (one.name, one.value, one.unit)]
        if not (one.name.strip() and one.value.strip()):
            raise Invalid(f"summary.{place}: give its name and its value, or leave it out")
        if one.low is not None and one.high is not None and one.low > one.high:
            raise Invalid(f"summary.{place}: the lower bound is above the upper one")
    for name, text in parts:
        if "\x00" in text:
            raise Invalid(f"summary.{name}: the character U+0000 cannot be stored: remove it")
