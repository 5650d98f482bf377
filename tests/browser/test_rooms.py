"""Two people in one case room: what one writes the other reads, whatever happens to server and network in between."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import uuid
from typing import TYPE_CHECKING, Any

from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.waiting import settled, to_end, to_top

if TYPE_CHECKING:
    from tests.browser.conftest import Demo, NewPage

WAITING = "Heart rate 28, potassium 7.1, shocked"
ANSWERED = "Chest pain 16 days after birth"


async def enter(page: Page, title: str) -> None:
    """Open a case from the list, and be where what is written comes into sight: one begins at what is new."""
    await page.get_by_role("link").filter(has_text=title).click()
    await expect(page.get_by_role("textbox", name="Write a reply")).to_be_visible()
    await expect(page.locator(".log .message").first).to_be_visible()
    await to_end(page.get_by_role("log"))


async def write(page: Page, text: str) -> None:
    """Post by hand."""
    await page.get_by_role("textbox", name="Write a reply").fill(text)
    await page.get_by_role("button", name="Send").click()


def said(page: Page, text: str) -> object:
    return page.get_by_role("log").get_by_text(text, exact=True)


async def stands_once(page: Page, text: str) -> None:
    """The text is in the discussion once, and on its way no longer."""
    await expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1)
    await expect(page.locator(".message.pending")).to_have_count(0)


async def test_two_people_see_each_other_write(person: NewPage) -> None:
    """Each post appears in the other's room without a reload, under the alias of that room and not the handle."""
    a, b = await person("heron-lane"), await person("quiet-harbour")
    for page in (a, b):
        await enter(page, ANSWERED)
    first, second = f"first {uuid.uuid4()}", f"second {uuid.uuid4()}"
    await write(a, first)
    await stands_once(b, first)
    await write(b, second)
    await stands_once(a, second)
    await stands_once(a, first)
    for page in (a, b):
        log = await page.get_by_role("log").inner_text()
        assert "heron-lane" not in log
        assert "quiet-harbour" not in log


async def test_a_first_reply_stops_the_clock_for_everybody(person: NewPage) -> None:
    """Who looks at the list sees the case wait, and then no longer, without a reload."""
    lister, answerer = await person("cedar-ward"), await person("plover-desk")
    row = lister.get_by_role("link").filter(has_text=WAITING)
    await expect(row).to_contain_text(re.compile(r"Waiting \d+[:.]"))
    await answerer.get_by_role("link").filter(has_text=WAITING).click()
    await write(answerer, "Pace first, and treat the potassium meanwhile.")
    await expect(row).to_contain_text("First reply after")
    await expect(row).to_contain_text("1 reply")


async def test_markup_in_a_message_is_text(person: NewPage) -> None:
    """Neither an image nor a script link comes of what somebody typed; bold does."""
    page = await person("slow-cadence")
    await enter(page, ANSWERED)
    mark = uuid.uuid4().hex
    await write(page, f"**bold{mark}** <img src=x onerror=alert(1)> [x](javascript:alert(1))")
    await expect(page.locator(".message:not(.pending) strong", has_text=f"bold{mark}")).to_be_visible()
    assert await page.locator(".log img, .log a[href^=javascript]").count() == 0
    await expect(page.get_by_role("log").get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()


async def test_a_post_written_while_the_server_is_dead_arrives_once(person: NewPage, demo: Demo) -> None:
    """After kill -9, a post and a start, both show it once, and what was acknowledged before still stands."""
    a, b = await person("heron-lane"), await person("tarn-lantern")
    for page in (a, b):
        await enter(page, ANSWERED)
    before, during = f"before {uuid.uuid4()}", f"during {uuid.uuid4()}"
    await write(a, before)
    await stands_once(b, before)
    await demo.end(signal.SIGKILL)
    await expect(a.get_by_text("Reconnecting.")).to_be_visible()
    await write(a, during)
    await expect(a.get_by_text("Waits for the connection")).to_be_visible()
    await demo.start()
    for page in (a, b):
        await stands_once(page, during)
        await stands_once(page, before)


async def test_a_cut_network_loses_and_doubles_nothing(person: NewPage) -> None:
    """The answer to a post is cut off on its way: it is found in the log or sent again with its key, and stands once."""
    a = await person("birch-window")
    text = f"cut {uuid.uuid4()}"
    posted: list[dict[str, Any]] = []
    cut: list[asyncio.Task[None]] = []

    def carry(route: WebSocketRoute) -> None:
        server, first = route.connect_to_server(), not cut

        def there(message: str | bytes) -> None:
            command = json.loads(message)
            if command["op"] == "post" and command["body"] == text:
                posted.append(command)
            server.send(message)

        def back(message: str | bytes) -> None:
            answer = json.loads(message)
            if posted and not cut and answer.get("id") == posted[0]["id"]:
                cut.append(asyncio.create_task(route.close(code=1001)))
            # Neither the answer nor what follows it on the same connection arrives.
            if not (first and cut):
                route.send(message)

        route.on_message(there)
        server.on_message(back)

    await a.route_web_socket("**/live", carry)
    await a.reload()
    b = await person("quiet-harbour")
    for page in (a, b):
        await enter(page, ANSWERED)
    await write(a, text)
    await stands_once(b, text)
    await stands_once(a, text)
    assert len(cut) == 1
    assert len({one["key"] for one in posted}) == 1


async def test_what_is_read_stays_where_it_is(person: NewPage) -> None:
    """Scrolled up, a new message moves nothing; a button says that it came, and leads to it."""
    reader, writer = await person("cedar-ward"), await person("heron-lane")
    for page in (reader, writer):
        await enter(page, ANSWERED)
    log = reader.get_by_role("log")
    # What others wrote before is read first: it is not what this is about.
    await expect(reader.locator(".fresh")).to_have_count(0)
    await to_top(log)
    top = await log.evaluate("log => log.scrollTop")
    text = f"below {uuid.uuid4()}"
    await write(writer, text)
    await stands_once(writer, text)
    button = reader.get_by_role("button", name="1 new message")
    await expect(button).to_be_visible()
    await settled(log)
    assert abs(await log.evaluate("log => log.scrollTop") - top) < 2
    await button.click()
    await expect(log.get_by_text(text, exact=True)).to_be_in_viewport()
