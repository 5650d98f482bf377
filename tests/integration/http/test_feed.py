"""The feed over a real port: what comes first, what comes back, who is let in, and how it ends."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests.integration.http.feeding import FEED, feed, listening
from tests.integration.http.paged import PATIENCE, go_on_call, opened, page_of, post

if TYPE_CHECKING:
    import httpx

    from tests.integration.conftest import Database
    from tests.integration.http.feeding import Server


async def responder(here: Server, stack: AsyncExitStack, specialty: str) -> httpx.AsyncClient:
    """Return the client of a member who is on call."""
    client = await stack.enter_async_context(here.client(await here.token(await here.member(specialty))))
    await go_on_call(client)
    return client


async def test_the_open_pages_come_first_then_pages_as_they_come(database: Database) -> None:
    """As the list of them says it, to a browser or to `curl -N`; nothing on the way is asked to keep any of it."""
    async with listening(database) as here, AsyncExitStack() as stack:
        author = await stack.enter_async_context(here.client(await here.token()))
        mine = await responder(here, stack, "nephrology")
        before = await page_of(mine, await opened(author))
        async with feed(mine) as reader:
            headers = reader.answer.headers
            assert headers["content-type"] == "text/event-stream"
            assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
            first = await reader.next()
            listed = (await mine.get("/api/v1/pager/pages?open=true")).json()
            data = json.loads(first.data)
            assert first.event == "pages"
            assert data == listed | {"time": data["time"]}
            assert [page["id"] for page in data["pages"]] == [before["id"]]
            case = await opened(author)
            told = await reader.until("paged")
            assert (told["case"], told["page"]) == (case["id"], (await page_of(mine, case))["id"])
            number = int(reader.parser.last_id.rpartition("-")[2])
            assert number == told["seq"] > int(first.id.rpartition("-")[2])
            await post(mine, {"id": told["page"]}, "acknowledge")
            changed = await reader.until("page.changed")
            assert (changed["page"], changed["state"]) == (told["page"], "acknowledged")


@pytest.mark.parametrize("way", ["header", "query"])
async def test_a_last_id_resumes_with_exactly_what_was_missed(database: Database, way: str) -> None:
    """By the header that browsers send, or by the query."""
    async with listening(database) as here, AsyncExitStack() as stack:
        author = await stack.enter_async_context(here.client(await here.token()))
        mine = await responder(here, stack, "dermatology")
        async with feed(mine) as reader:
            assert (await reader.next()).event == "pages"
            first = await opened(author, "dermatology")
            assert (await reader.until("paged"))["case"] == first["id"]
            last = reader.parser.last_id
        missed = [await opened(author, "dermatology") for _ in range(2)]
        pages = [await page_of(mine, case) for case in missed]
        given = {"last": last} if way == "header" else {"query": f"?after={last}"}
        async with feed(mine, **given) as again:
            told = [await again.next() for _ in range(2)]
            assert [one.event for one in told] == ["paged", "paged"]
            assert [json.loads(one.data)["page"] for one in told] == [page["id"] for page in pages]
            live = await opened(author, "dermatology")
            assert (await again.until("paged"))["case"] == live["id"]


@pytest.mark.parametrize(("last", "reason"), [("0123456789abcdef-0", "epoch"), ("{epoch}-900", "number")])
async def test_an_id_of_another_history_begins_anew(database: Database, last: str, reason: str) -> None:
    """Or one above the head: `reset`, then the pages."""
    async with listening(database) as here, here.client(await here.token()) as mine:
        epoch = (await mine.get("/api/v1/me")).json()["epoch"]
        async with feed(mine, last.format(epoch=epoch)) as reader:
            told = [await reader.next() for _ in range(2)]
            assert [one.event for one in told] == ["reset", "pages"]
            assert json.loads(told[0].data) == {"reason": reason}
            assert told[1].id.startswith(f"{epoch}-")


async def test_signing_out_ends_it(database: Database) -> None:
    """With a word that says that coming back is of no use; other sessions of the member go on."""
    async with listening(database) as here, AsyncExitStack() as stack:
        member = await here.member()
        one, other = [await stack.enter_async_context(here.client(await here.token(member))) for _ in range(2)]
        readers = [await stack.enter_async_context(feed(client)) for client in (one, other)]
        for reader in readers:
            await reader.next()
        await one.post("/api/v1/sign-out")
        (bye,) = await readers[0].rest()
        assert (bye.event, json.loads(bye.data)) == ("bye", {"reason": "signed out", "retry_after": None})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await readers[1].next()
        async with one.stream("GET", FEED) as refused:
            assert refused.status_code == 401


async def test_a_stop_ends_it_with_a_word(database: Database) -> None:
    """It says when to come back; the server does not wait for whoever would read for ever."""
    async with listening(database) as here, here.client(await here.token()) as mine, feed(mine) as reader:
        await reader.next()
        here.listener.stop()
        (bye,) = await reader.rest()
        assert (bye.event, json.loads(bye.data)) == ("bye", {"reason": "restart", "retry_after": 0.5})


async def test_a_page_of_another_site_is_refused(database: Database) -> None:
    """Though it could read nothing, it would take up the member's connections; a page of our own is let in."""
    async with listening(database) as here, here.client() as browser:
        answer = await browser.post("/api/v1/sign-in", json={"token": await here.token()})
        assert answer.status_code == 200
        for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            async with browser.stream("GET", FEED, headers=foreign) as refused:
                assert refused.status_code == 403
                await refused.aread()
                assert refused.json()["error"]["code"] == "forbidden"
        for own in ({"origin": here.base}, {"sec-fetch-site": "same-origin"}):
            async with feed(browser, **own) as reader:
                assert (await reader.next()).event == "pages"


