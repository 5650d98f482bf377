"""The bound on what a request may carry, whatever its headers say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lounge.errors import BadRequest, LoungeError, TooLarge
from lounge.http.operation import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_BYTES: Final = 1024 * 1024


class BodyBound:
    """ASGI middleware: answers 413 where a body is too long, at once where Content-Length says so, else when it is."""

    def __init__(self, app: ASGIApp, most: int = REQUEST_BYTES) -> None:
        """Take the application and the bound in bytes."""
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; connections of other kinds pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._declared(scope)
        if refusal is not None:
            await error_response(refusal)(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    def _declared(self, scope: Scope) -> LoungeError | None:
        for name, value in scope["headers"]:
            if name == b"content-length":
                # An absurd number of digits is refused before it is read: int() is quadratic in them.
                if not value.isdigit() or len(value) > 20:  # noqa: PLR2004
                    return BadRequest("Content-Length is not a number")
                if int(value) > self._most:
                    return self._refusal()
        return None

    def _refusal(self) -> TooLarge:
        return TooLarge(f"a request takes at most {self._most} bytes")

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = 0
        started = refused = False

        async def receiving() -> Message:
            nonlocal size, refused
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > self._most:
                    refused = True
                    # Answered here, before the application can answer anything else to what it now raises.
                    if not started:
                        await error_response(self._refusal())(scope, receive, send)
                    raise self._refusal()
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            if refused:
                return
            started = True
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        except TooLarge:
            if not refused:
                raise
