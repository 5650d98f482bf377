"""The drill's connection keeps to the pace that a server names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import serve

from lounge.drill.peer import connected

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection


async def test_what_came_too_fast_is_asked_again() -> None:
    """As often as it must be, under a number of its own; the reply is the one that tells what was done."""
    asked: list[dict[str, Any]] = []
    refusal = {"op": "error", "code": "too_fast", "message": "Slower", "retry": True, "retry_after": 0.001}

    async def answer(socket: ServerConnection) -> None:
        async for text in socket:
            command = json.loads(text)
            if command["op"] == "hello":
                told: dict[str, Any] = {"op": "welcome", "epoch": "e"}
            else:
                asked.append(command)
                told = {"op": "followed", "stream": command["stream"]} if len(asked) == 3 else refusal
            await socket.send(json.dumps(told | {"id": command["id"]}))

    async with serve(answer, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        peer = await connected(f"http://127.0.0.1:{port}", "token", lambda _push: None)
        replies: list[str] = []
        reply = await peer.ask("follow", lambda frame: replies.append(frame["op"]), stream="s")
        await peer.close()
    assert reply["op"] == "followed"
    assert [command["stream"] for command in asked] == ["s"] * 3
    assert len({command["id"] for command in asked}) == 3
    assert replies == ["error", "error", "followed"]
