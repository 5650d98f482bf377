"""Who a request comes from: cookies, tokens, and their end."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.integration.http.conftest import LOOPBACK, PUBLIC

if TYPE_CHECKING:
    from tests.integration.http.conftest import Ask, Open

CONTROL = "00000000-0000-7000-8000-000000000000"


async def test_demo_sign_in_sets_a_cookie_scripts_cannot_read(site: Open) -> None:
    """On loopback over http: HttpOnly, SameSite=Lax, Path=/, and not Secure, which a browser would refuse."""
    async with site(demo=True) as here, here.client() as browser:
        member = await here.member()
        answer = await browser.post("/api/v1/demo/sign-in", json={"handle": member.handle})
        assert answer.status_code == 200
        assert answer.json()["handle"] == member.handle
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"lounge={answer.json()['token']};")
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert (await browser.get("/api/v1/me")).json()["handle"] == member.handle


async def test_over_https_the_cookie_is_bound_to_the_host(site: Open) -> None:
    """With an https address the name begins with __Host-, which browsers take only with Secure, Path=/ and no Domain."""
    async with site(public_url=PUBLIC) as here, here.client() as browser:
        token = await here.token()
        answer = await browser.post("/api/v1/sign-in", json={"token": token}, headers={"origin": PUBLIC})
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-lounge=lng_")
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"]
        assert (await browser.get("/api/v1/me")).status_code == 200


async def test_a_token_says_who_asks(site: Open) -> None:
    """`me` answers with the account of the token's member, its boards, and nothing that another may keep."""
    async with site() as here:
        member = await here.member("cardiology", "nephrology", country="NO", role="moderator")
        async with here.client(await here.token(member)) as program:
            answer = await program.get("/api/v1/me")
        assert answer.headers["cache-control"] == "private, no-store"
        me = answer.json()
        assert (me["handle"], me["role"], me["country"]) == (member.handle, "moderator", "NO")
        assert me["specialties"] == ["cardiology", "nephrology"]
        assert me["feed"] == member.feed
        assert me["epoch"] == here.node.store.epoch.name
        assert [(board["specialty"], board["scope"]) for board in me["boards"]] == [
            (None, "all"),
            ("cardiology", "members"),
            ("nephrology", "members"),
        ]
        assert member.id not in answer.text


async def test_what_proves_nothing_is_answered_alike(site: Open) -> None:
    """No token, garbage, an unknown one, an expired one, another scheme: 401, and the same body for the first four."""
    async with site() as here:
        expired = await here.token(days=1)
        here.clock.advance(24 * 3600 + 1)
        offers = ["Bearer ", "Bearer garbage", f"Bearer lng_{'A' * 43}", f"Bearer {expired}", f"Bearer {'x' * 5000}"]
        bodies = set()
        async with here.client() as nobody:
            bodies.add((await nobody.get("/api/v1/me")).content)
            for offer in offers:
                answer = await nobody.get("/api/v1/me", headers={"authorization": offer})
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer"
                bodies.add(answer.content)
            basic = await nobody.get("/api/v1/me", headers={"authorization": "Basic bm86bm8="})
        assert len(bodies) == 1
        assert basic.status_code == 401
        assert json.loads(bodies.pop())["error"]["code"] == "sign_in_needed"


async def test_a_token_is_valid_until_it_expires(site: Open) -> None:
    """One second before its end it is valid, one second after it is not."""
    async with site() as here, here.client(await here.token(days=1)) as program:
        here.clock.advance(24 * 3600 - 1)
        assert (await program.get("/api/v1/me")).status_code == 200
        here.clock.advance(2)
        assert (await program.get("/api/v1/me")).status_code == 401


async def test_a_session_does_not_outlive_the_token_it_came_from(site: Open) -> None:
    """A browser session begun with a token ends no later than the token."""
    async with site() as here, here.client() as browser:
        token = await here.token(days=1)
        await browser.post("/api/v1/sign-in", json={"token": token}, headers={"origin": LOOPBACK})
        browser.cookies.jar.clear_expired_cookies()
        here.clock.advance(24 * 3600 + 1)
        assert (await browser.get("/api/v1/me")).status_code == 401


