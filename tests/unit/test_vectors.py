"""The law of a window (guarantee G5) for the drill's client, by the histories that the browser's client passes too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lounge.drill.window import Window, state_of
from tests.vectors import FILE, History, written

if TYPE_CHECKING:
    from lounge.drill.window import State

HISTORIES = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


def held_after(steps: list[dict[str, Any]]) -> tuple[dict[int, State], int]:
    """Go through a history as docs/protocol.md says; return what is held then, and the position."""
    window, position = Window(), 0
    for step in steps:
        [(kind, told)] = step.items()
        if kind == "gap" or "messages" in told:
            if kind != "page":
                window, position = Window(), told["head"]
            window.load(told.get("messages", []))
        for event in told.get("events", [told] if kind == "event" else []):
            if event["seq"] > position:
                assert event["seq"] == position + 1
                position = event["seq"]
                window.apply(event)
    return window.messages, position


def check(history: dict[str, Any]) -> None:
    """What is held is what stands."""
    held, position = held_after(history["steps"])
    assert position == history["position"]
    assert held == {one["seq"]: state_of(one) for one in history["holds"]}


@pytest.mark.parametrize("number", range(len(HISTORIES)))
def test_each_history_ends_with_what_stands(number: int) -> None:
    """Those of the file, which the browser's client is tested by as well."""
    check(HISTORIES[number])


@given(st.integers(0, 2**32))
@example(487)
def test_any_history_ends_with_what_stands(seed: int) -> None:
    """Drawn anew."""
    check(History(seed).drawn())


def test_the_file_is_what_the_model_writes() -> None:
    """`python -m tests.vectors` writes it."""
    assert FILE.read_text("utf-8") == written()
