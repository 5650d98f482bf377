"""The moment between accepting a connection and giving it to its session, with endpoints that take their time or err."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lounge.live.gateway import EXTENSION, Gateway
from tests.integration.gateway.house import Echo, House, frame, open_house, open_socket, peer, until, upgrade

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

pytestmark = pytest.mark.asyncio(loop_scope="function")


def accepts(house: House) -> ASGIApp:
    """Accept, wait until the test says so, then hand over, twice."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        house.capacity.enter()
        await house.answer.wait()
        gateway: Gateway = scope["extensions"][EXTENSION]
        gateway.hand_over(Echo(house), lambda: None)
        with pytest.raises(RuntimeError, match="once"):
            gateway.hand_over(Echo(house), lambda: None)

    return app


def hands_over_first(house: House) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  as the server calls it
        scope["extensions"][EXTENSION].hand_over(Echo(house), lambda: None)

    return app


def keeps(_: House) -> ASGIApp:
    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    return app


def forgets(_: House) -> ASGIApp:
    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})

    return app


def says_nothing(_: House) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Do nothing."""

    return app


async def test_a_peer_that_leaves_before_the_hand_over_is_opened_and_lost() -> None:
    """The session learns of it as of any other end."""
    async with open_house(accepts) as house:
        house.answer.clear()
        async with open_socket(house):
            await until(lambda: house.capacity.taken)
        await until(lambda: not house.connections)
        house.answer.set()
        session = await house.session()
        assert session.losses == 1
        assert house.time.timers == []


async def test_messages_wait_for_an_endpoint_that_takes_its_time() -> None:
    """Also those that come after the accept."""
    async with open_house(accepts) as house:
        house.answer.clear()
        async with open_socket(house) as one:
            await one.send(frame(b"1") + frame(b"2"))
            await until(lambda: any(len(gateway._early) == 14 for gateway in house.connections))
            house.answer.set()
            await one.send(frame(b"3"))
            assert [await one.frame() for _ in range(3)] == [(1, b"1"), (1, b"2"), (1, b"3")]


@pytest.mark.parametrize("app", [hands_over_first, says_nothing])
async def test_an_endpoint_that_does_not_accept_is_answered_for(app: object) -> None:
    """500, and the end."""
    async with open_house(app) as house, peer(house) as one:  # type: ignore[arg-type]
        await one.send(upgrade())
        assert (await one.read_to_end()).startswith(b"HTTP/1.1 500 ")
        await until(lambda: not house.connections)
        assert house.sessions == []


@pytest.mark.parametrize("app", [keeps, forgets])
async def test_an_endpoint_that_keeps_the_connection_loses_it(app: object) -> None:
    """This server carries messages to sessions alone: it drops the connection rather than leave it without deadlines."""
    async with open_house(app) as house, open_socket(house) as one:  # type: ignore[arg-type]
        assert await one.read_to_end() == b""
        await until(lambda: not house.connections)
