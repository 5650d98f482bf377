"""Every page, dialog, empty and error state of the application, and how one comes there: for those who look at all of them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Page, Route, expect

from tests.browser.waiting import loaded
from tests.browser.writing import more

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MORE: Final = re.compile("^More: ")
MEMBER: Final = "orchard-gate"
"""Who sees all of them: the author of the case that is opened."""


async def room(page: Page, base: str) -> None:
    await page.goto(f"{base}/cases")
    await page.get_by_role("link").filter(has_text="Chest pain 16 days").click()
    await expect(page.locator(".log .message").first).to_be_visible()


async def resolved(page: Page, base: str) -> None:
    await page.goto(f"{base}/cases")
    await page.get_by_label("State").select_option("resolved")
    await page.get_by_role("link").filter(has_text="Boy back from a lake").click()
    await expect(page.get_by_role("region", name="How it ended")).to_be_visible()


async def menu(page: Page, base: str) -> None:
    await room(page, base)
    await page.locator(".log .message").last.hover()
    await page.locator(".log .message").last.get_by_role("button", name=MORE).click()


async def thread(page: Page, base: str) -> None:
    await menu(page, base)
    await page.get_by_role("button", name="Open thread").click()
    await expect(page.get_by_role("complementary", name="Thread")).to_be_visible()


async def dialog(page: Page, base: str, name: str) -> None:
    await room(page, base)
    await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def resolving(page: Page, base: str) -> None:
    await dialog(page, base, "Resolve")
    await page.get_by_role("dialog").get_by_role("button", name="Resolve").click()


async def correcting(page: Page, base: str) -> None:
    await room(page, base)
    await more(page, "Correct")


async def case_menu(page: Page, base: str) -> None:
    await dialog(page, base, "More for this case")


async def about(page: Page, base: str) -> None:
    await room(page, base)
    if await page.get_by_role("button", name="Show the case").is_visible():
        await page.get_by_role("button", name="Show the case").click()
    await expect(page.get_by_role("complementary", name="The case")).to_be_visible()


async def calling(page: Page, base: str) -> None:
    await room(page, base)
    await page.get_by_role("textbox", name="Write a reply").press_sequentially("Look, @")
    await expect(page.get_by_role("listbox")).to_be_visible()


async def empty(page: Page, base: str) -> None:
    await page.goto(f"{base}/cases")
    await page.get_by_role("button", name="Followed").click()
    await expect(page.get_by_text("No case matches")).to_be_visible()


async def none(page: Page, base: str) -> None:
    async def nothing(route: Route) -> None:
        await route.fulfill(json={"cases": [], "next": None, "time": 0})

    await page.route("**/api/v1/cases?*", nothing)
    await page.goto(f"{base}/cases")
    await expect(page.get_by_text("No open cases")).to_be_visible()


async def missing(page: Page, base: str) -> None:
    await page.goto(f"{base}/cases/0190b6c0-0000-7000-8000-000000000000")
    await expect(page.get_by_text("There is nothing here for you")).to_be_visible()


async def lounge(page: Page, base: str) -> None:
    await page.goto(f"{base}/lounges")
    await page.get_by_role("link").filter(has_text="Journal club").click()
    await expect(page.locator(".log .message").first).to_be_visible()
    await expect(page.get_by_role("button", name="here")).to_be_visible()


async def new_room(page: Page, base: str) -> None:
    await page.goto(f"{base}/lounges")
    await page.get_by_role("button", name="New room").click()
    await page.get_by_role("dialog").get_by_role("button", name="Open room").click()
    await expect(page.get_by_text("Name at least one colleague.")).to_be_visible()


RESULTS: Final = "Potassium 7.1 mmol/L (3.5-5.3)\nCreatinine 412 µmol/L (45-84)\nBlood cultures: negative"


async def step(page: Page, base: str, name: str) -> None:
    await page.goto(f"{base}/new")
    await page.get_by_role("button", name=name).click()
    await expect(page.get_by_role("heading", level=2, name=name)).to_be_visible()


async def form(page: Page, base: str) -> None:
    await step(page, base, "Preview")
    await page.get_by_role("button", name="Post case").click()
    await expect(page.get_by_text("things are missing")).to_be_visible()


async def findings(page: Page, base: str) -> None:
    await step(page, base, "Findings")
    await page.get_by_role("textbox", name="Investigations").fill(RESULTS)
    await expect(page.get_by_role("table")).to_be_visible()


async def wrong_field(page: Page, base: str) -> None:
    await form(page, base)
    await page.get_by_role("button", name="Give the case a title.").click()
    await expect(page.get_by_label("Title")).to_be_focused()


def stepped(name: str) -> Callable[[Page, str], Awaitable[None]]:
    async def show(page: Page, base: str) -> None:
        await step(page, base, name)

    return show


async def keys(page: Page, base: str) -> None:
    await page.goto(f"{base}/me")
    await expect(page.get_by_role("heading").first).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()


async def broken(page: Page, base: str) -> None:
    await page.goto(f"{base}/cases")
    await expect(page.locator("a.row").first).to_be_visible()
    await page.route("**/api/v1/cases?*", lambda route: route.abort())
    # A list that was never asked for: nothing of it is kept.
    await page.get_by_label("Urgency").select_option("routine")
    await page.get_by_role("button", name="Mine").click()
    await expect(page.get_by_text("That did not work")).to_be_visible()


PAGE: Final[dict[str, Any]] = {
    "id": "0190b6c0-0000-7000-8000-000000000001",
    "case": "0190b6c0-0000-7000-8000-000000000002",
    "room": "0190b6c0-0000-7000-8000-000000000003",
    "specialty": "obstetrics-gynaecology",
    "urgency": "urgent",
    "language": "en",
    "label": "Internal medicine, Europe",
    "state": "delivered",
    "why": ["specialty:obstetrics-gynaecology", "on_call", "local:03:20", "today:0"],
    "others": ["Obstetrics and gynaecology, Asia", "Obstetrics and gynaecology, Europe"],
    "holder": None,
    "reason": None,
    "reopens_at": None,
    "ended_at": None,
}
"""A page as the server tells it; a real one would be somebody's to answer while it is looked at."""
MINUTE: Final = 60_000


