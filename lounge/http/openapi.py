"""The OpenAPI document (3.1), drawn from the same operations and types that answer the requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lounge.http.operation import JSON, Answer, Call, ErrorAnswer, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

REF: Final = "#/components/schemas/{name}"

_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
_WORDS: Final = {
    200: "The answer.",
    201: "Made.",
    204: "Done; there is nothing to say.",
    503: "Not ready.",
}


class OpenApi:
    """The document as a resource."""

    def __init__(self, operations: Sequence[Operation], version: str) -> None:
        """Take all other operations; this one adds itself."""
        self._own = Operation(
            method="GET",
            path="/api/v1/openapi.json",
            name="openapi",
            summary="This document.",
            handle=self._tell,
            answers={200: JSON},
            signed_in=False,
            cache="no-cache",
        )
        self._document = msgspec.json.encode(document([*operations, self._own], version))

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [self._own]

    async def _tell(self, _call: Call[None, None]) -> Answer:
        return Answer(self._document)


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the whole document as plain JSON values."""
    types = _types(operations)
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, by_type, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lounge",
            "version": version,
            "description": "All that is not live. Times are milliseconds since 1970 UTC; ids, streams and cursors are opaque.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-lounge"},
            },
        },
    }


def _types(operations: Sequence[Operation]) -> list[Any]:
    types: list[Any] = [ErrorAnswer]
    for operation in operations:
        named = [operation.body, operation.query, *operation.answers.values()]
        types += [t for t in named if t is not None and not isinstance(t, str) and t not in types]
    return types


def _described(operation: Operation, by_type: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for name in _PARAMETER.findall(operation.path)
    ]
    if operation.keyed:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "A random UUID; the same one when the same change is sent again.",
                "schema": {"type": "string", "format": "uuid"},
            }
        )
    if operation.query is not None:
        form = components[by_type[operation.query]["$ref"].rpartition("/")[2]]
        parameters += [
            {"name": name, "in": "query", "required": name in form.get("required", ()), "schema": schema}
            for name, schema in form["properties"].items()
        ]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{"token": []}, {"session": []}] if operation.signed_in else [],
        "responses": {
            **{str(status): _answer(status, declared, by_type) for status, declared in operation.answers.items()},
            "default": {"description": "An error.", "content": {JSON: {"schema": by_type[ErrorAnswer]}}},
        },
    }
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": by_type[operation.body]}}}
    return described


def _answer(status: int, declared: Any, by_type: dict[Any, Any]) -> dict[str, Any]:  # noqa: ANN401  type or media type
    answer: dict[str, Any] = {"description": _WORDS[status]}
    if isinstance(declared, str):
        answer["content"] = {declared.partition(";")[0]: {}}
    elif declared is not None:
        answer["content"] = {JSON: {"schema": by_type[declared]}}
    return answer
