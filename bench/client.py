"""What the pages cost a phone: the first view over a slow network, and a room into which a thousand messages come.

Run `python -m bench.client`: tables, then JSON. Chromium is slowed down as the Lighthouse project does for a mid-range phone:
the processor by four, the network to 1.6 Mbit/s down, 750 kbit/s up and 150 ms there and back. The baseline of the first view is
a page of one word from the same server, under the same conditions.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from playwright.async_api import async_playwright

from bench.installation import percentile
from lounge.drill.peer import connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.async_api import Browser, CDPSession, Page

SLOW_NETWORK: Final = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOW_PROCESSOR: Final = 4
RUNS: Final = 5
MESSAGES: Final = 1_000
WRITERS: Final = ("quiet-harbour", "tarn-lantern", "plover-desk", "slow-cadence", "birch-window")
EACH_PER_SECOND: Final = 40
QUIET: Final = 500
"""Milliseconds without a long task after which a page takes what is pressed at once."""
STATIC: Final = Path(__file__).parents[1] / "lounge/static"

_WATCH: Final = """(ready) => {
  window.long = [];
  window.shown = null;
  new MutationObserver((_, observer) => {
    if (document.querySelector(ready) === null) return;
    window.shown = performance.now();
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.long.push([one.startTime, one.duration]);
  }).observe({ type: 'longtask', buffered: true });
}"""
_FRAMES: Final = """() => {
  window.frames_ = [];
  let last = performance.now();
  const frame = (now) => { window.frames_.push(now - last); last = now; window.frame_ = requestAnimationFrame(frame); };
  window.frame_ = requestAnimationFrame(frame);
}"""


@contextmanager
def demo() -> Iterator[str]:
    """Run a demo without simulated colleagues; yield its address."""
    data = Path("/tmp") / f"lounge-bench-{secrets.token_hex(6)}"
    data.mkdir(mode=0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lounge", "demo", "--quiet", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + 90
            while True:
                assert time.monotonic() < deadline, "the demo did not start"
                try:
                    with urllib.request.urlopen(f"{url}/readyz") as answer:
                        if answer.status == 200:
                            break
                except OSError:
                    time.sleep(0.1)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            shutil.rmtree(data, ignore_errors=True)


async def slowed(page: Page) -> CDPSession:
    """Make the page's machine and network slow, and its cache empty."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await session.send("Network.emulateNetworkConditions", SLOW_NETWORK)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_PROCESSOR})
    return session


async def first_view(browser: Browser, url: str, path: str, ready: str, handle: str | None) -> tuple[float, float]:
    """Open a page for the first time; return when something was painted, and when it could be used, in milliseconds."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block", locale="en-GB")
    try:
        if handle is not None:
            headers = {"Origin": url}
            await context.request.post(f"{url}/api/v1/demo/sign-in", data={"handle": handle}, headers=headers)
        page = await context.new_page()
        await slowed(page)
        await page.add_init_script(f"({_WATCH})({json.dumps(ready)})")
        await page.goto(f"{url}{path}", wait_until="commit")
        await page.locator(ready).first.wait_for(timeout=60_000)
        await page.wait_for_timeout(QUIET * 3)
        painted, shown, tasks = await page.evaluate(
            "[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null, window.shown, window.long]"
        )
        usable = shown
        for start, duration in tasks:
            if start < usable + QUIET:
                usable = max(usable, start + duration)
        return painted if painted is not None else shown, usable
    finally:
        await context.close()


async def flood(url: str, room: str) -> float:
    """Post a thousand messages into a room, by several members; return the seconds it took."""
    async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as client:
        tokens = []
        for handle in WRITERS:
            answer = await client.post("/api/v1/demo/sign-in", json={"handle": handle})
            tokens.append(answer.json()["token"])

    async def write(token: str) -> None:
        peer = await connected(url, token, lambda _: None)
        every = 1 / EACH_PER_SECOND
        begun = time.perf_counter()
        for number in range(MESSAGES // len(WRITERS)):
            await asyncio.sleep(max(0.0, begun + number * every - time.perf_counter()))
            body = (
                f"Message {number}: potassium **7.{number % 10}**, and what was done, in a line or two of plain words."
            )
            await peer.ask("post", stream=room, key=str(uuid.uuid4()), body=body)
        await peer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(write(token) for token in tokens))
    return time.perf_counter() - begun


async def under_load(browser: Browser, url: str, *, slow: bool) -> dict[str, float]:
    """Type in a room while a thousand messages come; return the times between frames in milliseconds."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    try:
        await context.request.post(f"{url}/api/v1/demo/sign-in", data={"handle": "heron-lane"}, headers={"Origin": url})
        page = await context.new_page()
        await page.goto(f"{url}/cases")
        await page.locator("a.row").first.click()
        discussion = page.get_by_role("button", name=re.compile("^Discussion")).first
        await page.locator(".room .composer").wait_for()
        if await discussion.is_visible():
            await discussion.click()
        box = page.get_by_role("textbox", name="Write a reply")
        await box.wait_for()
        case = page.url.rpartition("/")[2]
        answer = await context.request.get(f"{url}/api/v1/cases/{case}")
        room = (await answer.json())["case"]["room"]
        if slow:
            session = await page.context.new_cdp_session(page)
            await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_PROCESSOR})
        await box.click()
        await page.wait_for_timeout(5000)
        await page.evaluate(_FRAMES)
        writing = asyncio.create_task(flood(url, room))
        typed = 0
        while not writing.done():
            await page.keyboard.type("potassium ")
            typed += 10
            await asyncio.sleep(0.05)
        await page.wait_for_timeout(1000)
        frames: list[float] = await page.evaluate(
            "() => { cancelAnimationFrame(window.frame_); return window.frames_; }"
        )
        value = await box.input_value()
        assert len(value) == typed, "a key was lost"
        return {
            "messages/s": MESSAGES / await writing,
            "p50": percentile(frames, 0.5),
            "p99": percentile(frames, 0.99),
            "max": max(frames),
            "over 100 ms": sum(one > 100 for one in frames),
        }
    finally:
        await context.close()


