"""The comparison: what was acknowledged and told, against what stands."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from lounge.drill.history import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lounge.drill.follower import Follower
    from lounge.drill.history import Acknowledged
    from lounge.drill.truth import Stood

KINDS: Final = ("lost", "doubled", "out of order", "gap", "phantom", "stale", "refused")
"""What a drill looks for. lost: acknowledged and not there, or there and never told; doubled: one change as two events, or
an event told twice; gap: a number left out without being said; phantom: told and not there; stale: a window that differs
from a fresh read; refused: a command that had to be taken."""


def judged(
    acknowledged: Iterable[Acknowledged], followers: Iterable[Follower], stood: Mapping[str, Stood]
) -> list[Finding]:
    """Return everything that must not be."""
    findings = [finding for stream, one in stood.items() for finding in _log(stream, one)]
    findings += _acknowledged(acknowledged, stood)
    for follower in followers:
        findings += _told(follower, stood)
    return findings


def _log(stream: str, stood: Stood) -> Iterator[Finding]:
    """Look at what stands by itself: numbers without a gap, no ref twice."""
    if stood.events is not None:
        if sorted(stood.events) != list(range(1, stood.head + 1)):
            yield Finding("gap", f"the log of {stream}: {len(stood.events)} events, the head is {stood.head}")
        refs = list(stood.events.values())
        if len(set(refs)) != len(refs):
            yield Finding("doubled", f"the log of {stream}: {len(refs) - len(set(refs))} keys stand twice")
    elif len({one.ref for one in stood.messages.values()}) != len(stood.messages):
        yield Finding("doubled", f"{stream}: a message stands twice")


def _acknowledged(acknowledged: Iterable[Acknowledged], stood: Mapping[str, Stood]) -> Iterator[Finding]:
    numbers: dict[tuple[str, str], int] = {}
    by_number: dict[tuple[str, int], str] = {}
    for stream, ref, seq, post, _ in acknowledged:
        if numbers.setdefault((stream, ref), seq) != seq:
            yield Finding("doubled", f"{stream}: one change was acknowledged as {numbers[stream, ref]} and as {seq}")
        if by_number.setdefault((stream, seq), ref) != ref:
            yield Finding("lost", f"{stream}: two changes were acknowledged as {seq}")
        one = stood[stream]
        if one.events is not None:
            there = one.events.get(seq) == ref
        elif seq in one.messages:
            there = one.messages[seq].ref == ref
        else:
            there = not post and seq <= one.head
        if not there:
            yield Finding("lost", f"{stream}: {seq} was acknowledged and is not there")


def _told(follower: Follower, stood: Mapping[str, Stood]) -> Iterator[Finding]:
    for stream, room in follower.rooms.items():
        one = stood[stream]
        position = room.position or 0
        if position != one.head:
            kind = "lost" if position < one.head else "phantom"
            yield Finding(kind, f"{follower.name} in {stream}: at {position}, the head is {one.head}")
        for seq, ref in room.told.items():
            if one.events is not None:
                there = one.events.get(seq) == ref
            else:
                there = seq not in one.messages or one.messages[seq].ref == ref
            if not there:
                yield Finding("phantom", f"{follower.name} in {stream}: was told of {seq}, which is not what stands")
        for seq, held in room.window.messages.items():
            if one.messages.get(seq) != held:
                yield Finding("stale", f"{follower.name} in {stream}: holds another state of message {seq}")


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many there are of each kind, the kinds without any included."""
    counts: dict[str, int] = defaultdict(int)
    for finding in findings:
        counts[finding.kind] += 1
    return {kind: counts[kind] for kind in KINDS} | {kind: n for kind, n in counts.items() if kind not in KINDS}
