"""HTTP as far as the listener is concerned: deadlines and bounds on headers and bodies, the upgrade, the sockets."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import msgspec
import pytest

from lounge.live.listener import SEND_BUFFER, USER_TIMEOUT, listening_sockets
from tests.integration.gateway.house import House, frame, memory, open_house, open_socket, peer, turns, until, upgrade

pytestmark = pytest.mark.asyncio(loop_scope="function")

GET = b"GET /letters HTTP/1.1\r\nhost: lounge.example.org\r\n\r\n"
MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("start", [GET[:8], GET[:-2], upgrade()[:40], upgrade()[:-2]])
async def test_half_a_header_that_never_ends_is_answered_by_the_deadline(start: bytes) -> None:
    """10 s after the first byte, for a plain request and for an upgrade; one byte a second does not put it off."""
    async with open_house() as house, peer(house) as one:
        await one.send(start)
        (connection,) = await connections(house)
        await until(lambda: connection._begun)
        for _ in range(9):
            house.time.pass_by(1)
            await one.send(b"x")
            await turns()
        assert house.connections
        house.time.pass_by(1)
        answer = await one.read_to_end()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])["error"]["retry"] is True
        one.reset()
        await until(lambda: not house.connections)
        assert house.time.timers == []


async def test_a_connection_without_a_word_is_dropped() -> None:
    """10 s without a first byte."""
    async with open_house() as house, peer(house) as one:
        await connections(house)
        house.time.pass_by(10)
        assert await one.read_to_end() == b""
        await until(lambda: not house.connections)


async def test_the_deadline_holds_for_later_requests_too() -> None:
    """Also for blank lines before a request, which the parser skips and which stop the wait for the next request."""
    async with open_house() as house, peer(house) as one:
        await one.send(GET)
        assert (await one.head()).startswith(b"HTTP/1.1 200 ")
        await one.read(len("thanks"))
        (connection,) = house.connections
        await one.send(b"\r\n")
        await until(lambda: connection._begun)
        await one.send(b"\r\n" * 10)
        house.time.pass_by(10)
        assert (await one.read_to_end()).startswith(b"HTTP/1.1 408 ")


async def test_the_deadline_holds_for_half_a_request_behind_a_whole_one() -> None:
    """Also where both came in one read, so that no further byte comes."""
    async with open_house() as house, peer(house) as one:
        await one.send(GET + GET[:-2])
        assert (await one.head()).startswith(b"HTTP/1.1 200 ")
        await one.read(len("thanks"))
        house.time.pass_by(10)
        assert (await one.read_to_end()).startswith(b"HTTP/1.1 408 ")


async def test_a_slow_answer_is_not_the_clients_fault() -> None:
    """The deadline ends with the headers."""
    async with open_house() as house, peer(house) as one:
        house.answer.clear()
        await one.send(GET)
        await until(lambda: house.sizes)
        house.time.pass_by(100)
        house.answer.set()
        assert (await one.head()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "headers",
    [b"x: " + b"a" * 100_000, b"x: a\r\n" * 12_000 + b"\r\n", b"x: a\r\n" * 12_000],
    ids=["one that never ends", "many", "many without an end"],
)
async def test_headers_are_bounded(headers: bytes) -> None:
    """64 KiB, whether or not they end."""
    async with open_house() as house, peer(house) as one:
        await one.send(GET[:-2] + headers)
        assert (await one.read_to_end()).startswith(b"HTTP/1.1 431 ")
        assert house.sizes == []


async def test_what_is_not_http_is_answered_400() -> None:
    """In the form of all errors, and without an echo of what was sent."""
    async with open_house() as house, peer(house) as one:
        await one.send(b"\x16\x03\x01 hello secret\r\n\r\n")
        answer = await one.read_to_end()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"secret" not in answer
        assert msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "bad_request"


async def test_a_body_of_50_mb_is_refused_by_its_length() -> None:
    """413 as JSON, read by a client that goes on sending; the application is not called."""
    async with open_house() as house, peer(house) as one:
        before = memory()
        head = b"POST /letters HTTP/1.1\r\nhost: x\r\ncontent-length: 50000000\r\n\r\n"
        sending = asyncio.create_task(one.send(head + bytes(50_000_000)))
        assert (await one.head()).startswith(b"HTTP/1.1 413 ")
        body = await one.read(len(b'{"error":{"code":"too_large"'))
        assert body == b'{"error":{"code":"too_large"'
        await sending
        assert memory() - before < 120 * MEGABYTE  # the 50 MB are the test's own, twice
        assert house.sizes == []


async def test_a_body_too_long_is_refused_before_it_is_sent() -> None:
    """A client that waits to be asked for it (Expect: 100-continue) is told 413, not to go on."""
    async with open_house() as house, peer(house) as one:
        await one.send(b"POST /letters HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1048577\r\n\r\n")
        assert (await one.head()).startswith(b"HTTP/1.1 413 ")
        await until(lambda: house.time.timers)
        house.time.pass_by(2)
        await until(lambda: not house.connections)


async def test_a_chunked_body_of_50_mb_is_refused_when_it_is_too_long() -> None:
    """No length is declared: it is counted."""
    async with open_house() as house, peer(house) as one:
        head = b"POST /letters HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        chunk = b"%x\r\n" % MEGABYTE + bytes(MEGABYTE) + b"\r\n"

        async def send() -> None:
            await one.send(head)
            for _ in range(50):
                await one.send(chunk)

        sending = asyncio.create_task(send())
        assert (await one.head()).startswith(b"HTTP/1.1 413 ")
        await sending
        assert house.sizes == []
        # The rest is dropped as it comes, for a moment; a body without an end does not keep the connection.
        house.time.pass_by(2)
        await one.read_to_end()
        await until(lambda: not house.connections)


async def test_a_body_within_the_bound_arrives_whole() -> None:
    """One MiB to the byte, declared or chunked, and the connection goes on."""
    async with open_house() as house, peer(house) as one:
        await one.send(b"POST /letters HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % MEGABYTE + bytes(MEGABYTE))
        assert (await one.head()).startswith(b"HTTP/1.1 200 ")
        await one.read(len("thanks"))
        chunked = b"POST /letters HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        await one.send(chunked + b"%x\r\n" % MEGABYTE + bytes(MEGABYTE) + b"\r\n0\r\n\r\n")
        assert (await one.head()).startswith(b"HTTP/1.1 200 ")
        assert house.sizes == [MEGABYTE, MEGABYTE]


async def test_a_refused_body_does_not_end_the_connection_if_it_ends() -> None:
    """The next request on the same connection is answered; without one the connection is dropped."""
    async with open_house() as house, peer(house) as one:
        size = 2 * MEGABYTE
        await one.send(b"POST /letters HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % size + bytes(size))
        head = await one.head()
        assert head.startswith(b"HTTP/1.1 413 ")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        await one.read(length)
        (connection,) = house.connections
        await until(lambda: connection._waiting)
        house.time.pass_by(4)
        await one.send(GET)
        assert (await one.head()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_", [upgrade("content-length: 5"), upgrade("transfer-encoding: chunked"), upgrade("x: " + "a" * 9000)]
)
async def test_an_upgrade_that_the_library_does_not_parse_is_answered(request_: bytes) -> None:
    """4xx and the end, where uvicorn's own protocol leaves the socket open for ever."""
    async with open_house() as house, peer(house) as one:
        await one.send(request_)
        answer = await one.read_to_end()
        assert answer.startswith(b"HTTP/1.1 4")
        await until(lambda: not house.connections)
        assert house.time.timers == []


