"""What a client makes of events, in Python: the other side of guarantee G5's law."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.store import Store

FIELDS = ("seq", "author", "body", "reply_to", "rev", "redacted", "reactions", "edited_at")


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
            }
        message = messages.get(event["target"] or 0)
        if message is None or message["rev"] >= event["seq"] or event["kind"] == "posted":
            continue
        message["rev"] = event["seq"]
        if event["kind"] == "edited":
            message |= {"body": data["body"], "edited_at": event["at"]}
        elif event["kind"] == "redacted":
            message |= {"body": "", "reactions": {}, "redacted": True}
        elif event["kind"] == "reacted" and not message["redacted"]:
            held = [n for n in message["reactions"].get(data["mark"], []) if n != event["author"]]
            held += [event["author"]] if data["set"] else []
            message["reactions"].pop(data["mark"], None)
            if held:
                message["reactions"][data["mark"]] = held
    return [messages[seq] for seq in sorted(messages)]