async def paged(page: Page, base: str, path: str = "pager", **change: object) -> None:
    now = int(time.time() * 1000)
    one = {**PAGE, "opened_at": now - MINUTE, "paged_at": now - MINUTE, "next_at": now + 60 * MINUTE, **change}
    over = {**one, "id": PAGE["id"][:-1] + "9", "state": "superseded", "holder": "Cardiology, Europe", "ended_at": now}

    async def pages(route: Route) -> None:
        found = [one] if "open=true" in route.request.url else [one, over]
        await route.fulfill(json={"pages": found, "next": None, "time": now})

    async def received(route: Route) -> None:
        await route.fulfill(json={"page": one})

    await page.route("**/api/v1/pager/pages*", pages)
    await page.route("**/api/v1/pager/pages/*/received", received)
    await page.goto(f"{base}/{path}")


async def incoming(page: Page, base: str) -> None:
    await paged(page, base)
    await expect(page.get_by_role("article", name="Urgent page")).to_be_visible()
    await loaded(page)


async def declining(page: Page, base: str) -> None:
    await incoming(page, base)
    await page.get_by_role("button", name="Decline").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def handing_over(page: Page, base: str) -> None:
    await incoming(page, base)
    await page.get_by_role("button", name="Hand over").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def on_the_way(page: Page, base: str) -> None:
    await paged(page, base, state="acknowledged", next_at=None, reopens_at=int(time.time() * 1000) + 60 * MINUTE)
    await expect(page.get_by_role("article", name="You are on the way")).to_be_visible()
    await loaded(page)


async def calling_from_elsewhere(page: Page, base: str) -> None:
    await paged(page, base, "lounges")
    await expect(page.get_by_role("alert").filter(has_text="Urgent page")).to_be_visible()
    await loaded(page)


async def searched(page: Page, base: str) -> None:
    now = int(time.time() * 1000)
    people = [
        {"label": "Cardiology, Europe", "state": "acknowledged", "at": now},
        {"label": "Cardiology, Asia", "state": "seen", "at": now},
        {"label": "Internal medicine, Kenya", "state": "declined", "at": now},
    ]

    async def search(route: Route) -> None:
        found = {
            "case": route.request.url.split("/")[-2],
            "state": "searching",
            "paged": 3,
            "open": 1,
            "acknowledged": 1,
            "declined": 1,
            "next_at": now + 60 * MINUTE,
            "next_people": 6,
            "opened_at": now - MINUTE,
            "first_paged_at": now - MINUTE,
            "acknowledged_at": now,
            "people": people,
            "may": ["call-more", "widen", "stand-down"],
        }
        await route.fulfill(json={"search": found})

    await page.route("**/paging", search)
    await room(page, base)
    await expect(page.get_by_role("group", name="Who is asked to answer")).to_contain_text("1 on the way")


async def who_is_asked(page: Page, base: str) -> None:
    await searched(page, base)
    await page.get_by_role("group", name="Who is asked to answer").get_by_role("button").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def asked_in_case(page: Page, base: str) -> None:
    await page.goto(f"{base}/cases")
    row = page.get_by_role("link").filter(has_text="Three men after home-distilled spirit")
    case = (await row.get_attribute("href") or "").rpartition("/")[2]
    await paged(page, base, f"cases/{case}", case=case)
    await expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    await loaded(page)


async def wrong_hours(page: Page, base: str) -> None:
    await page.goto(f"{base}/pager/duty")
    weekly = page.get_by_role("group", name="Weekly hours on call")
    await weekly.get_by_role("button", name="Add hours").click()
    await expect(weekly.get_by_text("Monday")).to_be_visible()
    await weekly.get_by_label("From").fill("08:10")
    await weekly.get_by_role("button", name="Add hours").click()
    await expect(weekly.get_by_role("alert")).to_be_visible()


def plain(path: str) -> Callable[[Page, str], Awaitable[None]]:
    async def show(page: Page, base: str) -> None:
        await page.goto(f"{base}/{path}")
        await expect(page.locator("h1").first).to_be_visible()
        await loaded(page)

    return show


STATES: Final[dict[str, Callable[[Page, str], Awaitable[None]]]] = {
    "cases": plain("cases"),
    "lounges": plain("lounges"),
    "notices": plain("notices"),
    "pager": plain("pager"),
    "incoming": incoming,
    "declining": declining,
    "handing over": handing_over,
    "on the way": on_the_way,
    "calling from elsewhere": calling_from_elsewhere,
    "duty": plain("pager/duty"),
    "wrong hours": wrong_hours,
    "pulse": plain("pulse"),
    "searched": searched,
    "who is asked": who_is_asked,
    "asked in case": asked_in_case,
    "me": plain("me"),
    "room": room,
    "resolved": resolved,
    "menu": menu,
    "thread": thread,
    "resolving": resolving,
    "correcting": correcting,
    "case menu": case_menu,
    "about": about,
    "calling": calling,
    "empty": empty,
    "none": none,
    "missing": missing,
    "lounge": lounge,
    "new room": new_room,
    "new question": stepped("Question"),
    "new patient": stepped("Patient"),
    "new findings": findings,
    "new readers": stepped("Readers"),
    "form": form,
    "form field": wrong_field,
    "design": plain("design"),
    "keys": keys,
    "broken": broken,
}
