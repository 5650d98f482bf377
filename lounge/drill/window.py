"""What a client holds of a room: the part of its messages that it knows, brought up to date by events (guarantee G5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.drill.peer import Frame


class State(NamedTuple):
    """A message, but for its words: what is compared."""

    by: int
    ref: str
    reply_to: int | None
    rev: int
    edited_at: int | None
    redacted: bool
    reactions: dict[str, list[int]]
    mentions: tuple[int, ...] = ()
    pinned: bool = False
    note: str | None = None

    def emptied(self, rev: int) -> State:
        """Return it as it stands once its words are gone."""
        return self._replace(rev=rev, redacted=True, reactions={}, mentions=(), pinned=False, note=None)


class Window:
    """Messages by number."""

    def __init__(self) -> None:
        """Begin with nothing held."""
        self.messages: dict[int, State] = {}

    def load(self, messages: Iterable[dict[str, Any]]) -> None:
        """Take messages as they were read, unless what is held is newer."""
        for message in messages:
            held = self.messages.get(message["seq"])
            if held is None or held.rev < message["rev"]:
                self.messages[message["seq"]] = state_of(message)

    def apply(self, event: Frame) -> None:
        """Apply an event of a kind that changes messages; one on a message that is not held changes nothing."""
        kind, seq, data = event["kind"], event["seq"], event["data"]
        if kind == "posted":
            if seq not in self.messages:
                self.messages[seq] = state_of({**data, "by": event["by"], "ref": event["ref"], "rev": seq})
        elif kind == "expired":
            for number, message in self.messages.items():
                if data["after"] < number <= data["upto"] and message.rev < seq:
                    self.messages[number] = message.emptied(seq)
        else:
            held = self.messages.get(data.get("target", 0))
            if held is not None and held.rev < seq:
                self.messages[data["target"]] = _changed(held, event)


def state_of(message: dict[str, Any]) -> State:
    """Return what is compared of a message as `read`, `followed` and HTTP tell it."""
    return State(
        message["by"],
        message["ref"],
        message.get("reply_to"),
        message["rev"],
        message.get("edited_at"),
        message.get("redacted", False),
        message.get("reactions", {}),
        tuple(message.get("mentions", ())),
        message.get("pinned", False),
        message.get("note"),
    )


def _changed(held: State, event: Frame) -> State:
    kind, data = event["kind"], event["data"]
    now = held._replace(rev=event["seq"])
    if kind == "edited":
        return now._replace(edited_at=event["at"])
    if kind == "redacted":
        return held.emptied(event["seq"])
    if kind == "pinned":
        return now._replace(pinned=data["set"] and not held.redacted)
    if kind == "reacted" and not held.redacted:
        return now._replace(reactions=_marked(held.reactions, data["mark"], event["by"], given=data["set"]))
    return now


def _marked(reactions: dict[str, list[int]], mark: str, by: int, *, given: bool) -> dict[str, list[int]]:
    others = [n for n in reactions.get(mark, []) if n != by]
    now = {name: numbers for name, numbers in reactions.items() if name != mark}
    held = [*others, by] if given else others
    return now | ({mark: held} if held else {})
