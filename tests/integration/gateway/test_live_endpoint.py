"""Who may open a live connection, on our gateway and under a server that is not ours."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import uvicorn

from lounge.live.listener import listening_sockets
from tests.integration.gateway.house import (
    OWN_ORIGIN,
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

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    Opened = Callable[[], AbstractAsyncContextManager[House]]

pytestmark = pytest.mark.asyncio(loop_scope="function")

TEXT = 1


@asynccontextmanager
async def open_elsewhere() -> AsyncIterator[House]:
    """The same application under uvicorn's own protocols."""
    house = House()
    config = uvicorn.Config(
        house.app(), ws="websockets-sansio", lifespan="off", log_config=None, access_log=False, log_level="critical"
    )
    server = uvicorn.Server(config)
    (listening,) = listening_sockets("127.0.0.1", 0)
    house.port = listening.getsockname()[1]
    # Not `serve`, which takes over the signals of the process.
    running = asyncio.create_task(server._serve([listening]))
    try:
        await until(lambda: server.started)
        yield house
    finally:
        server.force_exit = server.should_exit = True
        await asyncio.wait_for(running, 20)


SERVERS = pytest.mark.parametrize("opened", [open_house, open_elsewhere], ids=["gateway", "other server"])


async def refusal(one: Peer, request: bytes) -> tuple[bytes, dict[str, Any]]:
    await one.send(request)
    head, _, body = (await one.read_to_end()).partition(b"\r\n\r\n")
    return head, msgspec.json.decode(body)["error"]


@SERVERS
async def test_a_foreign_origin_is_refused_before_the_upgrade(opened: Opened) -> None:
    """A page of another site gets 403, whatever it carries; a page of ours is let in."""
    async with opened() as house:
        async with peer(house) as one:
            head, error = await refusal(one, upgrade("origin: https://evil.example", "authorization: Bearer good"))
            assert head.startswith(b"HTTP/1.1 403 ")
            assert error["code"] == "forbidden"
        async with peer(house) as one:
            await one.send(upgrade(f"origin: {OWN_ORIGIN}"))
            assert (await one.head()).startswith(b"HTTP/1.1 101 ")
        assert len(house.sessions) <= 1


@SERVERS
async def test_a_bad_token_is_refused_before_the_upgrade(opened: Opened) -> None:
    """401, with what to do."""
    async with opened() as house, peer(house) as one:
        head, error = await refusal(one, upgrade("authorization: Bearer bad"))
        assert head.startswith(b"HTTP/1.1 401 ")
        assert error["code"] == "sign_in_needed"
        assert house.sessions == []


@SERVERS
@pytest.mark.parametrize("protocol", [None, "lounge.v9+json", "graphql-ws, mqtt"])
async def test_the_subprotocol_is_asked_for_by_name(opened: Opened, protocol: str | None) -> None:
    """400, naming it."""
    async with opened() as house, peer(house) as one:
        head, error = await refusal(one, upgrade(protocol=protocol))
        assert head.startswith(b"HTTP/1.1 400 ")
        assert "lounge.v1+json" in error["message"]


@SERVERS
async def test_the_subprotocol_may_be_one_of_several(opened: Opened) -> None:
    """A browser offers all it speaks."""
    async with opened() as house, peer(house) as one:
        await one.send(upgrade(protocol="mqtt, lounge.v1+json"))
        head = (await one.head()).lower()
        assert b"sec-websocket-protocol: lounge.v1+json" in head


@SERVERS
async def test_a_full_node_refuses_with_503(opened: Opened) -> None:
    """Also counting those who wait to be let in; a place that is left is free again."""
    async with opened() as house:
        house.capacity._places = 2
        house.let_in.clear()
        async with peer(house) as first, peer(house) as second, peer(house) as third:
            await first.send(upgrade())
            await second.send(upgrade())
            await until(lambda: house.capacity.taken == 2)
            head, error = await refusal(third, upgrade())
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: " in head.lower()
            assert error["code"] == "busy"
            assert error["retry"] is True
            house.let_in.set()
            assert (await first.head()).startswith(b"HTTP/1.1 101 ")
            assert (await second.head()).startswith(b"HTTP/1.1 101 ")
        await until(lambda: house.capacity.taken == 0)
        async with open_socket(house):
            assert house.capacity.taken == 1


