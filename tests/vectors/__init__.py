"""Histories of a client's window of a room, with what it must hold in the end: for every client that we write.

`python -m tests.vectors` writes client/test/roomlog.jsonl anew, a history a line: `steps`, each one of

    {"followed": …}   a reply to `follow`: the first, a resume, after a gap, or after a new epoch
    {"event": …}      a push, the next one or one that was told before
    {"gap": …}        a push that says what is left out
    {"page": …}       a reply to `read`: older messages

and `holds`, the messages as they then stand, oldest first, `pins`, the numbers of the pinned ones, held or not, `state`, and
`position`. See docs/protocol.md.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[2] / "client" / "test" / "roomlog.jsonl"
HISTORIES: Final = 40
MARKS: Final = ("agree", "thanks", "question")
RESUMED: Final = 8
"""Events that a resume tells at the most: fewer than a real server's, so that it often has to say `complete: false`."""
NEWEST: Final = 4
STREAM: Final = "room"
KINDS: Final = {
    "posted": 44, "edited": 16, "reacted": 16, "redacted": 7, "pinned": 8, "joined": 2, "expired": 2, "resolved": 2,
    "reopened": 2, "withdrawn": 1, "corrected": 1,
}  # fmt: skip
"""What happens in a room, and how often."""
ABOUT_A_MESSAGE: Final = frozenset({"edited", "reacted", "redacted", "pinned"})
STATES: Final = {"resolved": "closed", "withdrawn": "closed", "reopened": "open"}

Json = dict[str, Any]


class Room:
    """A model of what the server does: a log of events, and its fold."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.events: list[Json] = []
        self.state = "open"
        self.expired = 0
        self.messages: dict[int, Json] = {}

    @property
    def head(self) -> int:
        """The number of the newest event."""
        return len(self.events)

    def act(self) -> Json:
        """Let something happen; return the event."""
        standing = [seq for seq, one in self.messages.items() if not one["redacted"]]
        kind = self._chance.choices(list(KINDS), list(KINDS.values()))[0]
        if kind in (*ABOUT_A_MESSAGE, "expired") and not standing:
            kind = "posted"
        seq, by = self.head + 1, self._chance.randrange(1, 4)
        data = self._data(kind, seq, standing)
        event = {"op": "event", "stream": STREAM, "seq": seq, "kind": kind, "at": 1_000 + seq, "by": by, "data": data}
        event["ref"] = f"{seq:016x}"
        self.events.append(event)
        self._fold(event)
        return event

    def _data(self, kind: str, seq: int, standing: list[int]) -> Json:
        if kind == "posted":
            return {"body": f"words {seq}"} | self._extras(standing)
        if kind == "expired":
            self.expired, after = self._chance.randrange(self.expired, seq), self.expired
            return {"after": after, "upto": self.expired}
        about = {"target": self._chance.choice(standing)} if kind in ABOUT_A_MESSAGE else {}
        more: dict[str, Json] = {
            "edited": {"body": f"words {seq}"},
            "reacted": {"mark": self._chance.choice(MARKS), "set": self._chance.random() < 0.7},
            "pinned": {"set": self._chance.random() < 0.6},
            "joined": {"n": self._chance.randrange(4, 9), "alias": "Grey Plover", "label": "Physician"},
            "resolved": {"outcome": "probable", "accepted": None},
            "corrected": {"rev": 2, "fields": ["question"]},
        }
        return about | more.get(kind, {})

    def _extras(self, standing: list[int]) -> Json:
        """Return what a post may have beside its words."""
        extras: Json = {}
        if standing and self._chance.random() < 0.3:
            extras["reply_to"] = self._chance.choice(standing)
        if self._chance.random() < 0.2:
            extras["mentions"] = [self._chance.randrange(1, 4)]
        if self._chance.random() < 0.05:
            extras["note"] = "follow-up"
        return extras

    def _fold(self, event: Json) -> None:
        kind, data, seq = event["kind"], event["data"], event["seq"]
        self.state = STATES.get(kind, self.state)
        if kind == "posted":
            self.messages[seq] = {
                "seq": seq, "by": event["by"], "at": event["at"], "body": data["body"], "rev": seq, "ref": event["ref"],
                "reply_to": data.get("reply_to"), "reactions": {}, "edited_at": None, "redacted": False,
                "mentions": data.get("mentions", []), "pinned": False, "note": data.get("note"),
            }  # fmt: skip
        elif kind == "expired":
            for number, one in self.messages.items():
                if data["after"] < number <= data["upto"]:
                    self._empty(one, seq)
        elif kind in ABOUT_A_MESSAGE:
            self._change(self.messages[data["target"]], event)

    def _change(self, message: Json, event: Json) -> None:
        kind, data, seq = event["kind"], event["data"], event["seq"]
        message["rev"] = seq
        if kind == "edited":
            message |= {"body": data["body"], "edited_at": event["at"]}
            for one in self._texts(message):
                if one["seq"] < seq:
                    one["data"] = one["data"] | {"body": "", "superseded": True}
        elif kind == "redacted":
            self._empty(message, seq)
        elif kind == "pinned":
            message["pinned"] = data["set"]
        else:
            others = [n for n in message["reactions"].get(data["mark"], []) if n != event["by"]]
            marked = [*others, event["by"]] if data["set"] else others
            rest = {mark: ns for mark, ns in message["reactions"].items() if mark != data["mark"]}
            message["reactions"] = rest | ({data["mark"]: marked} if marked else {})

    def _texts(self, message: Json) -> list[Json]:
        """Return the events that brought a message's texts."""
        seq = message["seq"]
        return [
            one
            for one in self.events
            if one["seq"] == seq or (one["kind"] == "edited" and one["data"]["target"] == seq)
        ]

    def _empty(self, message: Json, rev: int) -> None:
        message |= {
            "rev": rev,
            "body": "",
            "reactions": {},
            "mentions": [],
            "pinned": False,
            "note": None,
            "redacted": True,
        }
        for one in self._texts(message):
            kept = {name: value for name, value in one["data"].items() if name in ("reply_to", "target")}
            one["data"] = kept | {"body": "", "redacted": True}

    @property
    def pins(self) -> list[int]:
        """The numbers of the pinned messages."""
        return sorted(seq for seq, one in self.messages.items() if one["pinned"])

    def page(self, before: int, limit: int) -> Json:
        """Answer `read`."""
        older = sorted(seq for seq in self.messages if seq < before)
        return {
            "op": "slice", "stream": STREAM, "messages": [self.messages[seq] for seq in older[-limit:]], "people": [],
            "head": self.head, "more": len(older) > limit,
        }  # fmt: skip

    def followed(self, since: int | None) -> Json:
        """Answer `follow`."""
        reply = {
            "op": "followed",
            "stream": STREAM,
            "head": self.head,
            "rights": ["read"],
            "state": self.state,
            "people": [],
        }
        if since is not None and self.head - since <= RESUMED:
            return reply | {"complete": True, "events": self.events[since:]}
        messages = self.page(2**53, NEWEST)["messages"]
        return reply | {"complete": since is None, "messages": messages, "pins": self.pins}


