"""The framework's own refusals (no such path, wrong method) in the one form of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from starlette.exceptions import HTTPException

from lounge.errors import BadRequest, LoungeError, NotFound
from lounge.http.operation import error_response

if TYPE_CHECKING:
    from starlette.responses import Response


class WrongMethod(BadRequest):
    """This path does not take this method."""

    status: ClassVar[int] = 405


async def refusal(_request: object, error: Exception) -> Response:
    """Return the error that stands for what the framework raised."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    known: dict[int, LoungeError] = {404: NotFound(), 405: WrongMethod()}
    response = error_response(known.get(status, BadRequest()))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
