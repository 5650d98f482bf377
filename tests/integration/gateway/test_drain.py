"""How the server stops: nothing acknowledged is cut off, and nobody is waited for beyond the deadline."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.gateway.house import FAR, frame, open_house, open_socket, peer, until, upgrade

pytestmark = pytest.mark.asyncio(loop_scope="function")

TEXT = 1
GET = b"GET /letters HTTP/1.1\r\nhost: lounge.example.org\r\n\r\n"


async def test_all_sessions_are_drained_at_the_same_time_then_closed_with_1012() -> None:
    """Each says its last words after its own commits, and is closed when the peer answered; then the server ends."""
    async with open_house() as house, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(open_socket(house)) for _ in range(5)]
        await until(lambda: len(house.sessions) == 5)
        for session in house.sessions:
            session.may_drain.clear()
        house.listener.stop()
        await until(lambda: all(session.drains == 1 for session in house.sessions))
        for session in house.sessions:
            session.flood(3)
            session.may_drain.set()
        await until(lambda: len(house.time.timers) == 5 + 5 + 1)  # pings, jitter, the deadline of all
        house.time.pass_by(1)
        for one in peers:
            assert await one.frame() == (TEXT, b"xxx")
            assert await one.frame() == (TEXT, b"bye")
            assert await one.close_code() == 1012
            await one.send(frame((1012).to_bytes(2, "big"), 8))
            assert await one.read_to_end() == b""
        await asyncio.wait_for(house.running, FAR)
        assert [session.losses for session in house.sessions] == [1] * 5
        assert house.time.timers == []


async def test_the_closes_are_spread() -> None:
    """Not all at once, so that not all come back at once."""
    async with open_house() as house, AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(open_socket(house))
        await until(lambda: len(house.sessions) == 8)
        house.listener.stop()
        await until(lambda: len(house.time.timers) == 8 + 8 + 1)
        moments = {alarm.at for alarm in house.time.timers if alarm.at <= 1}
        assert len(moments) == 8


async def test_nobody_new_is_let_in_while_draining() -> None:
    """Connections are refused, so that a balancer takes them elsewhere."""
    async with open_house() as house, open_socket(house):
        session = await house.session()
        session.may_drain.clear()
        house.listener.stop()
        await until(lambda: session.drains)
        with pytest.raises(ConnectionRefusedError):
            async with peer(house):
                pass


async def test_a_handshake_under_way_is_answered_503() -> None:
    """It may be tried again; what the endpoint decides later comes too late."""
    async with open_house() as house, peer(house) as one:
        house.let_in.clear()
        await one.send(upgrade())
        await until(lambda: house.capacity.taken)
        house.listener.stop()
        assert (await one.read_to_end()).startswith(b"HTTP/1.1 503 ")
        house.let_in.set()
        await asyncio.wait_for(house.running, FAR)
        assert house.sessions == []
        assert house.capacity.taken == 0


async def test_a_request_under_way_is_answered() -> None:
    """An HTTP request that was taken is finished; an idle connection is closed."""
    async with open_house() as house, peer(house) as idle, peer(house) as one:
        await idle.send(GET)
        await idle.head()
        house.answer.clear()
        await one.send(GET)
        await until(lambda: len(house.sizes) == 2)
        house.listener.stop()
        assert await idle.read_to_end() == b"thanks"
        house.answer.set()
        assert (await one.read_to_end()).startswith(b"HTTP/1.1 200 ")
        await asyncio.wait_for(house.running, FAR)


async def test_the_deadline_aborts_what_is_left() -> None:
    """A session that does not finish, a request without an answer, a peer that answers no close: gone after 10 s."""
    async with open_house() as house, open_socket(house), open_socket(house) as second, peer(house) as third:
        await until(lambda: len(house.sessions) == 2)
        house.sessions[0].may_drain.clear()
        house.answer.clear()
        await third.send(GET)
        await until(lambda: house.sizes)
        house.listener.stop()
        await until(lambda: all(session.drains for session in house.sessions))
        house.time.pass_by(1)
        assert await second.frame() == (TEXT, b"bye")
        assert await second.close_code() == 1012
        assert not house.running.done()
        house.time.pass_by(9)
        await asyncio.wait_for(house.running, FAR)
        assert [session.losses for session in house.sessions] == [1, 1]
        assert house.time.timers == []


async def test_half_closed_and_stalled_peers_do_not_hold_up_the_others() -> None:
    """One peer closed first and reads nothing, one only reads nothing: the third is drained and closed as ever."""
    async with (
        open_house() as house,
        open_socket(house, receive_buffer=4096) as first,
        open_socket(house, receive_buffer=4096) as second,
        open_socket(house) as third,
    ):
        await until(lambda: len(house.sessions) == 3)
        for session in house.sessions[:2]:
            session.flood(8_000_000)
        await first.send(frame((1000).to_bytes(2, "big"), 8))
        first.socket.shutdown(socket.SHUT_WR)
        await until(lambda: any(line._ending for line in house.lines))
        house.listener.stop()
        await until(lambda: all(session.drains for session in house.sessions))
        house.time.pass_by(1)
        assert await third.frame() == (TEXT, b"bye")
        assert await third.close_code() == 1012
        await third.send(frame((1012).to_bytes(2, "big"), 8))
        await until(lambda: house.sessions[2].losses)
        house.time.pass_by(9)
        await asyncio.wait_for(house.running, FAR)
        assert [session.losses for session in house.sessions] == [1, 1, 1]
        assert second.rest == b""


async def test_a_second_stop_aborts_at_once() -> None:
    """Without any time passing."""
    async with open_house() as house, open_socket(house) as one, open_socket(house, receive_buffer=4096):
        await until(lambda: len(house.sessions) == 2)
        house.sessions[0].may_drain.clear()
        house.sessions[1].flood(8_000_000)
        house.listener.stop()
        await until(lambda: house.sessions[0].drains)
        house.listener.stop()
        await asyncio.wait_for(house.running, FAR)
        assert await one.read_to_end() == b""
        assert [session.losses for session in house.sessions] == [1, 1]


PROGRAM = """
import asyncio, random
from lounge import log
from lounge.live.listener import Listener, listening_sockets
from lounge.live.terms import Terms
from tests.integration.gateway.house import House

async def main():
    later = asyncio.get_running_loop().call_later
    house = House()
    terms = Terms(later=later, random=random.Random(), spread_seconds=0.0, close_seconds=1e6, drain_seconds=1e6)
    listener = Listener(house.app(), terms)
    sockets = listening_sockets("127.0.0.1", 0)
    sockets[0].listen()
    print(sockets[0].getsockname()[1], flush=True)
    await listener.serve(sockets)
    print("closed in order", flush=True)

log.configure("json")
asyncio.run(main())
"""


@pytest.mark.parametrize("answers", [True, False])
async def test_signals_stop_a_process(answers: bool) -> None:
    """SIGTERM drains, a second one aborts; the caller goes on after `serve` either way, and the process ends with 0."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    house = type("Address", (), {"port": int(await process.stdout.readline())})()
    async with open_socket(house) as one:
        process.send_signal(signal.SIGTERM)
        assert await one.frame() == (TEXT, b"bye")
        assert await one.close_code() == 1012
        if answers:
            await one.send(frame((1012).to_bytes(2, "big"), 8))
        else:
            process.send_signal(signal.SIGTERM)
        out, errors = await asyncio.wait_for(process.communicate(), FAR)
    assert out == b"closed in order\n"
    assert (b"listener.aborted" in errors) == (not answers)
    assert process.returncode == 0
