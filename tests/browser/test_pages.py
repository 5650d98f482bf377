"""The pages: signing in, the list, a new case; on a phone and on a desk, in light and dark, by everybody."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest
from playwright.async_api import Page, expect

from tests.browser.waiting import loaded
from tests.browser.writing import new_case

if TYPE_CHECKING:
    from tests.browser.conftest import Demo, NewPage

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE: Any = {"width": 390, "height": 844}
PAGES = ["cases", "room", "new", "lounges", "me"]


async def show(page: Page, demo: Demo, name: str) -> None:
    """Go to a page and wait until it is there."""
    if name == "room":
        await page.goto(f"{demo.url}/cases")
        await page.get_by_role("link").filter(has_text="Chest pain 16 days").click()
        await expect(page.locator(".message").first).to_be_visible()
    elif name == "sign-in":
        await expect(page.get_by_role("heading", name="Who are you today?")).to_be_visible()
        await expect(page.get_by_text("heron-lane")).to_be_visible()
    else:
        await page.goto(f"{demo.url}/{name}")
        await expect(page.locator("h1").first).to_be_visible()
        if name in ("cases", "lounges"):
            await expect(page.locator("a.row").first).to_be_visible()
    await loaded(page)


async def test_signing_in_as_a_demo_member_leads_to_the_cases(person: NewPage) -> None:
    """One press: the list, under the member's handle; signing out leads back."""
    page = await person(None)
    await page.get_by_role("button", name="heron-lane").click()
    await expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()
    await expect(page.get_by_text("Simulated.")).to_be_visible()
    await page.get_by_role("link", name="Me", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Who are you today?")).to_be_visible()


async def test_a_new_case_appears_in_the_lists_of_others(person: NewPage) -> None:
    """Posted in one browser it stands on top in another's, live, and leads its author to its room."""
    author, other = await person("tarn-lantern"), await person("heron-lane")
    await expect(other.locator("a.row").first).to_be_visible()
    title = f"Sodium 112 and a seizure {uuid.uuid4().hex[:6]}"
    await author.get_by_role("link", name="New case", exact=True).first.click()
    await author.get_by_role("button", name="To the preview").click()
    await author.get_by_role("button", name="Post case").click()
    problems = author.get_by_role("alert").filter(has_text="4 things are missing")
    await problems.get_by_role("button", name="Give the case a title.").click()
    await expect(author.get_by_label("Title")).to_be_focused()
    await new_case(
        author,
        title,
        presentation="A woman of 44, vomiting for two days, sodium 112 mmol/l.",
        question="How fast may I correct it?",
        urgency="Emergency",
    )
    await expect(author.get_by_text("How fast may I correct it?")).to_be_visible()
    row = other.locator("a.row").first
    await expect(row).to_contain_text(title)
    await expect(row).to_contain_text("Emergency")
    await expect(row).to_contain_text("Waiting")


async def test_a_draft_survives_a_reload(person: NewPage, demo: Demo) -> None:
    """What was typed for a new case is there again."""
    page = await person("plover-desk")
    await page.goto(f"{demo.url}/new")
    await page.get_by_label("Title").fill("Half a thought")
    await page.get_by_label("Your question").fill("And half a question")
    await page.reload()
    await expect(page.get_by_label("Title")).to_have_value("Half a thought")
    await expect(page.get_by_label("Your question")).to_have_value("And half a question")


async def test_the_filters_narrow_the_list(person: NewPage) -> None:
    """By urgency, by waiting, and back to all."""
    page = await person("heron-lane")
    rows = page.locator("a.row")
    await expect(rows.first).to_be_visible()
    await loaded(page)
    every = await rows.count()
    await page.get_by_label("Urgency").select_option("urgent")
    await expect(page.locator("a.row .badge.emergency")).to_have_count(0)
    await expect(rows.first).to_be_visible()
    await loaded(page)
    assert 0 < await rows.count() < every
    await page.get_by_label("Urgency").select_option("")
    await expect(rows).to_have_count(every)


async def test_back_leads_where_one_came_from(person: NewPage, demo: Demo) -> None:
    """From a room to the list, by the browser's own button and by the page's."""
    page = await person("heron-lane", viewport=PHONE)
    await show(page, demo, "room")
    await page.go_back()
    await expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()
    await show(page, demo, "room")
    await page.get_by_role("button", name="Back", exact=True).click()
    await expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()


async def test_what_does_not_exist_and_what_is_not_yours_look_alike(person: NewPage, demo: Demo) -> None:
    """The page says the same of both."""
    page = await person("heron-lane")
    await page.goto(f"{demo.url}/cases/01a20704-0000-7000-8000-333e0b3a90d7")
    await expect(page.get_by_role("heading", name="There is nothing here for you")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sign-in", *PAGES])
async def test_every_page_is_accessible(person: NewPage, demo: Demo, name: str, scheme: str) -> None:
    """The checker axe finds nothing against WCAG 2.2 AA, at phone and at desktop width."""
    handle = None if name == "sign-in" else "heron-lane"
    for viewport in (PHONE, {"width": 1280, "height": 800}):
        page = await person(handle, color_scheme=scheme, viewport=viewport, bypass_csp=True)
        await show(page, demo, name)
        await page.evaluate(AXE)
        found = await page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        wrong = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
        assert wrong == [], json.dumps(wrong, indent=1)


@pytest.mark.parametrize("name", ["sign-in", *PAGES])
async def test_a_phone_shows_every_page_whole_with_targets_for_a_thumb(person: NewPage, demo: Demo, name: str) -> None:
    """At 390 pixels nothing sticks out to the side, and whatever can be pressed measures 44 by 44 pixels."""
    page = await person(None if name == "sign-in" else "heron-lane", viewport=PHONE)
    await show(page, demo, name)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    small = await page.evaluate(
        """() => [...document.querySelectorAll('a, button, select, input, textarea')]
            .filter((one) => one.checkVisibility() && !one.closest('.body'))
            .map((one) => [one, one.type === 'radio' ? one.parentElement.getBoundingClientRect() : one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44)
            .map(([one, box]) => `${one.outerHTML.slice(0, 100)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
    )
    assert small == []
