"""The one tree of errors that a client may see.

    LoungeError
    ├── BadRequest        bad_request       the command or body has the wrong shape
    │   ├── Invalid       invalid           a field breaks a rule of the domain
    │   ├── UnknownOp     unknown_op
    │   ├── SinceAhead    since_ahead       `since` is above the stream's head
    │   └── WrongEpoch    wrong_epoch       the numbers belong to another history
    ├── SignInNeeded      sign_in_needed
    ├── Forbidden         forbidden         you see it, and may not do this
    ├── NotFound          not_found         unknown, or not yours: the answers are alike
    ├── KeyReused         key_reused        same stream, author and key, other content
    ├── Stale             stale             what you saw has changed since
    ├── RoomClosed        room_closed
    ├── PageOver          page_over         somebody has it, or the case needs nobody any more
    ├── TooLarge          too_large
    ├── TooMany           too_many          a bound on count (follows, sockets)
    ├── TooFast           too_fast          a bound on rate; `retry_after` says when
    ├── Busy              busy              a queue is full; nothing was done
    ├── Unavailable       unavailable       outcome unknown: resend with the same key
    └── Internal          internal

A message is written for the person who reads it and never holds text of theirs: no body, name, token or address.
"""

from __future__ import annotations

from typing import ClassVar


class LoungeError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        """Take a message (default: the first line of the class's docstring) and, in seconds, when to try again."""
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        self.retry_after = retry_after
        super().__init__(self.message)


class BadRequest(LoungeError):
    """The request does not have the form that the documentation gives."""

    code = "bad_request"
    status = 400


class Invalid(BadRequest):
    """A field breaks a rule."""

    code = "invalid"
    status = 422


class UnknownOp(BadRequest):
    """This server knows no such op."""

    code = "unknown_op"


class SinceAhead(BadRequest):
    """`since` is above the stream's head: follow again with since null."""

    code = "since_ahead"


class WrongEpoch(BadRequest):
    """These numbers belong to another history of this installation: drop them and follow with since null."""

    code = "wrong_epoch"
    status = 409


class SignInNeeded(LoungeError):
    """Sign in first, or send a valid token."""

    code = "sign_in_needed"
    status = 401


class Forbidden(LoungeError):
    """You may not do this."""

    code = "forbidden"
    status = 403


class NotFound(LoungeError):
    """There is no such thing, or it is not open to you."""

    code = "not_found"
    status = 404


class KeyReused(LoungeError):
    """This key was used for another content: make a new key for a new change."""

    code = "key_reused"
    status = 409


class Stale(LoungeError):
    """It changed meanwhile: read it again, then decide."""

    code = "stale"
    status = 409


class RoomClosed(LoungeError):
    """The room is closed: nothing more can be written in it."""

    code = "room_closed"
    status = 409


class PageOver(LoungeError):
    """This page is over: somebody else has the case, or it needs nobody any more. You can open it all the same."""

    code = "page_over"
    status = 409


class TooLarge(LoungeError):
    """It is larger than this server takes."""

    code = "too_large"
    status = 413


class TooMany(LoungeError):
    """That is more at once than this server allows."""

    code = "too_many"
    status = 429


class TooFast(LoungeError):
    """Too many commands a second: slow down."""

    code = "too_fast"
    status = 429
    retry = True


class Busy(LoungeError):
    """The server has too much to do just now; nothing was done: try again."""

    code = "busy"
    status = 503
    retry = True


class Unavailable(LoungeError):
    """The database did not answer; the outcome is unknown: send it again with the same key."""

    code = "unavailable"
    status = 503
    retry = True


class Internal(LoungeError):
    """A fault of the server: it was logged; send it again with the same key."""

    retry = True
