"""What a drill's follower holds of a room (lounge.drill.window): G5's law, by itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lounge.drill.window import Window

MARKS = ("agree", "thanks")


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return a room's events, each valid after those before it."""
    events: list[dict[str, Any]] = []
    posted: list[int] = []
    for seq in range(1, draw(st.integers(2, 25))):
        kinds = ["posted", "edited", "redacted", "reacted"] if posted else ["posted"]
        kind = draw(st.sampled_from(kinds))
        event = {"seq": seq, "kind": kind, "at": seq * 10, "by": draw(st.integers(1, 3)), "ref": f"{seq:016x}"}
        if kind == "posted":
            posted.append(seq)
            data: dict[str, Any] = {"body": "x"}
        else:
            data = {"target": draw(st.sampled_from(posted))}
            if kind == "reacted":
                data |= {"mark": draw(st.sampled_from(MARKS)), "set": draw(st.booleans())}
        events.append(event | {"data": data})
    return events


def folded(events: list[dict[str, Any]]) -> Window:
    """Return the window of one who was told of all of them."""
    window = Window()
    for event in events:
        window.apply(event)
    return window


def as_read(window: Window) -> list[dict[str, Any]]:
    """Return messages as a server would tell them."""
    return [{"seq": seq} | state._asdict() for seq, state in window.messages.items()]


@given(logs(), st.data())
def test_a_page_read_at_any_time_and_the_events_around_it_make_a_fresh_read(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    """What was read before, and what is told again after, change nothing: `rev` sorts it out."""
    read_at = data.draw(st.integers(0, len(events)))
    told_from = data.draw(st.integers(0, read_at))
    window = Window()
    window.load(as_read(folded(events[:read_at])))
    for event in events[told_from:]:
        window.apply(event)
    assert window.messages == folded(events).messages


@given(logs(), st.data())
def test_a_page_that_comes_late_does_not_undo_what_was_told(events: list[dict[str, Any]], data: st.DataObject) -> None:
    """Older states of messages that are held do not replace newer ones."""
    window = folded(events)
    window.load(as_read(folded(events[: data.draw(st.integers(0, len(events)))])))
    assert window.messages == folded(events).messages


@given(logs())
def test_a_redacted_message_keeps_no_mark(events: list[dict[str, Any]]) -> None:
    """Neither those before nor those after."""
    assert not any(state.reactions for state in folded(events).messages.values() if state.redacted)
