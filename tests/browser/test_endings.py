"""How a case ends, seen by its author and a colleague; rooms of a few; what concerns a member."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from playwright.async_api import Page, expect

from tests.browser.waiting import stay
from tests.browser.writing import more, new_case

if TYPE_CHECKING:
    from tests.browser.conftest import NewPage

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def unique(text: str) -> str:
    return f"{text} {uuid.uuid4().hex[:8]}"


async def visit(page: Page, title: str) -> None:
    """Open a case from the list."""
    await page.get_by_role("link").filter(has_text=title).click()
    await expect(page.get_by_role("heading", name=title)).to_be_visible()


async def write(page: Page, text: str) -> None:
    """Post by hand."""
    await page.get_by_role("textbox", name="Write a reply").fill(text)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("log").get_by_text(text, exact=True)).to_be_visible()


async def test_a_case_is_resolved_seen_by_others_and_reopened(person: NewPage) -> None:
    """On a phone by its author: the colleague's room closes under their eyes, with outcome and what was learned; and opens."""
    author, other = await person("tarn-lantern", **PHONE), await person("heron-lane")
    title = f"Confused at sixty {uuid.uuid4().hex[:6]}"
    await new_case(author, title)
    await visit(other, title)
    answer = f"Check the sodium {uuid.uuid4().hex[:6]}"
    await write(other, answer)
    await expect(author.get_by_role("log").get_by_text(answer)).to_be_visible()
    await author.get_by_role("button", name="Resolve").click()
    dialog = author.get_by_role("dialog")
    await dialog.get_by_role("button", name="Resolve").click()
    await expect(dialog.get_by_text("Say what the diagnosis is")).to_be_visible()
    await dialog.get_by_label("Diagnosis", exact=True).fill("Hyponatraemia")
    await dialog.get_by_label("What was learned").fill("Sodium first.")
    chosen = (
        await dialog.get_by_label("Which answer helped most?")
        .get_by_role("option")
        .filter(has_text=answer)
        .get_attribute("value")
    )
    await dialog.get_by_label("Which answer helped most?").select_option(chosen)
    await dialog.get_by_role("button", name="Resolve").click()
    await expect(dialog).to_have_count(0)
    for page in (author, other):
        await expect(page.get_by_role("region", name="How it ended").get_by_text("Hyponatraemia")).to_be_visible()
        await expect(page.get_by_text("This room is closed.")).to_be_visible()
    await author.get_by_role("button", name="Reopen").click()
    await expect(other.get_by_role("textbox", name="Write a reply")).to_be_visible()
    await write(other, f"Good that it goes on {uuid.uuid4().hex[:6]}")


async def test_a_correction_is_seen_by_who_is_reading(person: NewPage) -> None:
    """Title and text change under their eyes, in the list as well."""
    author, other = await person("tarn-lantern"), await person("heron-lane")
    title, better = f"Mrs Smith {uuid.uuid4().hex[:6]}", f"A woman of sixty {uuid.uuid4().hex[:6]}"
    await new_case(author, title)
    await visit(other, title)
    await more(author, "Correct")
    dialog = author.get_by_role("dialog")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("Nothing was changed.")).to_be_visible()
    await dialog.get_by_label("Title").fill(better)
    await dialog.get_by_role("button", name="Save").click()
    for page in (author, other):
        await expect(page.get_by_role("heading", name=better)).to_be_visible()
        await expect(page.get_by_role("link").filter(has_text=better)).to_be_visible()
        await expect(page.get_by_text(title)).to_have_count(0)


async def test_a_withdrawn_case_leaves_the_list_of_others(person: NewPage) -> None:
    """At once, and comes back as quickly where its author takes that back."""
    author, other = await person("tarn-lantern"), await person("heron-lane")
    title = f"Asked too early {uuid.uuid4().hex[:6]}"
    await new_case(author, title)
    await expect(other.get_by_role("link").filter(has_text=title)).to_be_visible()
    await stay(author, 12)
    await more(author, "Withdraw")
    await expect(author.get_by_text("This room is closed.")).to_be_visible()
    await expect(other.get_by_role("link").filter(has_text=title)).to_have_count(0)
    await author.get_by_role("button", name="Undo").click()
    await expect(author.get_by_role("textbox", name="Write a reply")).to_be_visible()
    await expect(other.get_by_role("link").filter(has_text=title)).to_be_visible()


