"""How a connection ends: nothing waits for a peer without a deadline, and the session learns of it once."""

from __future__ import annotations

import socket

import pytest

from tests.integration.gateway.house import (
    Echo,
    House,
    Peer,
    frame,
    open_house,
    open_socket,
    peer,
    turns,
    until,
    upgrade,
)

pytestmark = pytest.mark.asyncio(loop_scope="function")

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


async def stalled(house: House, one: Peer) -> Echo:
    """Let a peer stop reading while megabytes wait for it."""
    await one.send(frame(b"flood 8000000"))
    session = await house.session()
    await until(lambda: session.heard and session.wire.buffered() > 1_000_000)
    return session


async def gone(house: House, session: Echo) -> None:
    """See the connection forgotten, and the session told once."""
    await until(lambda: session.losses and not house.connections)
    await turns()
    assert session.losses == 1
    assert house.capacity.taken == 0
    assert house.time.timers == []


async def test_a_silent_peer_is_aborted() -> None:
    """A ping within 20 s; no byte for 20 s after it: gone."""
    async with open_house() as house, open_socket(house) as one:
        session = await house.session()
        house.time.pass_by(20)
        assert await one.frame() == (PING, b"")
        house.time.pass_by(19.9)
        assert session.losses == 0
        house.time.pass_by(0.2)
        assert await one.read_to_end() == b""
        await gone(house, session)


async def test_a_peer_that_answers_pings_stays() -> None:
    """Whatever it says within the deadline shows that it lives."""
    async with open_house() as house, open_socket(house) as one:
        session = await house.session()
        for answer in (frame(b"", PONG), frame(b"hello"), frame(b"other", PONG)):
            house.time.pass_by(20)
            assert await one.frame() == (PING, b"")
            (line,) = house.lines
            await one.send(answer)
            await until(lambda: not line._awaiting)  # noqa: B023  judged within the turn
            if answer == frame(b"hello"):
                assert await one.frame() == (TEXT, b"hello")
        assert session.losses == 0


async def test_a_paused_peer_is_not_taken_for_a_silent_one() -> None:
    """Its answer lies in the kernel because we do not read; when we do again, it is pinged again."""
    async with open_house() as house, open_socket(house) as one:
        session = await house.session()
        house.time.pass_by(20)
        await one.frame()
        session.wire.pause()
        house.time.pass_by(100)
        assert session.losses == 0
        session.wire.resume()
        house.time.pass_by(20)
        assert await one.frame() == (PING, b"")
        house.time.pass_by(20)
        await gone(house, session)


async def test_a_close_that_the_peer_answers_ends_at_once() -> None:
    """The closing handshake of RFC 6455, 7.1.1: our close, its answer, the end of TCP from us."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"close 4001"))
        assert await one.frame() == (CLOSE, (4001).to_bytes(2, "big") + b"asked for")
        await one.send(frame(b"dropped") + frame((4001).to_bytes(2, "big"), CLOSE))
        assert await one.read_to_end() == b""
        session = await house.session()
        await gone(house, session)
        assert session.heard == [b"close 4001"]


async def test_a_close_that_the_peer_ignores_ends_by_the_deadline() -> None:
    """It may go on talking and answering pings: 10 s after our close it is aborted."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"close 1000"))
        assert await one.close_code() == 1000
        session = await house.session()
        house.time.pass_by(9)
        await one.send(frame(b"I am still talking") + frame(b"", PONG) + frame(b"?", PING))
        assert await one.frame() == (PONG, b"?")
        house.time.pass_by(0.9)
        assert session.losses == 0
        house.time.pass_by(0.2)
        await gone(house, session)


async def test_an_answer_to_a_ping_is_no_answer_to_a_close() -> None:
    """The deadline of a close stands, though the peer shows that it lives."""
    async with open_house() as house, open_socket(house) as one:
        session = await house.session()
        house.time.pass_by(20)
        assert await one.frame() == (PING, b"")
        session.wire.close(1000, "")
        assert await one.close_code() == 1000
        await one.send(frame(b"", PONG) + frame(b"?", PING))
        assert await one.frame() == (PONG, b"?")
        house.time.pass_by(10)
        await gone(house, session)


