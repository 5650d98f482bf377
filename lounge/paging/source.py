"""Server-sent events out of the bytes in which they come (the HTML standard, 9.2.5 and 9.2.6). Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of one event at the most: whoever sends more is no pager."""

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_MARK: Final = b"\xef\xbb\xbf"


class TooLong(Exception):
    """The event does not end."""


class Told(NamedTuple):
    """One event: its kind, its data, and the last id that was given up to it."""

    event: str
    data: str
    id: str


class Parser:
    """Takes bytes as they come, in pieces of any size."""

    def __init__(self) -> None:
        """Begin before the first byte."""
        self.last_id = ""
        """With what to come back: an id counts even where it comes without an event."""
        self.retry: int | None = None
        """Milliseconds after which to come back, if that was said."""
        self._rest = b""
        self._begun = False
        self._after_return = False
        self._size = 0
        self._event = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, piece: bytes) -> list[Told]:
        """Return the events that are complete with this piece; raise TooLong."""
        if self._after_return and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_return = False
        if not piece:
            return []
        self._after_return = piece.endswith(b"\r")
        self._size += len(piece)
        if self._size > LARGEST:
            raise TooLong
        *lines, self._rest = _LINE_END.split(self._rest + piece)
        told: list[Told] = []
        for line in lines:
            text = self._first(line).decode("utf-8", "replace")
            if text:
                self._field(text)
            else:
                told += self._dispatch()
        return told

    def _first(self, line: bytes) -> bytes:
        if self._begun:
            return line
        self._begun = True
        return line.removeprefix(_MARK)

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value[:9])

    def _dispatch(self) -> list[Told]:
        self.last_id = self._id
        event, data = self._event or "message", "\n".join(self._data)
        self._event = ""
        self._data = []
        self._size = len(self._rest)
        return [Told(event, data, self.last_id)] if data else []
