"""What a drill writes (lounge.drill.plan)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lounge.cases import Draft
from lounge.drill.plan import LONG, ROOMS, derived, load
from lounge.errors import Invalid

if TYPE_CHECKING:
    import random
    from pathlib import Path

TEXTS = [f"Case {n}. " + "pain and fever " * 40 for n in range(30)] + [f"reply {n}" for n in range(9)]


@given(st.integers(), st.lists(st.text(min_size=1, max_size=2 * LONG), max_size=60), st.randoms())
def test_every_case_derived_is_one_that_can_be_opened(seed: int, texts: list[str], chance: random.Random) -> None:
    """Whatever the texts: each field within its bounds, as the edge checks them."""
    texts = [*texts, *TEXTS]
    chance.shuffle(texts)
    plan = derived(texts, seed)
    assert 1 <= len(plan.cases) <= ROOMS
    for case in plan.cases:
        draft = msgspec.convert(msgspec.to_builtins(case), Draft)
        assert draft.drill
        assert draft.title.strip()
    assert all(len(reply) < LONG for reply in plan.replies)


def test_the_same_seed_makes_the_same_plan() -> None:
    """And another seed another."""
    assert derived(TEXTS, 7) == derived(TEXTS, 7)
    assert derived(TEXTS, 7) != derived(TEXTS, 8)


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    """Other fields and empty lines do not matter; NUL, which no text can hold, is left out."""
    file = tmp_path / "cases.jsonl"
    file.write_text(
        "\n".join([json.dumps({"text": TEXTS[0], "id": 3}), "", json.dumps({"text": " short\x00 "})]), "utf-8"
    )
    plan = load(file, 1)
    assert [case.presentation for case in plan.cases] == [TEXTS[0].strip()]
    assert plan.replies == ["short"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'{"text": "a"}\nnot json\n', "line 2"),
        (b'["text"]\n', "line 1"),
        (b'{"text": "\xff"}\n', "line 1"),
        (b'{"text": "too short for a case"}\n', "at least one"),
        (b"", "at least one"),
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    """With the line, and what to do."""
    file = tmp_path / "cases.jsonl"
    file.write_bytes(content)
    with pytest.raises(Invalid, match=complaint):
        load(file, 1)
