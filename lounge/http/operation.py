"""What one method of one path takes and answers: said once, for the router, the checks and the OpenAPI document alike."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct, field
from starlette.responses import Response
from starlette.routing import Route

from lounge.errors import BadRequest, LoungeError, NotFound, SignInNeeded
from lounge.http.body import read_body
from lounge.live.messages import UUID_PATTERN
from lounge.reason import reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from lounge.http.identity import Identity
    from lounge.members.accounts import Credential, Member

JSON: Final = "application/json"
PRIVATE: Final = "private, no-store"

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")

_UUID: Final = re.compile(UUID_PATTERN)


class Call(Generic[BodyT, QueryT]):
    """A request, checked: typed body and query, path parameters, the key of a change, and who asks."""

    def __init__(self, request: Request, credential: Credential | None, body: BodyT, query: QueryT, key: str) -> None:
        """Take the parts as the operation declares them."""
        self.request = request
        self._credential = credential
        self.body = body
        self.query = query
        self.key = key

    @property
    def credential(self) -> Credential:
        """What the request proved to come with; raise SignInNeeded in an operation open to all."""
        if self._credential is None:
            raise SignInNeeded
        return self._credential

    @property
    def member(self) -> Member:
        """Who asks."""
        return self.credential.member

    def uuid(self, name: str) -> str:
        """Return a path parameter; one that is no UUID names nothing, so raise NotFound."""
        value: str = self.request.path_params[name]
        if not _UUID.match(value):
            raise NotFound
        return value


class Answer(Struct, frozen=True):
    """A status and a body: a struct becomes JSON, bytes go out as they are, a response as it is; `sets` may add cookies."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    sets: Callable[[Response], None] | None = None


class Operation(Struct, frozen=True, kw_only=True):
    """One method of one path.

    `answers` maps a status to the type of its JSON body, to a media type, or to None where there is no body. `keyed` asks
    for an Idempotency-Key; `signed_in` for a session or token; `demo` marks what exists under `lounge demo` alone.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    name: str
    summary: str
    handle: Callable[[Call[Any, Any]], Awaitable[Answer]]
    answers: Mapping[int, Any]
    body: Any = None
    query: type[Struct] | None = None
    keyed: bool = False
    signed_in: bool = True
    demo: bool = False
    cache: str = PRIVATE


class Faults(Struct, frozen=True, omit_defaults=True):
    """What went wrong: `code` for programs, `message` for people, `retry` whether the same request may succeed later."""

    code: str
    message: str
    retry: bool
    retry_after: float | None = None


class ErrorAnswer(Struct, frozen=True):
    """The one form of all errors."""

    error: Faults


def error_response(error: LoungeError) -> Response:
    """Return an error as HTTP tells it."""
    headers = {"cache-control": "no-store"}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after + 0.5)))
    if error.status == SignInNeeded.status:
        headers["www-authenticate"] = "Bearer"
    answer = ErrorAnswer(Faults(error.code, error.message, error.retry, error.retry_after))
    return Response(msgspec.json.encode(answer), error.status, headers, JSON)


class Desk:
    """Turns operations into routes: checks each request against what its operation declares, then hands it over."""

    def __init__(self, identity: Identity, *, body_seconds: float) -> None:
        """Take who says whose a request is, and how long a body may take to arrive."""
        self._identity = identity
        self._body_seconds = body_seconds

    def routes(self, operations: Sequence[Operation]) -> list[Route]:
        """Return one route for each operation."""
        return [Route(o.path, self._endpoint(o), methods=[o.method], name=o.name) for o in operations]

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        decoder = None if operation.body is None else msgspec.json.Decoder(operation.body)

        async def endpoint(request: Request) -> Response:
            try:
                return _response(operation, await operation.handle(await self._call(operation, decoder, request)))
            except LoungeError as error:
                return error_response(error)

        return endpoint

    async def _call(
        self, operation: Operation, decoder: msgspec.json.Decoder[Any] | None, request: Request
    ) -> Call[Any, Any]:
        """Check in the order of cost: origin, who asks, key, query, then the body."""
        if operation.method != "GET" and operation.signed_in:
            self._identity.check_change(request)
        elif operation.method != "GET":
            self._identity.check_origin(request)
        credential = await self._identity.of(request) if operation.signed_in else None
        key = _key(request) if operation.keyed else ""
        query = None if operation.query is None else _query(operation.query, request)
        body = None if decoder is None else await read_body(request, decoder, self._body_seconds)
        return Call(request, credential, body, query, key)


def _response(operation: Operation, answer: Answer) -> Response:
    if isinstance(answer.body, Response):
        return answer.body
    headers = {"cache-control": operation.cache, **answer.headers}
    declared = operation.answers[answer.status]
    if declared is None:
        response = Response(None, answer.status, headers)
    elif isinstance(declared, str):
        response = Response(answer.body, answer.status, headers, declared)
    else:
        response = Response(msgspec.json.encode(answer.body), answer.status, headers, JSON)
    if answer.sets is not None:
        answer.sets(response)
    return response


def _key(request: Request) -> str:
    """Return the Idempotency-Key, in the quotes of a structured header or without."""
    key = request.headers.get("idempotency-key", "").strip().strip('"').lower()
    if not _UUID.match(key):
        message = "the header Idempotency-Key must hold a random UUID: the same one when the same change is sent again"
        raise BadRequest(message)
    return key


def _query(form: type[Struct], request: Request) -> Struct:
    many = {f.name for f in msgspec.structs.fields(form) if f.default_factory is not msgspec.NODEFAULT}
    given: dict[str, object] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        if any("\0" in value for value in values):
            message = "the character U+0000 cannot stand in a text"
            raise BadRequest(message)
        if name not in many and len(values) > 1:
            message = "a parameter of the query is given twice that takes one value"
            raise BadRequest(message)
        given[name] = values if name in many else values[0]
    try:
        return msgspec.convert(given, form, strict=False)
    except msgspec.ValidationError as error:
        message = f"query: {reason(error)}"
        raise BadRequest(message) from None
