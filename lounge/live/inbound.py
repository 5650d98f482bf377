"""What a peer's bytes mean: frames in, whole text messages out (RFC 6455). The library parses, this bounds it.

What closes the connection at once, with its code: 1002 broken framing, 1003 a binary message (the wire is text), 1007
text that is not UTF-8, 1008 a message in too many fragments, 1009 a message too long.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from websockets.exceptions import ProtocolError
from websockets.frames import CloseCode, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

if TYPE_CHECKING:
    from websockets.frames import Frame

    from lounge.live.terms import Terms

# The library would write frames, and so what members say, to its logger at level DEBUG.
_MUTE: Final = logging.Logger("mute")  # noqa: LOG001  not in the tree of loggers: no configuration can wake it
_MUTE.disabled = True


class Inbound(Protocol):
    """The reading side of one open connection; also builds the control frames that the other side writes."""

    def __init__(self, terms: Terms) -> None:
        """Start after the opening handshake."""
        super().__init__(SERVER, state=OPEN, max_size=terms.message_bytes, logger=_MUTE)
        self._most = terms.fragments
        self._parts: list[bytes] = []
        self._messages: list[bytes] = []
        self.ping: bytes | None = None
        """What the peer's last unanswered ping carried."""

    def taken(self) -> list[bytes]:
        """Return the messages that are complete, once."""
        messages, self._messages = self._messages, []
        return messages

    def recv_frame(self, frame: Frame) -> None:
        """Take one frame; called by the library's parser, which stops at what this raises."""
        if frame.opcode is Opcode.PING:
            # Only the last is answered (RFC 6455, 5.5.3): a peer that pings and reads nothing would fill our memory.
            self.ping = bytes(frame.data)
            return
        if frame.opcode is Opcode.PONG:
            return
        if frame.opcode is Opcode.BINARY:
            self._refuse(CloseCode.UNSUPPORTED_DATA, "send text")
        super().recv_frame(frame)
        self.events.clear()
        if frame.opcode is not Opcode.CLOSE:
            self._gather(frame)

    def _gather(self, frame: Frame) -> None:
        if frame.fin and not self._parts:
            self._complete(bytes(frame.data))
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            parts, self._parts = self._parts, []
            self._complete(b"".join(parts))
        elif len(self._parts) >= self._most:
            self._refuse(CloseCode.POLICY_VIOLATION, f"a message comes in at most {self._most} fragments")

    def _complete(self, message: bytes) -> None:
        if not message.isascii():
            try:
                message.decode()
            except UnicodeDecodeError:
                self._refuse(CloseCode.INVALID_DATA, "text must be UTF-8")
        self._messages.append(message)

    def _refuse(self, code: CloseCode, reason: str) -> None:
        """Fail the connection with `code`: what the parser makes of the exception comes second, and is not sent."""
        self._parts.clear()
        self.fail(code, reason)
        raise ProtocolError(reason)