async def test_an_upgrade_behind_an_unanswered_request_is_refused() -> None:
    """Else the answer would be written into the WebSocket."""
    async with open_house() as house, peer(house) as one:
        house.answer.clear()
        await one.send(GET + upgrade())
        assert b"101" not in await one.read_to_end()
        house.answer.set()
        await until(lambda: not house.connections)
        assert house.sessions == []


async def test_requests_ahead_of_their_answers_are_bounded() -> None:
    """Sixteen may wait on one connection; thousands in one read end it before they are made."""
    async with open_house() as house:
        house.answer.clear()
        async with peer(house) as one:
            await one.send(GET * 17)
            await until(lambda: house.sizes)
            house.answer.set()
            for _ in range(17):
                assert (await one.head()).startswith(b"HTTP/1.1 200 ")
                await one.read(len("thanks"))
        house.answer.clear()
        async with peer(house) as one:
            await one.send(GET * 5000)
            assert await one.read_to_end() == b""
        house.answer.set()
        assert len(house.sizes) <= 18


async def test_connections_are_bounded() -> None:
    """One too many is dropped as it comes; a place that is left is free again."""
    async with open_house(connections=2) as house:
        async with open_socket(house), peer(house) as second:
            await until(lambda: len(house.connections) == 2)
            async with peer(house) as third:
                assert await third.read_to_end() == b""
            await second.send(GET)
            assert (await second.head()).startswith(b"HTTP/1.1 200 ")
        await until(lambda: not house.connections)
        async with open_socket(house):
            pass


