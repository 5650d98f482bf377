"""Other languages: every page in a language longer than any, and read from the right; names and labels as it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.waiting import loaded

if TYPE_CHECKING:
    from tests.browser.conftest import Demo, NewPage

PAGES = ("cases", "lounges", "new", "notices", "me", "design")
_UNMARKED = """() => [...document.querySelectorAll('nav a, button, label, legend, h1, h2, .hint')]
  .filter((one) => one.checkVisibility() && !one.closest('.design, .message, .panel, body [lang]'))
  .map((one) => one.textContent.trim())
  .filter((text) => /[a-z]{3}/.test(text) && !text.includes('['))"""


async def in_language(person: NewPage, tag: str, handle: str = "orchard-gate", **options: Any) -> Page:
    """Return the page of somebody whose browser prefers this language."""
    page = await person(handle, **options)
    await page.evaluate("(tag) => localStorage.setItem('language', tag)", tag)
    await page.reload()
    await expect(page.locator("a.row").first).to_be_visible()
    return page


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("tag", ["en-XA", "ar-XB"])
async def test_pages_hold_a_language_that_is_longer_from_either_side(
    person: NewPage, demo: Demo, tag: str, width: int
) -> None:
    """A third longer than English, from the left and from the right: nothing sticks out, and every word is a catalogue's."""
    page = await in_language(person, tag, viewport={"width": width, "height": 844})
    assert await page.evaluate("document.documentElement.dir") == ("rtl" if tag == "ar-XB" else "ltr")
    for name in PAGES:
        await page.goto(f"{demo.url}/{name}")
        await expect(page.locator("h1").first).to_be_visible()
        await loaded(page)
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name
        if name != "design":
            assert await page.evaluate(_UNMARKED) in ([], ["orchard-gate"]), name
    await page.goto(f"{demo.url}/cases")
    await page.locator("a.row").first.click()
    await expect(page.locator(".room .composer")).to_be_visible()
    await loaded(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("tag", "cases", "specialty"),
    [
        ("de-AT", "Fälle", "Frauenheilkunde und Geburtshilfe"),
        ("fr-CA", "Cas", "Gynécologie-obstétrique"),
        ("es-MX", "Casos", "Obstetricia y ginecología"),
        ("en-US", "Cases", "Obstetrics and gynecology"),
    ],
)
async def test_a_browsers_own_language_is_spoken(
    person: NewPage, demo: Demo, tag: str, cases: str, specialty: str
) -> None:
    """Without a choice: titles, specialties; and the page says which language it is in."""
    page = await person("orchard-gate", locale=tag)
    await expect(page.get_by_role("heading", level=1, name=cases, exact=True)).to_be_visible()
    await page.goto(f"{demo.url}/me")
    await expect(page.get_by_text(specialty).first).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") in (tag, tag.split("-", maxsplit=1)[0])


async def test_a_language_is_chosen_and_kept(person: NewPage, demo: Demo) -> None:
    """At once, without a reload, and after one."""
    page = await person("plover-desk")
    await page.goto(f"{demo.url}/me")
    await page.get_by_label("Language of the pages").select_option("fr")
    await expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
