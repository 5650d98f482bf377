"""The live sessions of a node: counted, found by member or credential, and closed together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

import msgspec
import structlog
from msgspec import Struct

from lounge.errors import TooMany

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.live.stream import Entry
    from lounge.members.accounts import Credential

log = structlog.get_logger(__name__)

PER_MEMBER: Final = 20
"""Connections of one member at once: several devices and windows, and no more."""


class Connected(Protocol):
    """A session, or a feed, as the registry sees it."""

    credential: Credential | None

    def evict(self, stream: str | None) -> None:
        """Stop following a stream (None: every one) that is no longer this member's to see."""
        ...

    def remark(self, stream: str, seq: int, *, unread: bool) -> None:
        """Tell of a mark that another device of this member set."""
        ...

    def dismiss(self, code: int, reason: str, retry_after: float | None) -> None:
        """Say goodbye and close."""
        ...


class _Notice(Struct):
    """An event of the control stream, as far as sessions care."""

    kind: str
    data: _NoticeData


class _NoticeData(Struct):
    credential: str | None = None
    member: str | None = None
    stream: str | None = None


_decode = msgspec.json.Decoder(_Notice).decode

CLOSE_SIGNED_OUT: Final = 4001
CLOSE_NEW_EPOCH: Final = 4003


class Registry:
    """Who is connected to this node."""

    def __init__(self, per_member: int = PER_MEMBER) -> None:
        """Take the bound on the connections of one member."""
        self._per_member = per_member
        self._sessions: dict[Connected, None] = {}
        self._members: dict[str, dict[Connected, None]] = {}
        self._feeds: dict[str, dict[Connected, None]] = {}

    def __len__(self) -> int:
        """Return the number of live sessions."""
        return len(self._sessions)

    def room_for(self, credential: Credential) -> bool:
        """Return whether this member may open one more connection."""
        return len(self._members.get(credential.member.id, ())) < self._per_member

    def of_feed(self, feed: str) -> list[Connected]:
        """Return the sessions of the member whose feed this is."""
        return list(self._feeds.get(feed, ()))

    def add(self, session: Connected) -> None:
        """Count a session in."""
        self._sessions[session] = None
        if session.credential is not None:
            self._file(session, session.credential)

    def identify(self, session: Connected, credential: Credential) -> None:
        """Learn whose a session is; raises TooMany where the member has enough of them."""
        if not self.room_for(credential):
            raise TooMany(f"{self._per_member} connections are open already: close one first")
        session.credential = credential
        if session in self._sessions:
            self._file(session, credential)

    def remove(self, session: Connected) -> None:
        """Count a session out."""
        self._sessions.pop(session, None)
        if session.credential is not None:
            mine = self._members.get(session.credential.member.id)
            if mine is not None:
                mine.pop(session, None)
                if not mine:
                    del self._members[session.credential.member.id]
                    self._feeds.pop(session.credential.member.feed, None)

    def heard(self, entry: Entry) -> None:
        """Act on an event of the control stream."""
        if entry.kind == "session.ended":
            credential = _decode(entry.payload).data.credential
            ended = [s for s in self._sessions if s.credential is not None and s.credential.id == credential]
            self._dismiss(ended, CLOSE_SIGNED_OUT, "signed out", None)
        elif entry.kind == "member.evicted":
            notice = _decode(entry.payload).data
            for session in list(self._members.get(notice.member or "", ())):
                session.evict(notice.stream)

    def _file(self, session: Connected, credential: Credential) -> None:
        mine = self._members.setdefault(credential.member.id, {})
        mine[session] = None
        self._feeds[credential.member.feed] = mine

    def begin_anew(self) -> None:
        """Close every session: the numbers they hold belong to another history."""
        self._dismiss(list(self._sessions), CLOSE_NEW_EPOCH, "new epoch", 0.5)

    def _dismiss(
        self, sessions: Iterable[Connected], code: Literal[4001, 4003], reason: str, retry_after: float | None
    ) -> None:
        for session in sessions:
            session.dismiss(code, reason, retry_after)