async def test_an_unknown_protocol_is_ignored() -> None:
    """The request is answered as if it had not asked (RFC 9110, 7.8), and the connection ends after it."""
    async with open_house() as house, peer(house) as one:
        await one.send(GET[:-2] + b"connection: Upgrade\r\nupgrade: h2c\r\n\r\n")
        answer = await one.read_to_end()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer


async def test_accepted_sockets_have_the_listeners_options() -> None:
    """A small send buffer, no Nagle, and the kernel's own deadline on a peer that acknowledges nothing."""
    async with open_house() as house, open_socket(house):
        (line,) = house.lines
        accepted = line._transport.get_extra_info("socket")
        # The kernel doubles what it is asked for (socket(7)).
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * SEND_BUFFER
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == USER_TIMEOUT


async def test_a_port_in_use_is_an_error_unless_shared() -> None:
    """Two servers do not take turns by accident."""
    (first,) = listening_sockets("127.0.0.1", 0)
    with first:
        port = first.getsockname()[1]
        first.listen()
        with pytest.raises(OSError, match="in use"):
            listening_sockets("127.0.0.1", port)
    (one,) = listening_sockets("127.0.0.1", 0, shared=True)
    with one:
        (two,) = listening_sockets("127.0.0.1", one.getsockname()[1], shared=True)
        two.close()


async def test_no_log_names_a_peer_or_a_path(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever level the loggers are set to: no address, port, path, query, header or message."""
    ports: list[str] = []
    async with open_house() as house:
        for name in (None, "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets.server"):
            caplog.set_level(logging.NOTSET + 1, logger=name)
        async with open_socket(house) as one:
            await one.send(frame(b"a secret") + frame(b"fault"))
            await one.close_code()
        for request in (
            upgrade(path="/live?token=secret"),
            upgrade("authorization: Bearer secret"),
            upgrade("content-length: 5", "x-secret: secret"),
            GET.replace(b"letters", b"letters?q=secret"),
            b"secret\r\n\r\n",
        ):
            async with peer(house) as one:
                await one.send(request)
                await one.head()
                ports.append(str(one.socket.getsockname()[1]))
    told = caplog.text + "".join(capfd.readouterr())
    for port in ports:
        assert port not in caplog.text
    for word in ("secret", "127.0.0.1", "letters", "/live", "Bearer"):
        assert word not in told


async def connections(house: House) -> set[Any]:
    """Return the server's connections, once there are any."""
    await until(lambda: house.connections)
    return set(house.connections)