def bundle() -> dict[str, float]:
    """Return the kilobytes of each part of the client as it is sent, gzipped."""
    sizes: dict[str, float] = {}
    page = (STATIC / "index.html").read_text("utf-8")
    for path in sorted(STATIC.rglob("*")):
        if path.suffix not in {".js", ".css", ".html"}:
            continue
        name = path.name.rpartition("-")[0] + path.suffix if path.parent.name == "assets" else path.name
        first = (
            f'src="/assets/{path.name}"' in page or f'href="/assets/{path.name}"' in page or path.name == "index.html"
        )
        when = "first view" if first else "when needed"
        sizes[f"{name} ({when})"] = len(gzip.compress(path.read_bytes(), 9)) / 1000
    return sizes


async def measure(url: str) -> dict[str, Any]:
    """Measure everything."""
    path = next(
        found
        for name in (os.environ.get("LOUNGE_CHROMIUM", ""), "chromium", "google-chrome")
        if (found := shutil.which(name))
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--disable-gpu"], chromium_sandbox=os.geteuid() != 0
        )
        views: dict[str, tuple[float, float]] = {}
        for name, page, ready, handle in (
            ("baseline: one word", "/healthz", "body", None),
            ("signing in", "/", "button.who", None),
            ("the list of cases", "/cases", "a.row", "heron-lane"),
        ):
            runs = [await first_view(browser, url, page, ready, handle) for _ in range(RUNS)]
            views[name] = (percentile([one[0] for one in runs], 0.5), percentile([one[1] for one in runs], 0.5))
        rooms = {
            "as this machine is": await under_load(browser, url, slow=False),
            "processor slowed by 4": await under_load(browser, url, slow=True),
        }
        await browser.close()
    return {"views": views, "rooms": rooms, "bundle": bundle()}


def main() -> None:
    """Measure, and print."""
    with demo() as url:
        found = asyncio.run(measure(url))
    print("| first view, mid-range phone | something painted | can be used |")
    print("| --- | ---: | ---: |")
    for name, (painted, usable) in found["views"].items():
        print(f"| {name} | {painted:,.0f} ms | {usable:,.0f} ms |")
    print()
    print("| 1,000 messages come while one types | messages/s | frame p50 | p99 | max | over 100 ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, its in found["rooms"].items():
        frames = " | ".join(f"{its[part]:.0f} ms" for part in ("p50", "p99", "max"))
        print(f"| {name} | {its['messages/s']:.0f} | {frames} | {its['over 100 ms']:.0f} |")
    print()
    print("| part of the client | kB, gzipped |")
    print("| --- | ---: |")
    for name, size in found["bundle"].items():
        print(f"| {name} | {size:.1f} |")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