async def test_what_one_follows_is_told_and_found_again(person: NewPage) -> None:
    """Under "For you" with a count, and in the list of what is followed."""
    author, other = await person("tarn-lantern"), await person("cedar-ward")
    title = f"To be followed {uuid.uuid4().hex[:6]}"
    await new_case(author, title)
    await visit(other, title)
    await other.get_by_role("button", name="Follow", exact=True).click()
    await expect(other.get_by_role("button", name="Follow", exact=True)).to_have_attribute("aria-pressed", "true")
    await write(author, f"An afterthought {uuid.uuid4().hex[:6]}")
    await expect(other.locator(".top nav .count")).to_be_visible()
    await other.get_by_role("link", name="For you").first.click()
    await expect(other.get_by_role("link").filter(has_text=title).get_by_text("New", exact=True)).to_be_visible()
    await expect(other.locator(".top nav .count")).to_have_count(0)
    await other.get_by_role("link", name="Cases", exact=True).first.click()
    await other.get_by_role("button", name="Followed").click()
    await expect(other.locator("a.row")).to_have_count(1)


async def test_a_direct_room_is_opened_and_found_by_the_other(person: NewPage) -> None:
    """Who was invited is told, finds it by the other's handle, and both write."""
    one, two = await person("plover-desk"), await person("slow-cadence", **PHONE)
    await one.get_by_role("link", name="Lounges", exact=True).first.click()
    await one.get_by_role("button", name="New room").click()
    dialog = one.get_by_role("dialog")
    await dialog.get_by_label("Their handle").fill("nobody-such")
    await dialog.get_by_role("button", name="Open room").click()
    await expect(dialog.get_by_text("there is no member nobody-such")).to_be_visible()
    await dialog.get_by_label("Their handle").fill("slow-cadence")
    await dialog.get_by_role("button", name="Open room").click()
    await expect(one.get_by_role("heading", name="slow-cadence")).to_be_visible()
    await two.get_by_role("link", name="For you").last.click()
    await two.get_by_role("link").filter(has_text="You were invited").click()
    await expect(two.get_by_role("heading", name="plover-desk")).to_be_visible()
    text = f"Between us {uuid.uuid4().hex[:6]}"
    await two.get_by_role("textbox", name="Write a message").fill(text)
    await two.get_by_role("button", name="Send").click()
    await expect(one.get_by_role("log").get_by_text(text, exact=True)).to_be_visible()


async def test_whoever_is_known_by_an_alias_is_written_to_alone_by_it(person: NewPage) -> None:
    """From a message of a case's room; the other finds the room by the alias, and no handle is seen."""
    one, two = await person("basalt-step"), await person("cedar-ward")
    title = "Fever, sore red ears"
    for page in (one, two):
        await page.get_by_label("State").select_option("resolved")
        await page.get_by_role("link").filter(has_text=title).click()
        await expect(page.locator(".log .message").first).to_be_visible()
    message = one.locator(".log .message:not(.own)").filter(has_text="Before anyone steps up").first
    name = await message.locator(".who b").inner_text()
    await message.hover()
    await message.get_by_role("button", name=re.compile("^More: ")).click()
    await one.get_by_role("dialog").get_by_role("button", name="Write to them alone").click()
    await expect(one.get_by_role("heading", name=name)).to_be_visible()
    await two.get_by_role("link", name="For you").first.click()
    await two.get_by_role("link").filter(has_text="You were invited").first.click()
    text = unique("Between aliases")
    await two.get_by_role("textbox", name="Write a message").fill(text)
    await two.get_by_role("button", name="Send").click()
    await expect(one.get_by_role("log").get_by_text(text, exact=True)).to_be_visible()
    for page in (one, two):
        seen = await page.locator("section.room").inner_text()
        assert "basalt-step" not in seen
        assert "cedar-ward" not in seen
