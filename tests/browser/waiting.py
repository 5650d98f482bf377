"""What tests wait for: conditions, never a time. A slow machine is later, and no result is another for it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Locator, Page, WebSocket, expect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FAR: Final = 180.0
"""Seconds after which what never comes is given up: six times as long as a page may wait to connect anew."""

_SETTLED: Final = """async (element) => {
  const frame = () => new Promise(requestAnimationFrame);
  const box = (one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [x, y, width, height].map(Math.round);
  };
  const boxes = () => [element, ...element.querySelectorAll('*')].map(box);
  const layout = () => JSON.stringify([element.scrollTop, element.scrollHeight, boxes()]);
  const moving = (one) => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity;
  let before = null;
  for (let unchanged = 0; unchanged < 5; await frame()) {
    const now = layout();
    unchanged = now === before && !document.getAnimations().some(moving) ? unchanged + 1 : 0;
    before = now;
  }
}"""

_TO_END: Final = """async (element) => {
  const frame = () => new Promise(requestAnimationFrame);
  const left = () => element.scrollHeight - element.clientHeight - element.scrollTop;
  for (let there = 0; there < 5; await frame()) {
    there = left() < 1 ? there + 1 : 0;
    if (there === 0) element.scrollTop = element.scrollHeight;
  }
}"""

_KEEP_SHOWN: Final = """(selector) => {
  const shown = window.shownAt ??= {};
  const its = shown[selector] = [];
  const look = () => {
    for (const { textContent } of document.querySelectorAll(selector)) if (!its.includes(textContent)) its.push(textContent);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
}"""

_STAY: Final = """(milliseconds) => {
  const passing = window.setTimeout;
  window.setTimeout = (act, wait, ...rest) => passing(act, wait === milliseconds ? 2 ** 31 - 1 : wait, ...rest);
}"""


async def until(holds: Callable[[], Awaitable[object]], what: str) -> None:
    """Wait until something that is asked for again and again is so."""
    try:
        async with asyncio.timeout(FAR):
            while not await holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"{what}: never")


async def settled(element: Locator) -> None:
    """Wait until nothing within an element has moved for five frames, nor any animation that ends is under way.

    What moves it by itself, as a list that measures its rows, does so within a frame or two; what comes from elsewhere must
    have been waited for before.
    """
    await element.evaluate(_SETTLED)


async def loaded(page: Page) -> None:
    """Wait until nothing of the page is on its way, and it stands still."""
    # Those of the design page are its exhibits.
    await expect(page.locator(".skeletons:not(.design *)")).to_have_count(0)
    await settled(page.locator("body"))


async def to_end(element: Locator) -> None:
    """Scroll to the end, and on to the new one where it moves, until it stays."""
    await element.evaluate(_TO_END)
    await settled(element)


async def to_top(element: Locator) -> None:
    """Scroll to the top of what stands still."""
    await settled(element)
    await element.evaluate("one => { one.scrollTop = 0; }")
    await settled(element)


async def to_discussion(page: Page) -> None:
    """Show a case's discussion: on a narrow page the case may lie over it, and is laid aside."""
    # With its messages the room has told how far one has read, by which the page decides what lies on top.
    await expect(page.locator(".log .message").first).to_be_attached()
    if await page.evaluate("matchMedia('(min-width: 80rem)').matches"):
        return
    toggle = page.locator(".case-bar [aria-expanded]")
    if await toggle.get_attribute("aria-expanded") == "true":
        await toggle.click()
    await expect(toggle).to_have_attribute("aria-expanded", "false")


class Shown:
    """What was shown at places of a page from where it passes by itself: kept, so that nobody need look in time."""

    def __init__(self, page: Page, selector: str) -> None:
        self._page = page
        self._selector = selector

    @classmethod
    async def watch(cls, page: Page, selector: str) -> Shown:
        """Look from now on, on the pages to come as well."""
        await page.evaluate(_KEEP_SHOWN, selector)
        await page.add_init_script(f"({_KEEP_SHOWN})({json.dumps(selector)})")
        return cls(page, selector)

    async def has(self, text: str) -> None:
        """Wait until a text was among what was shown."""

        async def told() -> bool:
            shown: list[str] = await self._page.evaluate("(selector) => window.shownAt[selector]", self._selector)
            return any(text in one for one in shown)

        await until(told, f"{text} at {self._selector}")


async def stay(page: Page, seconds: float) -> None:
    """Let what the page shows for so many seconds stay until it is used, on this page and those to come."""
    await page.evaluate(_STAY, seconds * 1000)
    await page.add_init_script(f"({_STAY})({seconds * 1000})")


class Wire:
    """What goes over a page's live connections, from the next one on."""

    def __init__(self, page: Page) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self._answers: list[tuple[dict[str, Any], dict[str, Any]]] = []
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        asked: dict[int, dict[str, Any]] = {}

        def sent(payload: str | bytes) -> None:
            command = json.loads(payload)
            asked[command["id"]] = command
            self.sent.append(command)

        def received(payload: str | bytes) -> None:
            told = json.loads(payload)
            self.received.append(told)
            if (command := asked.get(told.get("id"))) is not None:
                self._answers.append((command, told))

        socket.on("framesent", sent)
        socket.on("framereceived", received)

    def asked(self, op: str, **fields: object) -> list[dict[str, Any]]:
        """Return the commands of a kind that were sent, with these fields."""
        return [one for one in self.sent if one["op"] == op and fields.items() <= one.items()]

    async def answered(self, op: str, **fields: object) -> dict[str, Any]:
        """Wait until the server has answered a command with these fields, not by an error; return its answer."""
        found: list[dict[str, Any]] = []

        async def told() -> bool:
            found.extend(
                answer
                for command, answer in self._answers
                if command["op"] == op and fields.items() <= command.items() and answer["op"] != "error"
            )
            return bool(found)

        await until(told, f"an answer to {op} {fields}")
        return found[0]
