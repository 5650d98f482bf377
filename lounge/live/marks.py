"""How far a member has read, told to their other devices, on this node and on the others by way of their own feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lounge.live.whispers import Marked, Undecodable, decode_marked, encode_whisper

if TYPE_CHECKING:
    from lounge.live.bus import Bus
    from lounge.live.registry import Registry
    from lounge.live.session import Session
    from lounge.members.accounts import Member


class Marks:
    """Tells seen marks; that they stand in the database is the business of `Rooms.see`."""

    def __init__(self, registry: Registry, bus: Bus, node: bytes) -> None:
        """Take who is connected here, the way to the other nodes, and this node's name."""
        self._registry = registry
        self._bus = bus
        self._node = node
        bus.listen("seen", self._heard)

    def tell(self, member: Member, stream: str, seq: int, session: Session, *, unread: bool) -> None:
        """Tell the devices of `member` but the one of `session` of a mark that stands."""
        self._remark(member.feed, stream, seq, session, unread=unread)
        self._bus.whisper(member.feed, "seen", encode_whisper(Marked(self._node, stream, seq, unread)))

    def _remark(self, feed: str, stream: str, seq: int, but: Session | None, *, unread: bool) -> None:
        for session in self._registry.of_feed(feed):
            if session is not but:
                session.remark(stream, seq, unread=unread)

    def _heard(self, feed: str, payload: bytes) -> None:
        try:
            marked = decode_marked(payload)
        except Undecodable:
            return
        if marked.node != self._node:
            self._remark(feed, marked.stream, marked.seq, None, unread=marked.unread)
