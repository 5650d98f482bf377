"""All that goes wrong is told in one form, and none of it repeats what was sent."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lounge import log
from lounge.http.observe import Observe
from lounge.ids import SystemRandomness
from lounge.metrics import Metrics
from tests.integration.http.conftest import HandClock

if TYPE_CHECKING:
    from tests.integration.http.conftest import Open

SECRET = "hunter2-patient-Smith"


def code(answer: httpx.Response) -> str:
    """Return the error's code, having seen that the form is right."""
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert {"code", "message", "retry"} <= set(error) <= {"code", "message", "retry", "retry_after"}
    assert answer.headers["content-type"] == "application/json"
    assert "no-store" in answer.headers["cache-control"]
    return str(error["code"])


async def test_unknown_paths_and_methods_are_refused_in_the_one_form(site: Open) -> None:
    """404 for a path that is not there, 405 with Allow for a method that is not."""
    async with site() as here, here.client() as nobody:
        unknown = await nobody.get(f"/api/v1/{SECRET}")
        assert (unknown.status_code, code(unknown)) == (404, "not_found")
        method = await nobody.delete("/api/v1/me")
        assert (method.status_code, code(method)) == (405, "bad_request")
        assert "GET" in method.headers["allow"]
        assert SECRET not in unknown.text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half"),
        pytest.param(b'{"handle": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"handle": 7}', id="wrong type"),
        pytest.param(b"{}", id="missing field"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"handle": "' + b"a" * 33 + b'"}', id="too long"),
        pytest.param(b'{"handle": "a\\u0000b"}', id="U+0000"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"handle": "hunter2-patient-Smith", "handle": 5}', id="twice"),
    ],
)
async def test_a_bad_body_is_refused_without_being_quoted(site: Open, body: bytes) -> None:
    """400 bad_request, whatever is wrong with it."""
    async with site(demo=True) as here, here.client() as nobody:
        answer = await nobody.post(
            "/api/v1/demo/sign-in", content=body, headers={"content-type": "application/json; charset=utf-8"}
        )
        assert (answer.status_code, code(answer)) == (400, "bad_request")
        assert SECRET not in answer.text


async def test_an_escaped_backslash_is_not_u0000(site: Open) -> None:
    r"""The six characters \\u0000, written with an escaped backslash, are an ordinary text: here a handle that is unknown."""
    async with site(demo=True) as here, here.client() as nobody:
        answer = await nobody.post(
            "/api/v1/demo/sign-in", content=b'{"handle": "a\\\\u0000"}', headers={"content-type": "application/json"}
        )
        assert (answer.status_code, code(answer)) == (404, "not_found")


async def test_unknown_fields_are_skipped(site: Open) -> None:
    """A newer client may send more than this server knows."""
    async with site(demo=True) as here, here.client() as nobody:
        body = {"handle": (await here.member()).handle, "new-field": {"deep": [1, 2]}}
        assert (await nobody.post("/api/v1/demo/sign-in", json=body)).status_code == 200


async def test_a_long_body_is_refused_before_it_is_held(site: Open) -> None:
    """50 MB, with its length told or in pieces without: 413, having read no more than the bound allows."""
    async with site(demo=True) as here, here.client() as nobody:
        sent = 0

        async def pieces() -> Any:
            nonlocal sent
            for _ in range(800):
                sent += 65_536
                yield b"x" * 65_536

        headers = {"content-type": "application/json"}
        whole = await nobody.post("/api/v1/demo/sign-in", content=b"x" * 50_000_000, headers=headers)
        assert (whole.status_code, code(whole)) == (413, "too_large")
        streamed = await nobody.post("/api/v1/demo/sign-in", content=pieces(), headers=headers)
        assert (streamed.status_code, code(streamed)) == (413, "too_large")
        assert sent < 1_000_000


async def test_an_unforeseen_fault_is_logged_once_and_told_without_its_text() -> None:
    """The answer is `internal` with the number under which the log names class and place, and nothing of the text."""

    async def broken(*_: object) -> None:
        raise KeyError(SECRET)

    written = io.StringIO()
    log.configure("json", written)
    app = Observe(broken, HandClock(), SystemRandomness(), Metrics())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get(f"/{SECRET}?q={SECRET}")
    assert (answer.status_code, code(answer)) == (500, "internal")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    faults = [line for line in lines if line["event"] == "fault"]
    assert [line["request"] for line in faults] == [answer.headers["x-request-id"]]
    assert faults[0]["exceptions"] == [{"class": "KeyError"}]
    assert faults[0]["frames"][-1].endswith("broken")
    assert SECRET not in written.getvalue()
    assert SECRET not in answer.text


async def test_every_answer_carries_the_security_headers(site: Open) -> None:
    """Errors, pages and data alike: a strict policy, no sniffing, no referrer."""
    async with site() as here, here.client() as nobody:
        for path in ("/", "/api/v1/me", "/api/v1/about", "/nowhere", "/healthz"):
            headers = (await nobody.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe-eval" not in policy
            assert "script-src" not in policy, "default-src holds for scripts: nothing inline"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers
