"""Every page, dialog, empty and error state: axe finds nothing, and every target is as large as a finger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, expect

from tests.browser.states import MEMBER, STATES
from tests.browser.waiting import loaded

if TYPE_CHECKING:
    from tests.browser.conftest import Demo, NewPage

AXE: Final = Path(__file__).parents[2] / "client/node_modules/axe-core/axe.min.js"
SIZES: Final = {390: 844, 1280: 800}

_SMALL: Final = """() => [...document.querySelectorAll('button, a[href], input, select, textarea, summary, [role=option]')]
  .filter((one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
    && !one.closest('.message .body, .hidden'))
  .map((one) => ({ box: one.getBoundingClientRect(), name: one.outerHTML.slice(0, 120) }))
  .filter(({ box }) => box.width > 0 && (box.width < 43.5 || box.height < 43.5))
  .map(({ box, name }) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${name}`)"""


async def check(page: Page) -> None:
    """Let axe look at what is there when all of it is, and measure the targets."""
    await loaded(page)
    await page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    wrong = [(one["id"], one["help"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
    assert wrong == [], json.dumps(wrong, indent=1)
    assert await page.evaluate(_SMALL) == []
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_is_accessible(person: NewPage, demo: Demo, width: int, scheme: str) -> None:
    """Light and dark, phone and desktop."""
    options: dict[str, Any] = {"viewport": {"width": width, "height": SIZES[width]}, "color_scheme": scheme}
    page = await person(None, **options)
    await expect(page.get_by_role("heading", name="Who are you today?")).to_be_visible()
    await check(page)
    failures = []
    page = await person(MEMBER, **options)
    for name, show in STATES.items():
        try:
            await show(page, demo.url)
            await check(page)
        except AssertionError as error:
            failures.append(f"{name}: {error}")
        await page.unroute_all()
    assert failures == [], "\n".join(failures)
