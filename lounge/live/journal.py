"""The log as the live part reads it: events as frames, encoded once for everybody."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from lounge.clock import milliseconds
from lounge.live.events import Edited, Expired, Posted
from lounge.live.messages import Event
from lounge.live.stream import Entry
from lounge.store import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lounge.store import Item, Outcome, Store

    Rewriting = Callable[[Entry], Entry]

_encode = msgspec.json.Encoder().encode
_decode_event = msgspec.json.Decoder(Event).decode
_decode_expired = msgspec.json.Decoder(Expired).decode
_decode_posted = msgspec.json.Decoder(Posted).decode


def reference(key: str) -> str:
    """Return what stands for a key in public: the first 8 bytes of its SHA-256, as 16 hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def committed_entry(item: Item, outcome: Outcome) -> Entry:
    """Return the event that `item` became."""
    assert outcome.seq is not None
    assert outcome.at is not None
    event = Event(
        stream=item.stream,
        seq=outcome.seq,
        kind=item.kind,
        at=outcome.at,
        by=item.author,
        data=Raw(item.data),
        ref=reference(item.key),
    )
    return Entry(outcome.seq, _encode(event), item.kind, item.target)


def read_entry(stream: str, row: Mapping[str, Any]) -> Entry:
    """Return the event of a row of `log.events` or `log.missed`."""
    event = Event(
        stream=stream,
        seq=row["seq"],
        kind=row["kind"],
        at=milliseconds(row["at"]),
        by=row["author"],
        data=Raw(row["data"]),
        ref=row["ref"].hex(),
    )
    return Entry(row["seq"], _encode(event), row["kind"], row["target"])


def tombstone(entry: Entry) -> Entry:
    """Return a post or an edit without its words, as the log holds it once redacted."""
    event = _decode_event(entry.payload)
    if entry.kind == "posted":
        data = _encode(Posted(body="", reply_to=_decode_posted(event.data).reply_to, redacted=True))
    else:
        data = _encode(Edited(target=entry.target or 0, body="", redacted=True))
    return entry._replace(payload=_encode(msgspec.structs.replace(event, data=Raw(data))))


def superseded(entry: Entry) -> Entry:
    """Return a post or an edit without the words that a later edit replaced, as the log holds it since."""
    event = _decode_event(entry.payload)
    if entry.kind == "posted":
        posted = _decode_posted(event.data)
        data = _encode(msgspec.structs.replace(posted, body="", superseded=True))
    else:
        data = _encode(Edited(target=entry.target or 0, body="", superseded=True))
    return entry._replace(payload=_encode(msgspec.structs.replace(event, data=Raw(data))))


def rewriting(event: Entry) -> Rewriting | None:
    """Return what `event` does to the events before it: as in the log, so in memory."""
    target = event.target

    def texts(entry: Entry) -> bool:
        return (entry.seq == target and entry.kind == "posted") or (entry.target == target and entry.kind == "edited")

    if event.kind == "redacted":
        return lambda entry: tombstone(entry) if texts(entry) else entry
    if event.kind == "edited":
        return lambda entry: superseded(entry) if entry.seq < event.seq and texts(entry) else entry
    if event.kind == "expired":
        expired = _decode_expired(_decode_event(event.payload).data)
        return lambda entry: tombstone(entry) if _expires(entry, expired) else entry
    return None


def _expires(entry: Entry, expired: Expired) -> bool:
    message = entry.seq if entry.kind == "posted" else (entry.target or 0)
    return entry.kind in ("posted", "edited") and expired.after < message <= expired.upto


class Journal:
    """Reads the log for the hub, from the primary."""

    def __init__(self, store: Store) -> None:
        """Take the store."""
        self._store = store

    async def heads(self, streams: Sequence[str]) -> dict[str, int]:
        """Return the head of each of these streams that exists."""
        rows = await self._store.rows("log.heads", streams, pool=Pool.BACKGROUND)
        return {row["id"]: row["head"] for row in rows}

    async def entries(self, stream: str, after: int, limit: int, size: int) -> list[Entry]:
        """Return up to `limit` events after a number, in order: about `size` bytes at the most, but at least one."""
        rows = await self._store.rows("log.events", stream, after, limit, size)
        return [read_entry(stream, row) for row in rows]