async def test_a_member_locked_is_signed_out(site: Open, owner: Ask) -> None:
    """A locked member's valid token proves nothing."""
    async with site() as here:
        member = await here.member()
        async with here.client(await here.token(member)) as program:
            assert (await program.get("/api/v1/me")).status_code == 200
            await owner("update lounge.members set state = 'locked' where handle = $1", member.handle)
            assert (await program.get("/api/v1/me")).status_code == 401


async def test_sign_out_ends_the_session_and_tells_all_nodes(site: Open, owner: Ask) -> None:
    """The cookie is taken back, the secret proves nothing from then on, and the control stream says so."""
    async with site() as here:
        member = await here.member()
        secret, credential = await here.node.accounts.issue(member, "session", timedelta(days=1))
        async with here.client(cookies={"lounge": secret}) as browser:
            answer = await browser.post("/api/v1/sign-out", headers={"origin": LOOPBACK})
            assert (answer.status_code, answer.content) == (204, b"")
            assert 'lounge=""' in answer.headers["set-cookie"]
            assert "Max-Age=0" in answer.headers["set-cookie"]
        async with here.client(cookies={"lounge": secret}) as browser:
            assert (await browser.get("/api/v1/me")).status_code == 401
        events = await owner("select kind, author, data from lounge.events where stream = $1", CONTROL)
        assert [(e["kind"], e["author"]) for e in events if json.loads(e["data"]) == {"credential": credential.id}] == [
            ("session.ended", 0)
        ]


async def test_two_sign_outs_at_once_are_one(site: Open, owner: Ask) -> None:
    """Ten at once end the session once: one event, no error but 401."""
    async with site() as here:
        member = await here.member()
        token = await here.token(member)
        async with here.client(token) as program:
            answers = await asyncio.gather(*(program.post("/api/v1/sign-out") for _ in range(10)))
        assert {a.status_code for a in answers} <= {204, 401}
        assert 204 in {a.status_code for a in answers}
        left = await owner(
            "select 1 from lounge.credentials c join lounge.members m on m.id = c.member where m.handle = $1",
            member.handle,
        )
        assert left == []


async def test_no_secret_stands_in_the_database(site: Open, owner: Ask) -> None:
    """Neither a token nor a session, in any column of any table, in clear or in base64 or hex of its bytes."""
    async with site(demo=True) as here, here.client() as browser:
        token = await here.token()
        session = (await browser.post("/api/v1/demo/sign-in", json={"handle": (await here.member()).handle})).json()[
            "token"
        ]
        tables = await owner("select table_name from information_schema.tables where table_schema = 'lounge'")
        for table in tables:
            for row in await owner(f"select t::text as line from lounge.{table['table_name']} t"):
                for secret in (token, session):
                    assert secret not in row["line"]
                    assert secret.removeprefix("lng_") not in row["line"]
                    assert secret.encode().hex() not in row["line"]


async def test_many_failures_from_one_address_are_slowed_down(site: Open) -> None:
    """After the bound: 429 with a time to wait, for valid tokens too; then all is as before."""
    async with site(failures_per_minute=10) as here:
        token = await here.token()
        async with here.client() as nobody, here.client(token) as program:
            for _ in range(10):
                answer = await nobody.get(
                    "/api/v1/me", headers={"authorization": f"Bearer lng_{uuid.uuid4().hex}{'0' * 11}"}
                )
                assert answer.status_code == 401
            slowed = await nobody.get("/api/v1/me", headers={"authorization": "Bearer x"})
            assert slowed.status_code == 429
            assert slowed.json()["error"]["code"] == "too_fast"
            wait = slowed.json()["error"]["retry_after"]
            assert int(slowed.headers["retry-after"]) >= wait
            here.clock.advance(wait)
            assert (await program.get("/api/v1/me")).status_code == 200


async def test_no_demo_route_exists_without_the_demo(site: Open) -> None:
    """Under serve the demo's paths answer as paths that never were."""
    async with site() as here, here.client() as nobody:
        unknown = await nobody.get("/api/v1/never-was")
        members = await nobody.get("/api/v1/demo/members")
        sign_in = await nobody.post("/api/v1/demo/sign-in", json={"handle": "anybody"})
        assert (unknown.status_code, members.status_code) == (404, 404)
        assert members.content == unknown.content
        assert sign_in.status_code in {404, 405}
