"""What one connection says of its member's presence, and asks of others': `here`, `who`, `typing`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from lounge.errors import Forbidden
from lounge.gathering import State
from lounge.live.messages import Done, Here, Typing, Who, WhoReply
from lounge.presence import SETTLED, as_presence

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from lounge.live.following import Following
    from lounge.live.hub import Follower
    from lounge.live.services import Services
    from lounge.members.accounts import Member
    from lounge.rooms import Access

TYPING_EVERY: Final = 2.0
"""Seconds between two times that a connection's typing in a room is told."""


class Attending:
    """The presence of one connection."""

    def __init__(
        self, services: Services, following: Following, send: Callable[[Struct], None], device: Follower
    ) -> None:
        """Take the node's services, what the session follows, how to answer, and the session itself."""
        self._services = services
        self._following = following
        self._send = send
        self._device = device
        self._typed: dict[str, float] = {}

    async def answer(self, member: Member, command: Here | Who | Typing) -> None:
        """Answer a command; raises Forbidden where it makes no sense."""
        access = self._following.known(command.stream)
        if access is None:
            raise Forbidden("follow the room first")
        if access.kind != "room":
            raise Forbidden("only rooms have people in them")
        if isinstance(command, Here):
            await self._here(member, access, command)
        elif isinstance(command, Typing):
            self._typing(member, access, command)
        else:
            self._soon(access, partial(self._tell_who, command))

    async def _here(self, member: Member, access: Access, command: Here) -> None:
        presence, stream = self._services.presence, access.stream
        if command.here:
            label = await presence.label(member) if access.lounge else ""
            # While that was found out, access may have ended.
            if self._following.known(stream) is not None:
                presence.come(stream, self._device, member, label)
        else:
            presence.go(stream, self._device)
        self._send(Done(id=command.id))
        if command.here:
            self._soon(access, partial(self._tell_state, stream))

    def _soon(self, access: Access, tell: Callable[[], None]) -> None:
        """Tell at once in a lounge; elsewhere always after the same time.

        A node that nobody followed the room by must ask the others first. If the others answered sooner, who asks would learn
        whether anybody else follows the room.
        """
        if access.lounge:
            tell()
        else:
            self._services.later(SETTLED, tell)

    def _tell_state(self, stream: str) -> None:
        if self._following.known(stream) is not None:
            self._send(as_presence(stream, self._services.presence.state(stream)))

    def _tell_who(self, command: Who) -> None:
        # Whoever no longer follows the room by now is told what is told of a room in which nobody ever was.
        followed = self._following.known(command.stream) is not None
        state = self._services.presence.state(command.stream) if followed else State(0, 0, None)
        self._send(
            WhoReply(id=command.id, stream=command.stream, version=state.version, count=state.count, here=state.here)
        )

    def _typing(self, member: Member, access: Access, command: Typing) -> None:
        if not access.lounge:
            raise Forbidden("only lounges tell who writes")
        now = self._services.clock.monotonic()
        self._typed = {stream: at for stream, at in self._typed.items() if now - at < TYPING_EVERY}
        if access.stream not in self._typed:
            self._typed[access.stream] = now
            self._services.presence.typing(access.stream, member.handle, self._device)
        self._send(Done(id=command.id))
