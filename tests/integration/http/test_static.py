"""The browser's client as files: what may be kept, for how long, and which paths get its page."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette

from lounge.http.static import Static

if TYPE_CHECKING:
    from pathlib import Path

PAGE = b"<!doctype html><title>Lounge</title>"
SCRIPT = b"export const answer = 42;\n" * 200


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    """A client of a folder as Vite builds it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(PAGE)
    (tmp_path / "assets" / "main-1a2b3c.js").write_bytes(SCRIPT)
    (tmp_path / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path.parent / "secret.txt").write_text("not to be served")
    app = Starlette(routes=[Static(tmp_path).route()])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize("path", ["/", "/cases", "/cases/0190-x", "/new", "/rooms/0190-x", "/sign-in"])
async def test_the_clients_own_paths_get_its_page(client: httpx.AsyncClient, path: str) -> None:
    """Each of its routes answers with the page, which is asked for anew each time."""
    answer = await client.get(path)
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/cases/a/b", "/assets/gone.js", "/api/v1/nowhere", "/../secret.txt", "/%2e%2e/secret.txt"]
)
async def test_other_paths_do_not_exist(client: httpx.AsyncClient, path: str) -> None:
    """Nothing outside the folder, no page in place of a file that is gone: 404."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert b"not to be served" not in answer.content


@pytest.mark.parametrize("path", ["/nowhere", "/cases/a/b"])
async def test_who_mistyped_an_address_is_told_by_the_page(client: httpx.AsyncClient, path: str) -> None:
    """A browser that looks for a page gets ours, with 404; for programs and parts it stays an error."""
    answer = await client.get(path, headers={"accept": "text/html,application/xhtml+xml"})
    assert (answer.status_code, answer.content) == (404, PAGE)
    for gone in ("/assets/gone.js", "/api/v1/nowhere"):
        answer = await client.get(gone, headers={"accept": "text/html"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_hashed_files_are_kept_for_ever_and_others_asked_for_anew(client: httpx.AsyncClient) -> None:
    """A name that changes with its content is immutable; another is answered 304 while it is the same."""
    hashed = await client.get("/assets/main-1a2b3c.js")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    page = await client.get("/")
    again = await client.get("/", headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get("/", headers={"if-none-match": '"something else"'})
    assert (other.status_code, other.content) == (200, PAGE)


async def test_text_is_compressed_for_those_who_ask(client: httpx.AsyncClient) -> None:
    """Compressed by gzip where it is accepted, the plain bytes where it is not, told apart to caches by Vary."""
    async with client.stream("GET", "/assets/main-1a2b3c.js", headers={"accept-encoding": "gzip"}) as packed:
        raw = b"".join([piece async for piece in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert len(raw) < len(SCRIPT) / 4
    assert gzip.decompress(raw) == SCRIPT
    plain = await client.get("/assets/main-1a2b3c.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT
    assert plain.headers["vary"] == "accept-encoding"


async def test_a_client_that_was_not_built_says_so(tmp_path: Path) -> None:
    """Instead of an empty page: what to run."""
    app = Starlette(routes=[Static(tmp_path / "absent").route()])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/")
    assert answer.status_code == 404
    assert "make build" in answer.json()["error"]["message"]
