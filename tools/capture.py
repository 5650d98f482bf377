"""A short film of the demo for the README: from the list to a case, an answer, and what is known of the patient.

Frames are taken at moments that we choose, not by the clock, and kept as an animated GIF with one palette for all of them.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from playwright.async_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Page

SIZE: Final[Any] = {"width": 1280, "height": 720}
SHOWN: Final = (960, 540)
COLOURS: Final = 96
ANSWER: Final = "Stop the beta-blocker, calcium first, then think of the four that feed each other."
LETTERS_A_FRAME: Final = 9


class Film:
    """Frames, and how long each stands in milliseconds."""

    def __init__(self, page: Page) -> None:
        """Take the page that is filmed."""
        self._page = page
        self._frames: list[Image.Image] = []
        self._lasts: list[int] = []

    async def show(self, milliseconds: int) -> None:
        """Take what is shown now, to stand for so long."""
        shot = Image.open(io.BytesIO(await self._page.screenshot())).convert("RGB")
        self._frames.append(shot.resize(SHOWN, Image.Resampling.LANCZOS))
        self._lasts.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write the film: one palette for all frames, so that nothing flickers and what stays the same costs nothing."""
        palette = self._frames[len(self._frames) // 2].quantize(COLOURS, dither=Image.Dither.NONE)
        first, *others = [frame.quantize(COLOURS, palette=palette, dither=Image.Dither.NONE) for frame in self._frames]
        first.save(path, save_all=True, append_images=others, duration=self._lasts, loop=0, optimize=True)


async def film(browser: Browser, url: str, member: str, path: Path) -> None:
    """Play the scene and write it to `path`."""
    context = await browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce", locale="en-GB")
    page = await context.new_page()
    reel = Film(page)
    await page.goto(url)
    await page.get_by_role("button", name=member).click()
    await expect(page.locator("a.row").first).to_be_visible()
    await page.get_by_role("button", name="Skip the tour").click()
    await page.wait_for_timeout(600)
    await reel.show(1500)
    await page.locator("a.row").first.click()
    box = page.get_by_role("textbox", name="Write a reply")
    await expect(box).to_be_visible()
    await page.wait_for_timeout(600)
    await reel.show(2200)
    for end in range(LETTERS_A_FRAME, len(ANSWER) + LETTERS_A_FRAME, LETTERS_A_FRAME):
        await box.fill(ANSWER[:end])
        await reel.show(140)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("log").get_by_text(ANSWER)).to_be_visible()
    await page.wait_for_timeout(800)
    await reel.show(2400)
    await page.get_by_label("State").select_option("resolved")
    await page.get_by_role("link").filter(has_text="Boy back from a lake").click()
    await expect(page.get_by_role("region", name="How it ended")).to_be_visible()
    await page.wait_for_timeout(600)
    await reel.show(3000)
    reel.save(path)
    await context.close()
