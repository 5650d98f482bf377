"""What a drill writes: cases and replies made from a file of texts, the same for the same seed."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from lounge.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

LONG: Final = 400
"""Characters from which a text becomes a case."""
ROOMS: Final = 20
"""Cases opened at the most: with fewer rooms each sees more traffic."""
TEXTS: Final = 10_000
FILE_BYTES: Final = 64 * 1024 * 1024
TITLE: Final = 120
PRESENTATION: Final = 8_000
REPLY: Final = 4_000

SPECIALTIES: Final = (
    "internal-medicine",
    "cardiology",
    "neurology",
    "emergency-medicine",
    "infectious-diseases",
    "nephrology",
)
URGENCIES: Final = ("emergency", "urgent", "today", "routine")
QUESTIONS: Final = (
    "What would you do next?",
    "Which diagnosis must not be missed?",
    "Would you treat before the result is there?",
    "Who should see this patient tonight?",
)
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s")


class _Line(Struct):
    text: str


class DrillCase(Struct, frozen=True):
    """The body with which a case is opened."""

    title: str
    specialty: str
    urgency: str
    presentation: str
    question: str
    drill: bool = True


class Plan(Struct, frozen=True):
    """Cases to open, and texts to reply with."""

    cases: list[DrillCase]
    replies: list[str]


def load(path: Path, seed: int) -> Plan:
    """Read a file of JSON lines `{"text": ...}`; raise Invalid where it holds too little, or anything else.

    Long texts become cases, shorter ones replies. Other fields are ignored.
    """
    if path.stat().st_size > FILE_BYTES:
        message = f"{path.name} is larger than 64 MiB: give a smaller file"
        raise Invalid(message)
    decoder = msgspec.json.Decoder(_Line)
    texts: list[str] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if len(texts) >= TEXTS:
                break
            if line.strip():
                try:
                    texts.append(decoder.decode(line).text.replace("\x00", "").strip())
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    message = f'{path.name}, line {number}: not an object with a field "text"'
                    raise Invalid(message) from error
    return derived([text for text in texts if text], seed)


def derived(texts: list[str], seed: int) -> Plan:
    """Make the plan: which texts become what depends on their length, all else on the seed."""
    chance = random.Random(seed)
    long = [text for text in texts if len(text) >= LONG]
    replies = [text[:REPLY] for text in texts if len(text) < LONG]
    if not long or not replies:
        message = (
            f"the file needs at least one text of {LONG} characters or more, for a case, and a shorter one, for a reply"
        )
        raise Invalid(message)
    chance.shuffle(long)
    chance.shuffle(replies)
    return Plan([_case(text, chance) for text in long[:ROOMS]], replies)


def _case(text: str, chance: random.Random) -> DrillCase:
    first = " ".join(SENTENCE_END.split(text, maxsplit=1)[0].split())
    return DrillCase(
        title=first if len(first) <= TITLE else first[: TITLE - 1].rstrip() + "…",
        specialty=chance.choice(SPECIALTIES),
        urgency=chance.choice(URGENCIES),
        presentation=text[:PRESENTATION],
        question=chance.choice(QUESTIONS),
    )