async def test_a_paused_peer_can_still_answer_a_close() -> None:
    """Closing reads again, past the messages that were held back: they are dropped, the answer is found."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"pause") + frame(b"held back"))
        session = await house.session()
        await until(lambda: session.heard)
        session.wire.close(1012, "restart")
        assert await one.close_code() == 1012
        await one.send(frame(b"late") + frame((1012).to_bytes(2, "big"), CLOSE))
        assert await one.read_to_end() == b""
        await gone(house, session)
        assert session.heard == [b"pause"]


async def test_a_stalled_peer_is_gone_within_the_deadline_of_a_close() -> None:
    """A peer that reads nothing holds neither our close nor our memory longer than the deadline."""
    async with open_house(close_seconds=1.0) as house, open_socket(house, receive_buffer=4096) as one:
        session = await stalled(house, one)
        session.wire.close(1012, "restart")
        assert session.losses == 0
        house.time.pass_by(1)
        await gone(house, session)
        assert session.wire.buffered() == 0


async def test_a_stalled_peer_that_closes_first_is_gone_within_the_deadline() -> None:
    """Its close cannot be answered before what it does not read: the answer waits a second, not for ever."""
    async with open_house(close_seconds=1.0) as house, open_socket(house, receive_buffer=4096) as one:
        session = await stalled(house, one)
        await one.send(frame((1000).to_bytes(2, "big"), CLOSE))
        (line,) = house.lines
        await until(lambda: line._ending)
        house.time.pass_by(1)
        await gone(house, session)


async def test_a_stalled_peer_without_answer_to_a_ping_is_gone_at_once() -> None:
    """Aborted, not closed: closing would wait for it to read."""
    async with open_house() as house, open_socket(house, receive_buffer=4096) as one:
        session = await stalled(house, one)
        house.time.pass_by(20)
        house.time.pass_by(20)
        await gone(house, session)


async def test_a_stalled_peer_that_breaks_the_rules_is_gone_within_a_moment() -> None:
    """The reason for it cannot be told; 2 s are given for it."""
    async with open_house() as house, open_socket(house, receive_buffer=4096) as one:
        session = await stalled(house, one)
        await one.send(frame(b"\xff"))
        (line,) = house.lines
        await until(lambda: line._deaf)
        house.time.pass_by(2)
        await gone(house, session)


async def test_a_half_closed_peer_is_over() -> None:
    """Who can say nothing any more is not kept, and gets what was on its way."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"last word"))
        one.socket.shutdown(socket.SHUT_WR)
        assert await one.frame() == (TEXT, b"last word")
        assert await one.read_to_end() == b""
        await gone(house, await house.session())


async def test_a_half_closed_and_stalled_peer_is_over_within_the_deadline() -> None:
    """It is given the deadline of a close to read."""
    async with open_house(close_seconds=1.0) as house, open_socket(house, receive_buffer=4096) as one:
        session = await stalled(house, one)
        one.socket.shutdown(socket.SHUT_WR)
        (line,) = house.lines
        await until(lambda: line._ending)
        house.time.pass_by(1)
        await gone(house, session)


async def test_an_abort_is_immediate() -> None:
    """Nothing is flushed, nothing after it is delivered."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"abort") + frame(b"not heard"))
        session = await house.session()
        await gone(house, session)
        assert session.heard == [b"abort"]


async def test_what_is_written_after_the_end_is_dropped() -> None:
    """A session need not ask before it writes, pauses, resumes, closes or aborts."""
    async with open_house() as house:
        async with open_socket(house):
            session = await house.session()
        await gone(house, session)
        session.flood(100)
        session.wire.pause()
        session.wire.resume()
        session.wire.close(1000, "")
        session.wire.abort()
        assert session.wire.buffered() == 0
        await gone(house, session)


async def test_a_close_in_the_read_in_which_the_peer_closes_is_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    """The session closes on a message behind which the peer's close stands already: the peer's code is answered.

    The session's call does not fail for it.
    """
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"close 4001") + frame((1001).to_bytes(2, "big"), CLOSE))
        assert await one.close_code() == 1001
        await gone(house, await house.session())
    assert "fault" not in "".join(capfd.readouterr())


async def test_a_reason_too_long_is_cut_between_characters() -> None:
    """A close frame carries 123 bytes of reason at the most (RFC 6455, 5.5)."""
    async with open_house() as house, open_socket(house) as one:
        session = await house.session()
        session.wire.close(1013, "ä" * 100)
        assert await one.frame() == (CLOSE, (1013).to_bytes(2, "big") + "ä".encode() * 61)


async def test_a_peer_that_leaves_while_it_is_let_in_is_told_as_lost() -> None:
    """The session is never opened, or opened and lost; the place is free again either way."""
    async with open_house() as house:
        house.let_in.clear()
        async with peer(house) as one:
            await one.send(upgrade())
            await until(lambda: house.capacity.taken == 1)
        await until(lambda: not house.connections)
        house.let_in.set()
        await until(lambda: house.capacity.taken == 0)
        assert all(session.losses == 1 for session in house.sessions)
        assert house.time.timers == []
