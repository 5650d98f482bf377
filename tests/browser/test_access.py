"""Every page, dialog, empty and error state: axe finds nothing, and on a phone every target is as large as a finger."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, expect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.browser.conftest import Demo, NewPage

AXE: Final = Path(__file__).parents[2] / "client/node_modules/axe-core/axe.min.js"
SIZES: Final = {390: 844, 1280: 800}
FINGER: Final = 44
MORE: Final = re.compile("^More: ")

_SMALL: Final = """() => [...document.querySelectorAll('button, a[href], input, select, textarea, summary, [role=option]')]
  .filter((one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
    && !one.closest('.message .body, .hidden'))
  .map((one) => ({ box: one.getBoundingClientRect(), name: one.outerHTML.slice(0, 120) }))
  .filter(({ box }) => box.width > 0 && (box.width < 43.5 || box.height < 43.5))
  .map(({ box, name }) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${name}`)"""


async def room(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/cases")
    await page.get_by_role("link").filter(has_text="Chest pain 16 days").click()
    await expect(page.locator(".log .message").first).to_be_visible()


async def resolved(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/cases")
    await page.get_by_label("State").select_option("resolved")
    await page.get_by_role("link").filter(has_text="Boy back from a lake").click()
    await expect(page.get_by_role("region", name="How it ended")).to_be_visible()


async def menu(page: Page, demo: Demo) -> None:
    await room(page, demo)
    await page.locator(".log .message").last.hover()
    await page.locator(".log .message").last.get_by_role("button", name=MORE).click()


async def thread(page: Page, demo: Demo) -> None:
    await menu(page, demo)
    await page.get_by_role("button", name="Open thread").click()
    await expect(page.get_by_role("complementary", name="Thread")).to_be_visible()


async def dialog(page: Page, demo: Demo, name: str) -> None:
    await room(page, demo)
    await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def resolving(page: Page, demo: Demo) -> None:
    await dialog(page, demo, "Resolve")
    await page.get_by_role("dialog").get_by_role("button", name="Resolve").click()


async def correcting(page: Page, demo: Demo) -> None:
    await dialog(page, demo, "Correct")


async def withdrawing(page: Page, demo: Demo) -> None:
    await dialog(page, demo, "Withdraw")


async def calling(page: Page, demo: Demo) -> None:
    await room(page, demo)
    await page.get_by_role("textbox", name="Write a reply").press_sequentially("Look, @")
    await expect(page.get_by_role("listbox")).to_be_visible()


async def empty(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/cases")
    await page.get_by_role("button", name="Followed").click()
    await expect(page.get_by_text("No case matches")).to_be_visible()


async def missing(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/cases/0190b6c0-0000-7000-8000-000000000000")
    await expect(page.get_by_text("There is nothing here for you")).to_be_visible()


async def lounge(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/lounges")
    await page.get_by_role("link").filter(has_text="Journal club").click()
    await expect(page.locator(".log .message").first).to_be_visible()
    await expect(page.get_by_role("button", name="here")).to_be_visible()


async def new_room(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/lounges")
    await page.get_by_role("button", name="New room").click()
    await page.get_by_role("dialog").get_by_role("button", name="Open room").click()
    await expect(page.get_by_text("Name at least one colleague.")).to_be_visible()


async def form(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/new")
    await page.get_by_role("button", name="Post case").click()
    await expect(page.get_by_text("Give the case a title.")).to_be_visible()


async def keys(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/me")
    await expect(page.get_by_role("heading").first).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()


async def broken(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.url}/cases")
    await expect(page.locator("a.row").first).to_be_visible()
    await page.route("**/api/v1/cases?*", lambda route: route.abort())
    # A list that was never asked for: nothing of it is kept.
    await page.get_by_label("Urgency").select_option("routine")
    await page.get_by_role("button", name="Mine").click()
    await expect(page.get_by_text("That did not work")).to_be_visible()


def plain(path: str) -> Callable[[Page, Demo], Awaitable[None]]:
    async def show(page: Page, demo: Demo) -> None:
        await page.goto(f"{demo.url}/{path}")
        await expect(page.locator("h1").first).to_be_visible()
        await page.wait_for_timeout(300)

    return show


STATES: Final[dict[str, Callable[[Page, Demo], Awaitable[None]]]] = {
    "cases": plain("cases"),
    "lounges": plain("lounges"),
    "notices": plain("notices"),
    "me": plain("me"),
    "room": room,
    "resolved": resolved,
    "menu": menu,
    "thread": thread,
    "resolving": resolving,
    "correcting": correcting,
    "withdrawing": withdrawing,
    "calling": calling,
    "empty": empty,
    "missing": missing,
    "lounge": lounge,
    "new room": new_room,
    "form": form,
    "keys": keys,
    "broken": broken,
}


async def check(page: Page, *, phone: bool) -> None:
    """Let axe look, and measure the targets."""
    await page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    wrong = [(one["id"], one["help"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
    assert wrong == [], json.dumps(wrong, indent=1)
    if phone:
        assert await page.evaluate(_SMALL) == []
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_is_accessible(person: NewPage, demo: Demo, width: int, scheme: str) -> None:
    """Light and dark, phone and desktop."""
    options: dict[str, Any] = {"viewport": {"width": width, "height": SIZES[width]}, "color_scheme": scheme}
    page = await person(None, **options)
    await expect(page.get_by_role("heading", name="Who are you today?")).to_be_visible()
    await check(page, phone=width < FINGER * 20)
    failures = []
    page = await person("orchard-gate", **options)
    for name, show in STATES.items():
        try:
            await show(page, demo)
            await check(page, phone=width < FINGER * 20)
        except AssertionError as error:
            failures.append(f"{name}: {error}")
        await page.unroute_all()
    assert failures == [], "\n".join(failures)
