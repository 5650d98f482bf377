"""What a drill finds (lounge.drill.verdict): each kind of fault, put into a history without any."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec
import pytest

from lounge.drill.follower import Follower
from lounge.drill.history import Acknowledged, Finding, History
from lounge.drill.truth import Stood
from lounge.drill.verdict import counted, judged

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.drill.peer import Frame

STREAM = "room"
HEAD = 6


def ref(seq: int) -> str:
    return f"{seq:016x}"


def posted(seq: int) -> Frame:
    return {
        "op": "event",
        "stream": STREAM,
        "seq": seq,
        "kind": "posted",
        "at": seq,
        "by": 1,
        "ref": ref(seq),
        "data": {"body": "x"},
    }


class Scene:
    """A room of six posts: what stands, who was told, and what was acknowledged; all as it should be."""

    def __init__(self, *, sql: bool) -> None:
        self.history = History()
        self.follower = Follower("one", [], "", [STREAM], stay=1.0, chance=random.Random(1), history=self.history)
        for seq in range(1, HEAD + 1):
            self.tell(posted(seq))
        self.stood = Stood(
            dict(self.follower.rooms[STREAM].window.messages),
            HEAD,
            {seq: ref(seq) for seq in range(1, HEAD + 1)} if sql else None,
        )
        self.acknowledged = [Acknowledged(STREAM, ref(seq), seq, post=True, epoch="e") for seq in range(1, HEAD + 1)]

    def tell(self, event: Frame) -> None:
        """Push an event to the follower."""
        self.follower._hear(event)

    def verdict(self) -> dict[str, int]:
        """Return the kinds of findings that there are."""
        findings = self.history.findings + judged(self.acknowledged, [self.follower], {STREAM: self.stood})
        return {kind: count for kind, count in counted(findings).items() if count}


def lose_what_was_acknowledged(scene: Scene) -> None:
    scene.acknowledged.append(Acknowledged(STREAM, ref(77), HEAD + 1, post=False, epoch="e"))


def lose_a_message_that_was_acknowledged(scene: Scene) -> None:
    scene.stood = msgspec.structs.replace(
        scene.stood,
        messages={seq: state for seq, state in scene.stood.messages.items() if seq != 3},
        events=scene.stood.events and {seq: ref for seq, ref in scene.stood.events.items() if seq != 3},
    )


def acknowledge_a_number_twice(scene: Scene) -> None:
    scene.acknowledged.append(Acknowledged(STREAM, ref(77), 3, post=False, epoch="e"))


def leave_the_follower_behind(scene: Scene) -> None:
    scene.stood = msgspec.structs.replace(
        scene.stood, head=HEAD + 1, events=scene.stood.events and scene.stood.events | {HEAD + 1: ref(HEAD + 1)}
    )


def tell_twice(scene: Scene) -> None:
    scene.tell(posted(4))


def tell_out_of_order(scene: Scene) -> None:
    scene.follower.rooms[STREAM].told.pop(4)
    scene.tell(posted(4))


def leave_out(scene: Scene) -> None:
    scene.tell(posted(HEAD + 2))


def tell_what_was_never_stored(scene: Scene) -> None:
    scene.follower.rooms[STREAM].told[5] = ref(99)


def hold_an_old_state(scene: Scene) -> None:
    messages = dict(scene.stood.messages)
    messages[2] = messages[2]._replace(rev=HEAD, redacted=True)
    scene.stood = msgspec.structs.replace(scene.stood, messages=messages)


def store_twice(scene: Scene) -> None:
    events = dict(scene.stood.events or {})
    events[6] = ref(5)
    scene.stood = msgspec.structs.replace(scene.stood, events=events)


def leave_a_hole_in_the_log(scene: Scene) -> None:
    events = dict(scene.stood.events or {})
    events.pop(3)
    scene.stood = msgspec.structs.replace(scene.stood, events=events)


@pytest.mark.parametrize("sql", [True, False])
def test_a_clean_history_has_no_findings(*, sql: bool) -> None:
    """Whether or not the log itself was read."""
    assert Scene(sql=sql).verdict() == {}


@pytest.mark.parametrize("sql", [True, False])
@pytest.mark.parametrize(
    ("break_it", "kind"),
    [
        (lose_what_was_acknowledged, "lost"),
        (lose_a_message_that_was_acknowledged, "lost"),
        (acknowledge_a_number_twice, "lost"),
        (leave_the_follower_behind, "lost"),
        (tell_twice, "doubled"),
        (tell_out_of_order, "out of order"),
        (leave_out, "gap"),
        (tell_what_was_never_stored, "phantom"),
        (hold_an_old_state, "stale"),
    ],
)
def test_each_fault_is_found(break_it: Callable[[Scene], None], kind: str, *, sql: bool) -> None:
    """By HTTP alone too."""
    scene = Scene(sql=sql)
    break_it(scene)
    assert kind in scene.verdict()


@pytest.mark.parametrize(("break_it", "kind"), [(store_twice, "doubled"), (leave_a_hole_in_the_log, "gap")])
def test_a_fault_of_the_log_is_found_by_sql(break_it: Callable[[Scene], None], kind: str) -> None:
    """Events that no message shows are seen there alone."""
    scene = Scene(sql=True)
    break_it(scene)
    assert kind in scene.verdict()


def test_kinds_without_findings_are_counted_as_none() -> None:
    """A report says what was looked for."""
    counts = counted([Finding("lost", "x")])
    assert counts["lost"] == 1
    assert set(counts) == {"lost", "doubled", "out of order", "gap", "phantom", "stale", "refused"}
    assert sum(counts.values()) == 1