class History:
    """What one client is told, drawn at random; it ends with the client up to date."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._room = Room(self._chance)
        self._steps: list[str] = []
        self._held: set[int] = set()
        self._position = 0

    def drawn(self) -> Json:
        """Return the history."""
        # Each step is kept as text at once: what the server told does not change when the room goes on.
        for _ in range(self._chance.randrange(12)):
            self._room.act()
        self._follow(None)
        for _ in range(self._chance.randrange(10, 30)):
            step = self._chance.choices(
                [self._live, self._again, self._away, self._gap, self._older, self._new_epoch], [50, 8, 14, 8, 12, 3]
            )[0]
            step()
        holds = [self._room.messages[seq] for seq in sorted(self._held)]
        return {"steps": [_parsed(one) for one in self._steps], "holds": holds, **self._rest()}

    def _rest(self) -> Json:
        return {"pins": self._room.pins, "state": self._room.state, "position": self._position}

    def _tell(self, kind: str, what: Json) -> None:
        self._steps.append(_text({kind: what}))

    def _follow(self, since: int | None) -> None:
        reply = self._room.followed(since)
        self._tell("followed", reply)
        if "messages" in reply:
            self._held = {one["seq"] for one in reply["messages"]}
        for event in reply.get("events", []):
            self._take(event)
        self._position = reply["head"]

    def _take(self, event: Json) -> None:
        self._position = event["seq"]
        if event["kind"] == "posted":
            self._held.add(event["seq"])

    def _live(self) -> None:
        event = self._room.act()
        self._tell("event", event)
        self._take(event)

    def _again(self) -> None:
        if self._position:
            self._tell("event", self._room.events[self._chance.randrange(self._position)])

    def _away(self) -> None:
        for _ in range(self._chance.randrange(14)):
            self._room.act()
        self._follow(self._position)

    def _gap(self) -> None:
        first = self._position + 1
        for _ in range(self._chance.randrange(1, 10)):
            self._room.act()
        self._tell("gap", {"op": "gap", "stream": STREAM, "from": first, "head": self._room.head})
        self._follow(None)

    def _older(self) -> None:
        self._read(min(self._held, default=2**53), self._chance.randrange(1, NEWEST))

    def _read(self, before: int, limit: int) -> None:
        """Read a page while things happen: it is of before or after them, but never older than what is told before it."""
        page = _text(self._room.page(before, limit))
        happened = [self._room.act() for _ in range(self._chance.randrange(3))]
        page_first = self._chance.random() < 0.5
        if not page_first or self._chance.random() < 0.5:
            page = _text(self._room.page(before, limit))
        for page_now in (page_first, not page_first):
            if page_now:
                self._tell("page", _parsed(page))
                self._held |= {one["seq"] for one in _parsed(page)["messages"]}
            else:
                for event in happened:
                    self._tell("event", event)
                    self._take(event)

    def _new_epoch(self) -> None:
        self._room = Room(self._chance)
        for _ in range(self._chance.randrange(10)):
            self._room.act()
        self._follow(None)


def histories() -> list[Json]:
    """Return all of them."""
    return [History(seed).drawn() for seed in range(HISTORIES)]


def _text(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def _parsed(text: str) -> Json:
    parsed: Json = json.loads(text)
    return parsed


def written() -> str:
    """Return the file as it should be."""
    return "".join(_text(one) + "\n" for one in histories())
