"""Without a network: nothing that was written is lost, nothing goes out twice, and signing out leaves nothing behind."""

from __future__ import annotations

import signal
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.browser.waiting import to_end, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.browser.conftest import Demo, NewPage

TITLE = "Platelets 9, fragments, transient aphasia"
OTHER = "Sodium 106 to 115 in seven hours"

STORAGE = """async () => ({
  databases: (await indexedDB.databases()).map((one) => one.name),
  local: { ...localStorage },
  session: { ...sessionStorage },
  cached: await Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname))),
})"""


KEPT = """async (store) => {
  const [{ name }] = await indexedDB.databases();
  const opened = indexedDB.open(name);
  const database = await new Promise((resolve) => { opened.onsuccess = () => resolve(opened.result); });
  const all = (ask) => new Promise((resolve) => { ask.onsuccess = () => resolve(ask.result); });
  const kept = database.transaction(store).objectStore(store);
  const [keys, values] = await Promise.all([all(kept.getAllKeys()), all(kept.getAll())]);
  database.close();
  return keys.map((key, index) => [key, values[index].value]);
}"""
"""What the device keeps in a store of the application: keys and values."""


def unique(text: str) -> str:
    return f"{text} {uuid.uuid4().hex[:8]}"


async def enter(page: Page, title: str = TITLE) -> None:
    """Open a case from the list, and be where what is written comes into sight: one begins at what is new."""
    await page.get_by_role("link").filter(has_text=title).click()
    await expect(page.locator(".log .message").first).to_be_visible()
    await to_end(page.locator(".log"))


async def write(page: Page, text: str) -> None:
    """Post by hand, and wait until it is shown."""
    await page.get_by_role("textbox", name="Write a reply").fill(text)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".log").get_by_text(text, exact=True)).to_be_visible()


@asynccontextmanager
async def without_server(demo: Demo) -> AsyncIterator[None]:
    """Kill the server, and start it again in the end."""
    await demo.end(signal.SIGKILL)
    try:
        yield
    finally:
        await demo.start()


async def installed(page: Page) -> None:
    """Wait until the page opens without a network, and what it asks and shows of the room is kept."""
    await page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    await until(lambda: page.evaluate("async () => (await caches.match('/')) !== undefined"), "the shell is kept")
    newest = int(await page.locator(".log .message[data-seq]").last.get_attribute("data-seq") or 0)
    asked = {f"/api/v1/{what}" for what in ("about", "me", "specialties")} | {f"/api/v1{urlsplit(page.url).path}"}

    async def kept() -> bool:
        rooms, answers = [await page.evaluate(KEPT, store) for store in ("rooms", "answers")]
        told = {message["seq"] for _, room in rooms for message in room["log"]["messages"]}
        return newest in told and asked <= {path for path, _ in answers}

    await until(kept, "the room and the answers are kept")


async def test_posts_written_offline_go_out_once_and_in_order(person: NewPage, demo: Demo) -> None:
    """Five of them, a reload of the page in between, all without a server; then another person reads them, in order, once."""
    a, b = await person("basalt-step"), await person("heron-lane")
    for page in (a, b):
        await enter(page)
    await installed(a)
    before = await a.locator(".log .message").last.inner_text()
    texts = [unique(f"offline {n}") for n in range(5)]
    async with without_server(demo):
        for text in texts[:3]:
            await write(a, text)
        await a.reload()
        await expect(a.get_by_text("Offline: this is what the device kept.")).to_be_visible()
        await expect(a.locator(".log").get_by_text(before.splitlines()[-1]).first).to_be_visible()
        for text in texts[:3]:
            await expect(a.locator(".message.pending").get_by_text(text, exact=True)).to_be_visible()
        for text in texts[3:]:
            await write(a, text)
    for page in (a, b):
        for text in texts:
            await expect(page.locator(".log").get_by_text(text, exact=True)).to_have_count(1)
    await expect(a.locator(".message.pending")).to_have_count(0)
    shown = await b.locator(".log .message .body").all_inner_texts()
    assert [text for text in shown if text in texts] == texts
    await b.reload()
    await expect(b.locator(".log").get_by_text(texts[-1], exact=True)).to_have_count(1)
    shown = await b.locator(".log .message .body").all_inner_texts()
    assert [text for text in shown if text in texts] == texts


async def test_two_tabs_show_and_send_a_post_once(person: NewPage, demo: Demo) -> None:
    """Written in one tab without a server, it waits in both; it goes out once."""
    a = await person("basalt-step")
    await enter(a)
    await installed(a)
    other = await a.context.new_page()
    await other.goto(a.url)
    await expect(other.locator(".log .message").first).to_be_visible()
    text = unique("in one of two tabs")
    async with without_server(demo):
        await write(a, text)
        await expect(other.locator(".message.pending").get_by_text(text, exact=True)).to_be_visible()
    for page in (a, other):
        await expect(page.locator(".message.pending")).to_have_count(0)
        await expect(page.locator(".log").get_by_text(text, exact=True)).to_have_count(1)
    reader = await person("heron-lane")
    await enter(reader)
    await expect(reader.locator(".log").get_by_text(text, exact=True)).to_have_count(1)


