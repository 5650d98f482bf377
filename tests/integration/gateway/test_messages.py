"""What the gateway makes of a peer's bytes."""

from __future__ import annotations

import asyncio
import time

import pytest
import websockets

from lounge.live.frames import text_frame
from tests.integration.gateway.house import frame, memory, open_house, open_socket, peer, until, upgrade

pytestmark = pytest.mark.asyncio(loop_scope="function")

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
BOUND = 256 * 1024


async def test_messages_go_to_the_session_and_back() -> None:
    """A standard client and a session exchange messages of all lengths of frame."""
    async with open_house() as house:
        url = f"ws://127.0.0.1:{house.port}/live"
        async with websockets.connect(url, subprotocols=[websockets.Subprotocol("lounge.v1+json")]) as client:
            assert client.subprotocol == "lounge.v1+json"
            for text in ("", "a", "ä" * 100, "b" * 70_000, "c" * BOUND):
                await client.send(text)
                assert await client.recv() == text
        session = await house.session()
        await until(lambda: session.losses)
        assert session.losses == 1
        assert house.capacity.taken == 0


async def test_an_open_connection_has_neither_task_nor_request() -> None:
    """After the hand-over the server holds the line alone: no task of the endpoint runs on."""
    async with open_house() as house, open_socket(house):
        await house.session()
        await until(lambda: not house.listener.server_state.tasks)
        assert house.connections == set(house.lines)
        assert len(house.lines) == 1


async def test_compression_is_not_agreed_to() -> None:
    """A client that offers permessage-deflate is answered without it."""
    async with open_house() as house, peer(house) as one:
        await one.send(upgrade("sec-websocket-extensions: permessage-deflate"))
        head = (await one.head()).lower()
        assert head.startswith(b"http/1.1 101 ")
        assert b"sec-websocket-extensions" not in head


async def test_what_comes_before_the_hand_over_is_delivered_in_order() -> None:
    """Messages sent right behind the request, whole and in pieces, while it is still being decided, arrive once, in order."""
    async with open_house() as house, peer(house) as one:
        house.let_in.clear()
        messages = [b"%d" % n for n in range(200)]
        stream = b"".join(frame(m) for m in messages)
        cut = len(stream) // 3
        await one.send(upgrade() + stream[:cut])
        await until(lambda: house.capacity.taken)
        for at in range(cut, 2 * cut, 7):
            await one.send(stream[at : min(at + 7, 2 * cut)])
            await asyncio.sleep(0)
        house.let_in.set()
        await one.send(stream[2 * cut :])
        session = await house.session()
        await until(lambda: len(session.heard) == len(messages))
        assert session.heard == messages


async def test_what_comes_before_the_hand_over_is_bounded() -> None:
    """A peer that talks while it is not let in fills the kernel's buffers, not ours, and loses nothing by it."""
    async with open_house() as house, peer(house) as one:
        house.let_in.clear()
        messages = [b"%06d" % n + b"x" * 1000 for n in range(4000)]
        await one.send(upgrade())
        await until(lambda: house.capacity.taken)
        sending = asyncio.create_task(one.send(b"".join(frame(m) for m in messages)))
        (gateway,) = house.connections
        await until(lambda: not gateway.transport.is_reading())
        assert len(gateway._early) < 64 * 1024 + 256 * 1024
        house.let_in.set()
        session = await house.session()
        assert (await one.head()).startswith(b"HTTP/1.1 101 ")
        for message in messages:
            assert await one.frame() == (TEXT, message)
        await sending
        assert session.heard == messages


async def test_a_message_over_the_bound_closes_with_1009() -> None:
    """256 KiB pass; one byte more closes the connection, whether in one frame or in several."""
    async with open_house() as house:
        async with open_socket(house) as one:
            await one.send(frame(b"a" * BOUND) + frame(b"a" * (BOUND + 1)) + b"more" * 10_000)
            assert await one.frame() == (TEXT, b"a" * BOUND)
            assert await one.close_code() == 1009
        async with open_socket(house) as one:
            await one.send(frame(b"a" * BOUND, fin=False) + frame(b"b", 0))
            assert await one.close_code() == 1009


@pytest.mark.parametrize("message", [b"\xff", b"ok \xc3\x28", b"\xed\xa0\x80", b"\xc0\x80"])
async def test_bad_utf8_closes_with_1007(message: bytes) -> None:
    """Text that is not UTF-8 (surrogates and overlong forms included) is not delivered."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(message))
        assert await one.close_code() == 1007
        assert (await house.session()).heard == []


async def test_utf8_is_judged_by_the_whole_message() -> None:
    """A character may be cut by the border of two fragments; half of one at the end closes with 1007."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"\xe2\x82", fin=False) + frame(b"\xac", 0))
        assert await one.frame() == (TEXT, "€".encode())
        await one.send(frame(b"a", fin=False) + frame(b"\xe2", 0, fin=False) + frame(b"\x82", 0))
        assert await one.close_code() == 1007


