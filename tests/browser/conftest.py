"""A demo of the tests' own, and people with browsers: an installed Chromium, nothing is downloaded."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from lounge.store import SCHEMA
from tests.browser.waiting import FAR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    NewPage = Callable[..., Awaitable[Page]]

FLAGS: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

PLAYED: Final = [
    "heron-lane",
    "quiet-harbour",
    "cedar-ward",
    "orchard-gate",
    "plover-desk",
    "larch-ledger",
    "tarn-lantern",
    "slow-cadence",
    "birch-window",
    "tidewater",
    "basalt-step",
    "night-kettle",
]
"""Members whom tests play."""


def chromium() -> str:
    """Return the path of an installed Chromium."""
    names = (os.environ.get("LOUNGE_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("Chromium is missing: apt-get install chromium, or name one in LOUNGE_CHROMIUM")
    return path


class Demo:
    """A `lounge demo` that can be killed and started again on the same port and data."""

    def __init__(self) -> None:
        # As root, Postgres runs as nobody, who must be able to pass through: pytest's own folders are private.
        self.data = Path("/tmp") / f"lounge-demo-{secrets.token_hex(6)}"
        self.data.mkdir(mode=0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lounge",
            "demo",
            "--quiet",
            "--port",
            str(self.port),
            "--data",
            str(self.data),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(FAR), httpx.AsyncClient(base_url=self.url) as client:
            while True:
                assert self.process.returncode is None, "lounge demo ended"
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def leave_alone(self) -> None:
        """Let no search that another test began page anybody, and whom tests play be on call by the switch alone.

        Members of the demo have hours: whoever's test ran in them would be paged for the cases of others.
        """
        database = await asyncpg.connect(
            host=str(self.data / "postgres/run"),
            user="postgres",
            database="lounge",
            server_settings={"search_path": SCHEMA},
        )
        try:
            await database.execute("update escalations set due = null, due_at = null where due is not null")
            await database.execute(
                "update duties d set hours = repeat('0', 672)::bit(672), awake_too = false, on_call_until = null"
                " from members m where m.id = d.member and m.handle = any($1::text[])",
                PLAYED,
            )
        finally:
            await database.close()

    async def end(self, how: signal.Signals) -> None:
        """End it by this signal."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(how)
        async with asyncio.timeout(FAR):
            await self.process.wait()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo() -> AsyncIterator[Demo]:
    """Run the demo for all browser tests."""
    demo = Demo()
    await demo.start()
    try:
        yield demo
    finally:
        await demo.end(signal.SIGTERM)
        shutil.rmtree(demo.data, ignore_errors=True)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def left_alone(demo: Demo) -> None:
    """Begin each test with nobody paged for what others did."""
    await demo.leave_alone()


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Let what is expected take its time on a busy machine: no test passes or fails by being slower."""
    expect.set_options(timeout=FAR * 1000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Run Chromium; as root it has no sandbox of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=FLAGS, chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser: Browser, demo: Demo) -> AsyncIterator[NewPage]:
    """Make people: each has a browser of their own and is signed in as a member of the demo."""
    contexts = []

    async def make(handle: str | None = "heron-lane", **options: Any) -> Page:
        context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(FAR * 1000)
        if handle is not None:
            answer = await context.request.post(
                f"{demo.url}/api/v1/demo/sign-in", data={"handle": handle}, headers={"Origin": demo.url}
            )
            assert answer.ok, await answer.text()
        await page.goto(f"{demo.url}/cases")
        return page

    yield make
    for context in contexts:
        await context.close()
