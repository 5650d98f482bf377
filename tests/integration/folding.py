"""What a client makes of events, in Python: the other side of guarantee G5's law."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.store import Store

FIELDS = (
    "seq", "author", "body", "reply_to", "rev", "redacted", "reactions", "edited_at", "mentions", "pinned", "note",
)  # fmt: skip


GONE: dict[str, Any] = {"body": "", "reactions": {}, "mentions": [], "pinned": False, "note": None, "redacted": True}


async def read_messages(store: Store, stream: str) -> list[dict[str, Any]]:
    """Return the projection of a stream, oldest first."""
    rows = await store.rows("log.after", stream, 0, 1000, 10**9)
    return [
        {name: json.loads(row[name]) if name == "reactions" else row[name] for name in FIELDS}
        for row in rows
        if row["seq"] is not None
    ]


def fold(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages that these events, in order, amount to: an event touches a message whose rev is below its number."""
    messages: dict[int, dict[str, Any]] = {}
    for event in events:
        data = json.loads(event["data"])
        if event["kind"] == "posted":
            messages[event["seq"]] = {
                "seq": event["seq"],
                "author": event["author"],
                "body": data["body"],
                "reply_to": data.get("reply_to"),
                "rev": event["seq"],
                "redacted": data.get("redacted", False),
                "reactions": {},
                "edited_at": None,
                "mentions": data.get("mentions", []),
                "pinned": False,
                "note": data.get("note"),
            }
        elif event["kind"] == "expired":
            for one in messages.values():
                if data["after"] < one["seq"] <= data["upto"]:
                    one |= {**GONE, "rev": event["seq"]}
        elif (message := messages.get(event["target"] or 0)) is not None and message["rev"] < event["seq"]:
            message |= {**_changed(message, event, data), "rev": event["seq"]}
    return [messages[seq] for seq in sorted(messages)]


def _changed(message: dict[str, Any], event: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    match event["kind"]:
        case "edited":
            return {"body": data["body"], "edited_at": event["at"]}
        case "redacted":
            return GONE
        case "pinned":
            return {"pinned": data["set"] and not message["redacted"]}
        case "reacted" if not message["redacted"]:
            held = [n for n in message["reactions"].get(data["mark"], []) if n != event["author"]]
            held += [event["author"]] if data["set"] else []
            others = {mark: ns for mark, ns in message["reactions"].items() if mark != data["mark"]}
            return {"reactions": others | ({data["mark"]: held} if held else {})}
    return {}
