"""An answer without an end: handed over after its headers, written without a task, ended without waiting for anybody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from lounge.http.feed import FeedResponse
from lounge.http.headers import SecurityHeaders
from lounge.http.limits import BodyBound
from lounge.http.observe import Observe
from lounge.ids import SystemRandomness
from lounge.live.unending import Unending
from lounge.metrics import Metrics
from tests.integration.gateway.house import Echo, House, open_house, peer, until
from tests.integration.http.conftest import HandClock

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tests.integration.gateway.house import Peer

pytestmark = pytest.mark.asyncio(loop_scope="function")

GET = b"GET /feed HTTP/1.1\r\nhost: lounge.example.org\r\n\r\n"
LAST = b"0\r\n\r\n"


def app(house: House) -> Any:
    """Return an application behind the same layers as ours, whose one answer never ends."""

    async def feed(_request: Request) -> Response:
        seat = house.capacity.enter()
        assert seat is not None
        await house.answer.wait()
        return FeedResponse(Echo(house), seat)

    bounded = BodyBound(SecurityHeaders(Starlette(routes=[Route("/feed", feed)]), secure=False))
    return Observe(bounded, HandClock(), SystemRandomness(), Metrics())


async def begun(house: House, one: Peer) -> Echo:
    """Ask for the feed, and see its headers."""
    await one.send(GET)
    head = (await one.head()).lower()
    assert head.startswith(b"http/1.1 200 ")
    assert b"content-type: text/event-stream" in head
    assert b"transfer-encoding: chunked" in head
    assert b"content-length" not in head
    return await house.session()


async def gone(house: House, session: Echo) -> None:
    """See the connection forgotten, and the session told once."""
    await until(lambda: session.losses and not house.connections)
    await asyncio.sleep(0.02)
    assert session.losses == 1
    assert house.capacity.taken == 0
    assert house.time.timers == []


async def test_it_is_written_in_chunks_without_a_task() -> None:
    """The request's task ends with the hand-over; what is written comes at once; nothing is no chunk, which would end it."""
    async with open_house(app) as house, peer(house) as one:
        session = await begun(house, one)
        await until(lambda: not house.listener.server_state.tasks)
        session.wire.write(b":\n\n")
        session.wire.write(b"")
        session.wire.write(b"data: 1\n\n")
        expected = b"3\r\n:\n\n\r\n9\r\ndata: 1\n\n\r\n"
        assert await one.read(len(expected)) == expected
        assert [type(c) for c in house.connections] == [Unending]


async def test_a_close_ends_the_body_then_the_connection() -> None:
    """The last chunk tells the client that nothing is missing."""
    async with open_house(app) as house, peer(house) as one:
        session = await begun(house, one)
        session.wire.write(b"bye")
        session.wire.close(4001, "signed out")
        session.wire.write(b"more")
        assert await one.read_to_end() == b"3\r\nbye\r\n" + LAST
        await gone(house, session)


async def test_a_peer_that_reads_nothing_is_aborted_after_the_deadline_of_a_close() -> None:
    """Nothing waits for a peer for ever; whoever stops reading costs what the session let pile up."""
    async with open_house(app) as house, peer(house, receive_buffer=4096) as one:
        session = await begun(house, one)
        session.wire.write(b"x" * 8_000_000)
        await until(lambda: session.wire.buffered() > 1_000_000)
        session.wire.close(0, "")
        await asyncio.sleep(0.02)
        assert session.losses == 0
        house.time.pass_by(10)
        await gone(house, session)


async def test_the_session_learns_that_its_peer_has_read() -> None:
    """So that what waited in the log goes on."""
    async with open_house(app) as house, peer(house, receive_buffer=4096) as one:
        session = await begun(house, one)
        session.wire.write(b"x" * 2_000_000)
        await until(lambda: session.wire.buffered() > 500_000)
        await one.read(2_000_000)
        await until(lambda: session.drained_down_to)
        assert session.drained_down_to[-1] <= 64 * 1024


@pytest.mark.parametrize("how", ["reset", "half-close"])
async def test_a_peer_that_leaves_is_forgotten(how: str) -> None:
    """At once, whether it closes or only stops sending."""
    async with open_house(app) as house, peer(house) as one:
        session = await begun(house, one)
        if how == "reset":
            one.reset()
        else:
            one.socket.shutdown(1)
        await gone(house, session)


async def test_a_peer_that_left_before_the_answer_is_told_as_any_other() -> None:
    """Its place and its session are given back."""
    async with open_house(app) as house, peer(house) as one:
        house.answer.clear()
        await one.send(GET)
        await until(lambda: house.capacity.taken == 1)
        one.reset()
        await until(lambda: not house.connections)
        house.answer.set()
        await until(lambda: house.capacity.taken == 0)
        await until(lambda: not house.listener.server_state.tasks)
        assert all(session.losses == 1 for session in house.sessions)


async def test_what_a_peer_sends_meanwhile_is_dropped() -> None:
    """Another request, right behind the first or later, is neither answered nor kept."""
    async with open_house(app) as house, peer(house) as one:
        await one.send(GET + GET)
        await one.head()
        session = await house.session()
        await one.send(GET * 100)
        session.wire.write(b"still")
        assert await one.read(10) == b"5\r\nstill\r\n"
        assert len(house.sessions) == 1
        assert session.losses == 0


async def test_a_stop_lets_the_session_say_its_last_words() -> None:
    """Then the body ends, at a moment by chance; the server waits for no more."""
    async with open_house(app) as house, peer(house) as one:
        session = await begun(house, one)
        house.listener.stop()
        await until(lambda: session.drains == 1)
        await until(lambda: len(house.time.timers) == 2)  # jitter, the deadline of all
        house.time.pass_by(1)
        assert (await one.read_to_end()).endswith(LAST)
        await asyncio.wait_for(house.running, 20)
        assert session.losses == 1
        assert house.time.timers == []