async def test_a_member_holds_so_many_and_no_more(database: Database) -> None:
    """429 with a code, before anything begins; one that ends makes room. Sockets and feeds count together."""
    async with listening(database, sockets_per_member=3) as here, AsyncExitStack() as stack:
        mine = await stack.enter_async_context(here.client(await here.token()))
        first = AsyncExitStack()
        await first.enter_async_context(feed(mine))
        for _ in range(2):
            await stack.enter_async_context(feed(mine))
        async with mine.stream("GET", FEED) as refused:
            assert refused.status_code == 429
            await refused.aread()
            assert refused.json()["error"]["code"] == "too_many"
        await first.aclose()
        async with asyncio.timeout(PATIENCE):
            while True:
                async with mine.stream("GET", FEED) as again:
                    if again.status_code == 200:
                        break
                await asyncio.sleep(0.02)


async def test_a_full_node_says_so(database: Database) -> None:
    """503, which may be tried again; the places of those that left are free."""
    async with listening(database, sockets=2) as here, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(here.client(await here.token())) for _ in range(3)]
        for client in clients[:2]:
            await stack.enter_async_context(feed(client))
        async with clients[2].stream("GET", FEED) as refused:
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            await refused.aread()
            assert refused.json()["error"]["code"] == "busy"


async def test_a_sign_of_life_comes(database: Database) -> None:
    """At least every 15 seconds, by the node's clock; and a credential that has run out ends the feed."""
    async with listening(database) as here, here.client(await here.token(days=0.5)) as mine, feed(mine) as reader:
        await reader.next()
        here.clock.advance(15.1)
        async with asyncio.timeout(PATIENCE):
            assert await anext(reader._pieces) == b":\n\n"
        here.clock.advance(12 * 3600)
        (bye,) = await reader.rest()
        assert json.loads(bye.data) == {"reason": "signed out", "retry_after": None}


async def test_asking_for_the_headers_alone_opens_nothing(database: Database) -> None:
    """HEAD is answered and over."""
    async with listening(database, sockets_per_member=1) as here, here.client(await here.token()) as mine:
        for _ in range(3):
            answer = await mine.head(FEED)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        async with feed(mine) as reader:
            assert (await reader.next()).event == "pages"


async def test_an_id_that_is_too_long_is_refused(database: Database) -> None:
    """Whatever comes from outside has a bound."""
    async with listening(database) as here, here.client(await here.token()) as mine:
        assert (await mine.get(FEED + "?after=" + "x" * 65)).status_code == 400
        async with feed(mine, "x" * 5_000) as reader:
            assert (await reader.next()).event == "reset"
