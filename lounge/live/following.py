"""The streams that one connection follows, and how it comes to follow one without missing or doubling an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw

from lounge.errors import TooMany, WrongEpoch
from lounge.live.frames import text_frame
from lounge.live.messages import Followed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.live.hub import Follower
    from lounge.live.messages import Follow
    from lounge.live.outbound import Outbound
    from lounge.live.services import Services
    from lounge.members.accounts import Member
    from lounge.rooms import Access

FOLLOWS: Final = 200


class Following:
    """What a session follows, and what its member may do there."""

    def __init__(self, services: Services, out: Outbound, follower: Follower) -> None:
        """Take the node's services, the sending side, and the session that the hub is to tell."""
        self._services = services
        self._out = out
        self._follower = follower
        self._over = False
        self._follows: dict[str, Access] = {}

    @property
    def streams(self) -> list[str]:
        """The streams followed."""
        return list(self._follows)

    def known(self, stream: str) -> Access | None:
        """Return what is known of a followed stream."""
        return self._follows.get(stream)

    def learnt(self, access: Access) -> None:
        """Keep what was learnt of a stream, if it is followed."""
        if access.stream in self._follows:
            self._follows[access.stream] = access

    async def access(self, member: Member, stream: str) -> Access:
        """Return what `member` may do with any stream; raises NotFound."""
        known = self._follows.get(stream)
        # A room that was closed when it was followed may have been opened again.
        if known is not None and known.state == "open":
            return known
        return await self._services.rooms.access(member, stream)

    async def follow(self, member: Member, command: Follow, reply: Callable[[Followed], None]) -> None:
        """Attach to the stream, read it, bring this node up to what was read; then reply and be live in one go.

        Between the reading and the reply anything may happen to the stream: `join` tells what did.
        """
        stream, hub = command.stream, self._services.hub
        if command.epoch is not None and command.epoch != self._services.epoch():
            raise WrongEpoch
        if len(self._follows) >= FOLLOWS and stream not in self._follows:
            raise TooMany(f"a connection follows {FOLLOWS} streams at the most: unfollow one first")
        access = await self._services.rooms.access(member, stream)
        # Who follows anew is there as before.
        again = self._let_go(stream)
        await hub.attach(stream, calm=access.kind != "room")
        joined = False
        try:
            followed = await self._view(command, access)
            await hub.advance(stream, followed.head)
            if not self._over:
                reply(followed)
                self._join(access, followed.head)
                joined = True
        finally:
            if not joined:
                hub.detach(stream)
                if again:
                    self._services.presence.left(stream, self._follower)

    def unfollow(self, stream: str) -> bool:
        """Stop following; return whether it was followed."""
        if not self._let_go(stream):
            return False
        self._services.presence.left(stream, self._follower)
        return True

    def _let_go(self, stream: str) -> bool:
        if self._follows.pop(stream, None) is None:
            return False
        self._services.hub.leave(stream, self._follower)
        self._services.hub.detach(stream)
        self._out.forget(stream)
        return True

    def clear(self) -> None:
        """Stop following everything, for good."""
        self._over = True
        for stream in self.streams:
            self.unfollow(stream)

    async def _view(self, command: Follow, access: Access) -> Followed:
        rooms, stream = self._services.rooms, command.stream
        missed = None if command.since is None else await rooms.history.missed(stream, command.since)
        if missed is not None and missed.complete:
            head = missed.entries[-1].seq if missed.entries else missed.head
            return _followed(command, access, head, complete=True, events=[Raw(e.payload) for e in missed.entries])
        view = await rooms.history.newest(stream)
        parts = {"messages": view.messages, "people": view.people, "pins": view.pins}
        return _followed(command, access, view.head, complete=missed is None, **parts)

    def _join(self, access: Access, reached: int) -> None:
        stream = access.stream
        self._follows[stream] = access
        entries = self._services.hub.join(stream, self._follower, reached)
        self._services.presence.followed(access)
        if entries is None:
            self._out.behind[stream] = reached
            self._out.catch_up()
        elif entries:
            self._out.write(b"".join(text_frame(entry.payload) for entry in entries))


def _followed(command: Follow, access: Access, head: int, *, complete: bool, **parts: Any) -> Followed:  # noqa: ANN401
    return Followed(
        id=command.id,
        stream=command.stream,
        head=head,
        complete=complete,
        rights=access.rights,
        state=access.state,
        you=access.you,
        seen=access.seen,
        **parts,
    )
