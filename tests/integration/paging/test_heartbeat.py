"""The heartbeat reaches a watcher outside, and nothing that the watcher does disturbs who sends it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from lounge.paging import heartbeat as beating
from lounge.paging.heartbeat import Heartbeat
from tests.integration.cases.conftest import StillClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "/beat/0a1b2c3d-hunter2"
HEAD = b"HTTP/1.1 %s\r\nContent-Length: 2\r\n%s\r\nOK"


class Watcher:
    """An HTTP server on loopback that answers with these bytes, again and again where it is `endless`."""

    def __init__(self, answer: bytes, *, endless: bool = False, silent: bool = False) -> None:
        self.answer = answer
        self.endless = endless
        self.silent = silent
        self.asked: list[str] = []
        self.sent = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head.decode().splitlines()[0])
            if self.silent:
                await reader.read()
            writer.write(self.answer)
            await writer.drain()
            while self.endless:
                writer.write(b"x" * 4_096)
                await writer.drain()
                self.sent += 4_096
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def watching(watcher: Watcher) -> AsyncIterator[Watcher]:
    """Run it."""
    server = await asyncio.start_server(watcher.serve, "127.0.0.1", 0)
    watcher.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield watcher


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is reached without the proxy that an environment may name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


async def test_a_watcher_is_told_by_a_get_no_more_often_than_asked_for() -> None:
    """However often an audit succeeds."""
    clock = StillClock()
    async with watching(Watcher(HEAD % (b"200 OK", b""))) as watcher:
        heartbeat = Heartbeat(watcher.url + SECRET, 60, clock)
        assert await heartbeat.beat()
        clock.advance(59)
        assert not await heartbeat.beat()
        clock.advance(1)
        assert await heartbeat.beat()
        assert watcher.asked == [f"GET {SECRET} HTTP/1.1"] * 2


async def test_no_redirect_is_followed() -> None:
    """The address is the operator's choice, not the watcher's: it counts as refused, and nobody else is asked."""
    async with watching(Watcher(HEAD % (b"200 OK", b""))) as elsewhere:
        location = f"Location: {elsewhere.url}/\r\n".encode()
        async with watching(Watcher(HEAD % (b"302 Found", location))) as watcher:
            with capture_logs() as lines:
                assert not await Heartbeat(watcher.url + SECRET, 60, StillClock()).beat()
        assert elsewhere.asked == []
    assert lines == [{"event": "heartbeat.refused", "status": 302, "log_level": "warning"}]


async def test_an_endless_answer_is_not_read() -> None:
    """Beyond the first kilobyte, and what lies in the buffers of the connection: the watcher is told all the same."""
    endless = Watcher(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", endless=True)
    async with watching(endless) as watcher:
        assert await Heartbeat(watcher.url, 60, StillClock(), within=60).beat()
    assert watcher.sent < 32 * 2**20


async def test_a_watcher_that_says_nothing_is_left_after_the_deadline() -> None:
    """Five seconds, here less; the failure is told by its class."""
    assert beating.WITHIN == 5.0
    async with watching(Watcher(b"", silent=True)) as watcher:
        with capture_logs() as lines:
            assert not await Heartbeat(watcher.url + SECRET, 60, StillClock(), within=0.05).beat()
    assert [line["event"] for line in lines] == ["heartbeat.failed"]
    assert lines[0]["error"] in {"TimeoutError", "ReadTimeout", "ConnectTimeout"}


@pytest.mark.parametrize(
    ("answer", "events"),
    [
        (HEAD % (b"500 Oh no", b""), [("heartbeat.refused", 500)]),
        (b"no HTTP at all\r\n\r\n", [("heartbeat.failed", "RemoteProtocolError")]),
        (b"", [("heartbeat.failed", "RemoteProtocolError")]),
    ],
)
async def test_a_failure_is_logged_without_the_address(answer: bytes, events: list[tuple[str, object]]) -> None:
    """By class or status: the path may be the secret by which the watcher knows us."""
    async with watching(Watcher(answer)) as watcher:
        with capture_logs() as lines:
            assert not await Heartbeat(watcher.url + SECRET, 60, StillClock()).beat()
    assert [(line["event"], line.get("error", line.get("status"))) for line in lines] == events
    assert "hunter2" not in str(lines)


async def test_a_watcher_that_is_not_there_stops_nothing() -> None:
    """Nor one whose address cannot be asked."""
    async with watching(Watcher(b"")) as watcher:
        gone = watcher.url
    clock = StillClock()
    for url in (gone + SECRET, "https://" + "a" * 300 + SECRET, "https://xn--a" + SECRET):
        with capture_logs() as lines:
            assert not await Heartbeat(url, 60, clock, within=1).beat()
        assert [line["event"] for line in lines] == ["heartbeat.failed"], url
        assert "hunter2" not in str(lines)