async def test_a_binary_message_closes_with_1003() -> None:
    """The wire is text."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(frame(b"{}", BINARY))
        assert await one.close_code() == 1003
        assert (await house.session()).heard == []


@pytest.mark.parametrize("data", [b"\x81\x01a", b"\xf1\x80aaaa", b"\x80\x80aaaa", b"\x83\x80aaaa", b"\x09\x80aaaa"])
async def test_broken_framing_closes_with_1002(data: bytes) -> None:
    """Unmasked, reserved bits, a continuation of nothing, an unknown opcode, a fragmented ping."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(data)
        assert await one.close_code() == 1002


async def test_a_message_may_come_in_256_fragments_and_not_in_more() -> None:
    """The bound is on one message, not on the connection."""
    async with open_house() as house, open_socket(house) as one:
        whole = frame(b"a", fin=False) + frame(b"b", 0, fin=False) * 254
        for _ in range(2):
            await one.send(whole + frame(b"c", 0))
            assert await one.frame() == (TEXT, b"a" + b"b" * 254 + b"c")
        await one.send(whole + frame(b"b", 0, fin=False))
        assert await one.close_code() == 1008


async def test_two_million_empty_fragments_cost_next_to_nothing() -> None:
    """They end in 1008 at the 257th; the rest is read and dropped, not parsed."""
    async with open_house() as house, open_socket(house) as one:
        session = await house.session()
        flood = frame(b"", fin=False) + frame(b"", 0, fin=False) * 2_000_000
        before, started = memory(), time.process_time()
        sending = asyncio.create_task(one.send(flood))
        assert await one.close_code() == 1008
        await sending
        # To parse them all takes about 7 s of processor time.
        assert time.process_time() - started < 3
        assert memory() - before < 32 * 1024 * 1024
        house.time.pass_by(2)
        await until(lambda: session.losses)
        assert session.losses == 1


async def test_a_ping_is_answered_and_a_flood_of_pings_is_not() -> None:
    """Of pings that came together the last is answered; a peer that reads nothing is not answered for ever."""
    async with open_house() as house, open_socket(house, receive_buffer=4096) as one:
        await one.send(frame(b"first", PING) + frame(b"last", PING))
        assert await one.frame() == (PONG, b"last")
        (line,) = house.lines
        await one.send(frame(b"flood 3000000"))
        await until(lambda: line.buffered() > 1_000_000)
        high = line.buffered()
        await one.send(frame(b"p" * 125, PING) * 20_000 + frame(b"pause"))
        session = await house.session()
        await until(lambda: session.heard[-1] == b"pause")
        assert line.buffered() <= high


async def test_a_paused_session_gets_nothing_until_it_resumes() -> None:
    """What came in the same read is held back, what comes later is not read; the order stays."""
    async with open_house() as house, open_socket(house) as one:
        await one.send(b"".join(map(frame, [b"1", b"pause", b"2", b"pause", b"3"])))
        session = await house.session()
        await until(lambda: len(session.heard) == 2)
        await one.send(frame(b"4"))
        (line,) = house.lines
        assert not line._transport.is_reading()
        session.wire.resume()
        assert session.heard == [b"1", b"pause", b"2", b"pause"]
        session.wire.resume()
        await until(lambda: len(session.heard) == 6)
        assert session.heard == [b"1", b"pause", b"2", b"pause", b"3", b"4"]


async def test_the_session_learns_when_a_slow_reader_has_read() -> None:
    """`buffered` tells what the kernel has not taken; `drained` comes when it fell below the low-water mark, once."""
    async with open_house() as house, open_socket(house, receive_buffer=4096) as one:
        await one.send(frame(b"flood 2000000"))
        session = await house.session()
        await until(lambda: session.heard and session.wire.buffered() > 500_000)
        assert session.drained_down_to == []
        assert await one.frame() == (TEXT, b"x" * 2_000_000)
        await until(lambda: session.drained_down_to)
        assert len(session.drained_down_to) == 1
        assert session.drained_down_to[0] <= 64 * 1024


async def test_a_fault_of_one_session_closes_its_own_connection() -> None:
    """1011 for the one, nothing for the others."""
    async with open_house() as house, open_socket(house) as one, open_socket(house) as other:
        await one.send(frame(b"fault"))
        assert await one.close_code() == 1011
        await other.send(frame(b"still here"))
        assert await other.frame() == (TEXT, b"still here")


async def test_many_frames_go_out_as_they_were_joined() -> None:
    """`write` takes several frames at once, byte for byte."""
    async with open_house() as house, open_socket(house) as one:
        session = await house.session()
        session.wire.write(b"".join(text_frame(b"%d" % n) for n in range(50)))
        assert [await one.frame() for _ in range(50)] == [(TEXT, b"%d" % n) for n in range(50)]
