"""Takes every page from a demo of its own, into `shots/` to be looked at; those that the documentation shows are kept.

Run it by `make shots`, or `python -m tools.shots`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import async_playwright

from tests.browser.states import MEMBER, STATES
from tools.capture import film

if TYPE_CHECKING:
    from playwright.async_api import Browser

ROOT: Final = Path(__file__).parents[1]
TARGET: Final = ROOT / "shots"
KEPT: Final = ROOT / "docs/images"
SHOWN: Final = ("room-1280-light", "cases-390-light", "incoming-390-light", "room-390-dark")
"""The pictures that README.md and the tutorial show."""
SIZES: Final[tuple[Any, ...]] = ({"width": 390, "height": 844}, {"width": 1280, "height": 800})
FILMED: Final = "cedar-ward"
PATIENCE: Final = 90
READY: Final = 200


def started(data: str, port: int) -> subprocess.Popen[bytes]:
    """Start a demo and wait until it is ready."""
    command = [sys.executable, "-m", "lounge", "demo", "--quiet", "--port", str(port), "--data", data]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                if answer.status == READY:
                    return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit("shots: the demo did not start")


async def take(browser: Browser, url: str, viewport: Any, scheme: Any) -> None:  # noqa: ANN401  Playwright's own types
    """Take every page in one size and scheme."""
    context = await browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce", locale="en-GB")
    page = await context.new_page()

    async def shoot(name: str) -> None:
        await page.wait_for_timeout(600)
        await page.screenshot(path=TARGET / f"{name}-{viewport['width']}-{scheme}.png")

    await page.goto(url)
    await page.get_by_role("button", name=MEMBER).wait_for()
    await shoot("sign-in")
    await page.get_by_role("button", name=MEMBER).click()
    await page.locator("a.row").first.wait_for()
    for name, show in STATES.items():
        await show(page, url)
        await shoot(name.replace(" ", "-"))
        await page.unroute_all()
    await context.close()


async def take_all(url: str) -> None:
    """Take every size and scheme."""
    path = next(
        (
            found
            for name in (os.environ.get("LOUNGE_CHROMIUM", ""), "chromium", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--disable-gpu"], chromium_sandbox=os.geteuid() != 0
        )
        for viewport in SIZES:
            for scheme in ("light", "dark"):
                await take(browser, url, viewport, scheme)
        await film(browser, url, FILMED, KEPT / "tour.gif")
        await browser.close()


def main() -> None:
    """Run a demo, take the pictures, end it."""
    for folder in (TARGET, KEPT):
        folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = Path(tempfile.gettempdir()) / f"lounge-shots-{port}"
    data.mkdir(mode=0o755)
    process = started(str(data), port)
    try:
        asyncio.run(take_all(f"http://127.0.0.1:{port}"))
        for name in SHOWN:
            shutil.copyfile(TARGET / f"{name}.png", KEPT / f"{name}.png")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
