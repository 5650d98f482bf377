"""Changes that a page of another site may be behind are refused, and nothing changes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.integration.http.conftest import LOOPBACK, PUBLIC

if TYPE_CHECKING:
    from tests.integration.http.conftest import Open

FOREIGN = [
    pytest.param({}, id="no origin at all"),
    pytest.param({"origin": "https://evil.example"}, id="another site"),
    pytest.param({"origin": "null"}, id="a sandboxed frame"),
    pytest.param({"origin": LOOPBACK + ".evil.example"}, id="ours as a prefix"),
    pytest.param({"origin": LOOPBACK.replace("8000", "8001")}, id="another port"),
    pytest.param({"origin": LOOPBACK.replace("http", "https")}, id="another scheme"),
    pytest.param({"sec-fetch-site": "cross-site"}, id="cross-site without an origin"),
    pytest.param({"sec-fetch-site": "same-site"}, id="same-site without an origin"),
    pytest.param({"origin": "http://evil.example:8000", "sec-fetch-site": "same-origin"}, id="a name pointed at us"),
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_cookie_changes_nothing_for_another_site(site: Open, headers: dict[str, str]) -> None:
    """A change that a cookie authenticates must show our own origin; else 403, and the session goes on."""
    async with site() as here:
        secret, _ = await here.node.accounts.issue(await here.member(), "session", timedelta(days=1))
        async with here.client(cookies={"lounge": secret}) as browser:
            answer = await browser.post("/api/v1/sign-out", headers=headers)
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "forbidden"
            assert (await browser.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"origin": LOOPBACK}, {"origin": LOOPBACK.replace("127.0.0.1", "localhost")}, {"sec-fetch-site": "same-origin"}],
)
async def test_a_cookie_changes_what_our_own_page_asks_for(site: Open, headers: dict[str, str]) -> None:
    """Our origin, by either loopback name, or the browser's word that it is the same where it sends no Origin."""
    async with site() as here:
        secret, _ = await here.node.accounts.issue(await here.member(), "session", timedelta(days=1))
        async with here.client(cookies={"lounge": secret}) as browser:
            assert (await browser.post("/api/v1/sign-out", headers=headers)).status_code == 204


async def test_a_token_needs_no_origin_and_bears_no_foreign_one(site: Open) -> None:
    """Programs send no Origin; a browser that sends another site's is refused whatever it carries."""
    async with site() as here, here.client(await here.token()) as program:
        refused = await program.post("/api/v1/sign-out", headers={"origin": "https://evil.example"})
        assert refused.status_code == 403
        assert (await program.post("/api/v1/sign-out")).status_code == 204


async def test_with_a_public_address_the_loopback_names_are_foreign(site: Open) -> None:
    """LOUNGE_PUBLIC_URL is then the only origin."""
    async with site(public_url=PUBLIC) as here:
        secret, _ = await here.node.accounts.issue(await here.member(), "session", timedelta(days=1))
        async with here.client(cookies={"__Host-lounge": secret}) as browser:
            assert (await browser.post("/api/v1/sign-out", headers={"origin": LOOPBACK})).status_code == 403
            assert (await browser.post("/api/v1/sign-out", headers={"origin": PUBLIC})).status_code == 204


async def test_no_other_site_signs_a_browser_in(site: Open) -> None:
    """Signing somebody in as a stranger is a change too, though it needs no session."""
    async with site(demo=True) as here, here.client() as browser:
        handle = (await here.member()).handle
        foreign = {"origin": "https://evil.example"}
        refused = await browser.post("/api/v1/demo/sign-in", json={"handle": handle}, headers=foreign)
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers


async def test_signing_in_again_needs_no_origin(site: Open) -> None:
    """A program that keeps cookies may sign in as one member after another: the old cookie authenticates nothing there."""
    async with site(demo=True) as here, here.client() as program:
        for _ in range(2):
            member = await here.member()
            assert (await program.post("/api/v1/demo/sign-in", json={"handle": member.handle})).status_code == 200
            assert (await program.get("/api/v1/me")).json()["handle"] == member.handle


async def test_the_demo_answers_to_its_loopback_names_alone(site: Open) -> None:
    """A name of the attacker's that points at 127.0.0.1 (DNS rebinding) neither lists members nor signs in."""
    async with site(demo=True) as here, here.client() as browser:
        handle = (await here.member()).handle
        rebound = {"host": "evil.example:8000"}
        assert (await browser.get("/api/v1/demo/members", headers=rebound)).status_code == 403
        refused = await browser.post("/api/v1/demo/sign-in", json={"handle": handle}, headers=rebound)
        assert refused.status_code == 403
        listed = await browser.get("/api/v1/demo/members", headers={"host": "localhost:8000"})
        assert handle in {member["handle"] for member in listed.json()["members"]}


async def test_a_body_must_say_that_it_is_json(site: Open) -> None:
    """What another site's form can send without asking (text/plain, a form) is not read."""
    async with site(demo=True) as here, here.client() as browser:
        handle = (await here.member()).handle
        for media in ("text/plain", "application/x-www-form-urlencoded", ""):
            body = f'{{"handle": "{handle}"}}'.encode()
            answer = await browser.post("/api/v1/demo/sign-in", content=body, headers={"content-type": media})
            assert answer.status_code == 400
            assert "application/json" in answer.json()["error"]["message"]