async def test_a_draft_is_there_after_a_reload_right_after_typing(person: NewPage) -> None:
    """Of a reply; and another case's room has its own."""
    page = await person("basalt-step")
    await enter(page)
    box = page.get_by_role("textbox", name="Write a reply")
    text = unique("half a thought")
    await box.press_sequentially(text)
    await page.reload()
    await expect(box).to_have_value(text)
    await box.fill("")

    async def empty() -> bool:
        return text not in [draft for _, draft in await page.evaluate(KEPT, "drafts")]

    await until(empty, "the draft is let go")
    await page.reload()
    await expect(page.locator(".log .message").first).to_be_visible()
    await expect(box).to_have_value("")


async def test_a_post_into_a_room_that_closed_meanwhile_is_kept_with_the_reason(person: NewPage) -> None:
    """Its words can be copied, tried again, or let go."""
    cut = {"is": False}
    a, author = await person("basalt-step"), await person("night-kettle")

    async def carry(route: Any) -> None:
        if cut["is"]:
            await route.close()
            return
        server = route.connect_to_server()
        server.on_message(lambda message: None if cut["is"] else route.send(message))
        route.on_message(lambda message: None if cut["is"] else server.send(message))

    await a.route_web_socket("**/live", carry)
    await a.reload()
    for page in (a, author):
        await enter(page, OTHER)
    await expect(a.get_by_role("textbox", name="Write a reply")).to_be_visible()
    cut["is"] = True
    text = unique("written too late")
    await write(a, text)
    await author.get_by_role("button", name="Resolve").click()
    dialog = author.get_by_role("dialog")
    await dialog.get_by_label("No diagnosis").check()
    await dialog.get_by_role("button", name="Resolve").click()
    await expect(author.get_by_text("This room is closed.")).to_be_visible()
    cut["is"] = False
    await a.reload()
    failed = a.locator(".message.failed").filter(has_text=text)
    await expect(failed.get_by_text("The room is closed")).to_be_visible()
    await expect(failed.get_by_role("button", name="Copy text")).to_be_visible()
    await author.get_by_role("button", name="Reopen").click()
    await expect(a.get_by_role("textbox", name="Write a reply")).to_be_visible()
    await failed.get_by_role("button", name="Retry").click()
    await expect(author.locator(".log").get_by_text(text, exact=True)).to_have_count(1)
    await expect(a.locator(".message.failed")).to_have_count(0)


async def test_signing_out_leaves_nothing_on_the_device(person: NewPage) -> None:
    """No database, no entry in any storage, in the cache nothing but the application itself; the other tab is out as well."""
    page = await person("basalt-step")
    await enter(page)
    await page.get_by_role("textbox", name="Write a reply").press_sequentially("a draft")
    await installed(page)
    other = await page.context.new_page()
    await other.goto(page.url)
    await expect(other.locator(".log .message").first).to_be_visible()
    kept = await page.evaluate(STORAGE)
    assert len(kept["databases"]) == 1
    await page.get_by_role("link", name="Me", exact=True).first.click()
    await page.get_by_role("button", name="Sign out").click()
    for tab in (page, other):
        await expect(tab.get_by_role("heading", name="Who are you today?")).to_be_visible()

    async def nothing() -> bool:
        left = await page.evaluate(STORAGE)
        return (left["databases"], left["local"], left["session"]) == ([], {}, {})

    await until(nothing, "all is taken away")
    # Both open anew: nothing of before is on its way any more, and nothing came back.
    for tab in (page, other):
        await tab.reload()
        await expect(tab.get_by_role("heading", name="Who are you today?")).to_be_visible()
    assert await nothing()
    cached = (await page.evaluate(STORAGE))["cached"]
    assert all(path == "/" or path.startswith("/assets/") or path == "/icon.svg" for paths in cached for path in paths)


async def test_signing_out_with_posts_on_their_way_asks_first(person: NewPage, demo: Demo) -> None:
    """Said with their number; they are lost only where that is chosen."""
    page = await person("basalt-step")
    await enter(page)
    await installed(page)
    async with without_server(demo):
        await write(page, unique("on its way"))
        await page.get_by_role("link", name="Me", exact=True).first.click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("dialog").get_by_text("1 message was not sent")).to_be_visible()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("heading", name="basalt-step")).to_be_visible()
    await page.get_by_role("link", name="Cases", exact=True).first.click()
    await enter(page)
    await expect(page.locator(".message.pending")).to_have_count(0)


async def test_who_signs_out_without_a_server_is_out(person: NewPage, demo: Demo) -> None:
    """Though the cookie could not be ended: nobody is let in by it when the server is back."""
    page = await person("basalt-step")
    await enter(page)
    await installed(page)
    async with without_server(demo):
        await page.get_by_role("link", name="Me", exact=True).first.click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="basalt-step")).to_have_count(0)

        async def gone() -> bool:
            left = await page.evaluate(STORAGE)
            return left["databases"] == [] and list(left["local"]) == ["sign-out owed"]

        await until(gone, "what is left is that the server must be told")
        await page.reload()
        await expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
        assert (await page.evaluate(STORAGE))["databases"] == []
    await page.reload()
    await expect(page.get_by_role("heading", name="Who are you today?")).to_be_visible()
    assert (await page.evaluate(STORAGE))["local"] == {}
    answer = await page.context.request.get(f"{demo.url}/api/v1/me")
    assert answer.status == 401
