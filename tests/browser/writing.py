"""How a case is written by hand: what several tests begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Page


async def new_case(
    page: Page,
    title: str,
    *,
    presentation: str = "A woman of sixty, found confused.",
    question: str = "What now?",
    urgency: str | None = None,
) -> None:
    """Go through the steps that are needed, look at the preview, post, and be in the room."""
    await page.get_by_role("link", name="New case", exact=True).first.click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_label("Your question").fill(question)
    await page.get_by_label("Specialty asked").select_option("nephrology")
    if urgency is not None:
        await page.get_by_role("radio", name=urgency).check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Presentation").fill(presentation)
    await page.get_by_role("button", name="To the preview").click()
    await expect(page.get_by_role("heading", name=title)).to_be_visible()
    await page.get_by_role("button", name="Post case").click()
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


async def more(page: Page, action: str) -> None:
    """Do with a case what stands behind its "more"."""
    await page.get_by_role("button", name="More for this case").click()
    await page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()