@SERVERS
async def test_a_member_with_too_many_connections_is_told_1013(opened: Opened) -> None:
    """By a close code, which a browser's page sees."""
    async with opened() as house, peer(house) as one:
        house.room_for = False
        await one.send(upgrade("authorization: Bearer good"))
        assert (await one.head()).startswith(b"HTTP/1.1 101 ")
        assert await one.close_code() == 1013
        await one.send(frame((1013).to_bytes(2, "big"), 8))
        await one.read_to_end()
        await until(lambda: house.capacity.taken == 0)
        assert house.sessions == []


@SERVERS
async def test_a_fault_of_who_authenticates_is_answered_500(opened: Opened) -> None:
    """In the form of all errors; the place is free again."""
    async with opened() as house, peer(house) as one:
        house.let_in = None  # type: ignore[assignment]  # `authenticate` stumbles over it
        head, error = await refusal(one, upgrade())
        assert head.startswith(b"HTTP/1.1 500 ")
        assert error["code"] == "internal"
        assert house.capacity.taken == 0


async def test_under_another_server_messages_go_both_ways() -> None:
    """In order, those sent before the accept included; the session learns of the end once."""
    async with open_elsewhere() as house:
        async with open_socket(house) as one:
            for n in range(50):
                await one.send(frame(b"%d" % n))
            assert [await one.frame() for _ in range(50)] == [(TEXT, b"%d" % n) for n in range(50)]
        session = await house.session()
        await until(lambda: session.losses and house.capacity.taken == 0)
        assert session.losses == 1


async def test_under_another_server_a_session_pauses_closes_and_faults() -> None:
    """The same seam, the same outcome."""
    async with open_elsewhere() as house:
        async with open_socket(house) as one, open_socket(house) as other:
            session, _ = await house.session(), await house.session(1)

            async def read() -> None:
                # What was sent before on one connection is read before what is sent after it on another.
                await other.send(frame(b"?"))
                assert await other.frame() == (TEXT, b"?")
                await turns()

            await one.send(frame(b"pause") + frame(b"after"))
            await read()
            # One message may be on its way already when the session pauses; the one behind it is not.
            await one.send(frame(b"later") + frame(b"last"))
            await read()
            assert session.heard[:1] == [b"pause"]
            assert len(session.heard) <= 2
            session.wire.resume()
            await until(lambda: len(session.heard) == 4)
        for number, (word, code) in enumerate([(b"close 4001", 4001), (b"fault", 1011)], start=2):
            async with open_socket(house) as one:
                await one.send(frame(word))
                assert await one.close_code() == code
                await one.send(frame(code.to_bytes(2, "big"), 8))
                await one.read_to_end()
                session = await house.session(number)
                await until(lambda: session.losses)  # noqa: B023  judged within the turn
        async with open_socket(house) as one:
            await one.send(frame(b"binary", 2))
            assert await one.close_code() == 1003


async def test_under_another_server_a_slow_reader_is_dropped_at_one_mebibyte() -> None:
    """What waits in our memory is bounded; the session learns of the end."""
    async with open_elsewhere() as house, open_socket(house, receive_buffer=4096) as one:
        await one.send(frame(b"hello"))
        session = await house.session()
        for _ in range(200):
            session.flood(100_000)
            await asyncio.sleep(0)
            assert session.wire.buffered() <= 1024 * 1024
        await until(lambda: session.losses)
        assert session.losses == 1
        await until(lambda: house.capacity.taken == 0)
