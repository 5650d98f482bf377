"""Reading a room: its messages as they stand, and the events of its log that somebody missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from lounge.clock import milliseconds
from lounge.errors import NotFound, SinceAhead
from lounge.live.journal import read_entry
from lounge.live.messages import Message, Person, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lounge.live.stream import Entry
    from lounge.store import Record, Store

NEWEST: Final = 50
"""Messages shown on entering a room."""
MISSED: Final = 500
"""Events that a follower may have missed and still be told of one by one."""
VIEW_BYTES: Final = 128 * 1024
"""Bytes of text in one answer: a page of very long messages is shorter than asked."""


class View(Struct, frozen=True):
    """Messages, oldest first, as they stood at event `head`."""

    messages: list[Message]
    people: list[Person]
    head: int
    more: bool
    pins: list[int] = []


class Missed(NamedTuple):
    """Events after a number, up to `head`; `complete` false: too many to tell."""

    entries: list[Entry]
    head: int
    complete: bool


class History:
    """The rooms' past, for whoever may read them: rights are asked before."""

    def __init__(self, store: Store) -> None:
        """Take the store."""
        self._store = store

    async def newest(self, stream: str) -> View:
        """Return the newest messages of a room, and what is pinned in it."""
        while True:
            view = await self.before(stream, 2**53, NEWEST)
            row = await self._store.row("log.pins", stream)
            if row is None:
                raise NotFound
            # Two snapshots: pins set between them would be told by no event after the view's head.
            if row["head"] == view.head:
                return msgspec.structs.replace(view, pins=list(row["pins"]))

    async def before(self, stream: str, before: int, limit: int) -> View:
        """Return up to `limit` messages with numbers below `before`, the newest of them."""
        rows = await self._store.rows("log.before", stream, before, limit, VIEW_BYTES)
        return await self._view(stream, rows, newest_first=True)

    async def after(self, stream: str, after: int, limit: int) -> View:
        """Return up to `limit` messages with numbers above `after`, the oldest of them."""
        rows = await self._store.rows("log.after", stream, after, limit, VIEW_BYTES)
        return await self._view(stream, rows, newest_first=False)

    async def thread(self, stream: str, root: int, after: int, limit: int) -> View:
        """Return up to `limit` messages above number `after` of those that are `root` or answer it, directly or not."""
        rows = await self._store.rows("log.thread", stream, root, after, limit + 1, VIEW_BYTES)
        more = len(rows) > limit
        view = await self._view(stream, rows[:limit], newest_first=False)
        return msgspec.structs.replace(view, more=more or view.more)

    async def versions(self, stream: str, target: int) -> list[Version]:
        """Return the texts that a message had before, oldest first."""
        rows = await self._store.rows("log.versions", stream, target)
        return [Version(row["body"], milliseconds(row["at"])) for row in rows]

    async def _view(self, stream: str, rows: Sequence[Record], *, newest_first: bool) -> View:
        if not rows:
            raise NotFound
        found = [row for row in rows if row["seq"] is not None]
        messages = [_message(row) for row in found]
        if newest_first:
            messages.reverse()
        people = await self.people(stream, {message.by for message in messages})
        return View(messages, people, rows[0]["head"], more=bool(found) and not found[-1]["last"])

    async def missed(self, stream: str, since: int) -> Missed:
        """Return the events after `since`; SinceAhead where the log has not come so far."""
        rows = await self._store.rows("log.missed", stream, since, MISSED + 1, VIEW_BYTES)
        if not rows:
            raise NotFound
        head: int = rows[0]["head"]
        if since > head:
            raise SinceAhead
        entries = [read_entry(stream, row) for row in rows if row["seq"] is not None]
        return Missed(entries, head, complete=head - since <= MISSED)

    async def people(self, stream: str, numbers: Iterable[int]) -> list[Person]:
        """Return the participants with these numbers, as far as they exist."""
        wanted = sorted(n for n in set(numbers) if n > 0)
        if not wanted:
            return []
        rows = await self._store.rows("log.people", stream, wanted)
        return [Person(row["n"], row["alias"], row["label"]) for row in rows]


def _message(row: Record) -> Message:
    return Message(
        seq=row["seq"],
        by=row["author"],
        at=milliseconds(row["at"]),
        body=row["body"],
        rev=row["rev"],
        ref=row["ref"].hex(),
        reply_to=row["reply_to"],
        reactions=msgspec.json.decode(row["reactions"], type=dict[str, list[int]]),
        mentions=list(row["mentions"]),
        pinned=row["pinned"],
        note=row["note"],
        edited_at=None if row["edited_at"] is None else milliseconds(row["edited_at"]),
        redacted=row["redacted"],
    )
