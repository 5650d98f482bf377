"""The OpenAPI document says what the server does: every operation, and answers as described."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

if TYPE_CHECKING:
    from tests.integration.http.conftest import Open, Site

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "http.md"


def served(here: Site) -> set[tuple[str, str]]:
    """Return method and path of every route that the application has, but for the client's files and the socket."""
    app: Any = here.node.asgi
    assert isinstance(app, Starlette)
    found = set()
    for route in app.routes:
        if isinstance(route, Route) and route.name != "static":
            found |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
    return found


async def document(here: Site) -> dict[str, Any]:
    """Fetch the document."""
    async with here.client() as nobody:
        answer = await nobody.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("demo", [False, True])
async def test_the_document_has_every_route_and_no_other(site: Open, demo: bool) -> None:
    """In both directions; the demo's paths in the demo alone."""
    async with site(demo=demo) as here:
        paths = (await document(here))["paths"]
        described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
        assert described == served(here)
        assert any(path.startswith("/api/v1/demo/") for _, path in described) is demo


async def test_every_reference_leads_somewhere(site: Open) -> None:
    """Each $ref names a schema that is there, each schema is used, each operation has a name of its own."""
    async with site(demo=True) as here:
        found = await document(here)
    references = set(re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', msgspec.json.encode(found).decode()))
    queries = {name for name in found["components"]["schemas"] if name.endswith("Query")}
    assert references == set(found["components"]["schemas"]) - queries
    names = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
    assert found["openapi"].startswith("3.1")


async def test_path_parameters_and_keys_are_described(site: Open) -> None:
    """Each {name} of a path, and the Idempotency-Key of each operation that asks for one."""
    async with site(demo=True) as here:
        found = await document(here)
        for operation in here.node.operations:
            described = found["paths"][operation.path][operation.method.lower()]
            parameters = {(p["in"], p["name"]) for p in described.get("parameters", ())}
            assert {n for where, n in parameters if where == "path"} == set(re.findall(r"{(\w+)}", operation.path))
            assert (("header", "Idempotency-Key") in parameters) is operation.keyed
            assert bool(described["security"]) is operation.signed_in
            assert ("requestBody" in described) is (operation.body is not None)


async def test_operations_that_need_sign_in_refuse_strangers(site: Open) -> None:
    """What the document marks as needing a session or token answers 401 without one; nothing else does."""
    async with site(demo=True) as here, here.client() as nobody:
        for operation in here.node.operations:
            path = re.sub(r"{\w+}", "00000000-0000-4000-8000-000000000000", operation.path)
            answer = await nobody.request(operation.method, path, json=None if operation.body is None else {})
            assert (answer.status_code == 401) is operation.signed_in, path


async def test_answers_are_what_their_types_say(site: Open) -> None:
    """Each GET's answer decodes, strictly, as the type from which the document was drawn, and holds nothing besides."""
    async with site(demo=True) as here, here.client(await here.token()) as program:
        asked = 0
        for operation in here.node.operations:
            declared = operation.answers.get(200)
            if operation.method != "GET" or "{" in operation.path or declared is None or isinstance(declared, str):
                continue
            answer = await program.get(operation.path)
            assert answer.status_code == 200
            decoded = msgspec.json.decode(answer.content, type=declared)
            assert msgspec.json.decode(msgspec.json.encode(decoded)) == answer.json()
            asked += 1
        assert asked >= 6


async def test_the_reference_page_has_every_route_and_no_other(site: Open) -> None:
    """docs/reference/http.md has a section for each."""
    async with site(demo=True) as here:
        expected = served(here)
    sections = re.findall(r"^## `(GET|POST|DELETE) (\S+)`$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert set(sections) == expected
    assert len(sections) == len(expected)
