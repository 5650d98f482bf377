"""Follow a stream of a Lounge server through every loss of the connection: an example of docs/protocol.md.

    LOUNGE_TOKEN=lng_… python follow.py ws://127.0.0.1:8000/live STREAM [--since N --epoch E] [--post TEXT]

Prints a JSON object a line: {"followed"} with the position and epoch to come back with, {"message"} as read, {"event"} in
order, each once, {"done"} once TEXT is durable. Ends with status 0 on SIGINT and SIGTERM, with 1 where the server does not
want it back.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import sys
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

FINAL_CODES, NEW_EPOCH, SERVER_ERROR = {1002, 1003, 1007, 1008, 1009, 4001}, 4003, 500
LOUNGE = Subprotocol("lounge.v1+json")
Frame = dict[str, Any]


class Ended(Exception):
    """The server does not want us back."""


class Follower:
    """A position in one stream, perhaps a text on its way, and one connection after another."""

    def __init__(self, stream: str, token: str, since: int | None, epoch: str | None, text: str | None) -> None:
        self.stream, self.token = stream, token
        self.position, self.epoch, self.server_epoch = since, epoch, ""
        # The key is made once and sent with every attempt: so the post is done once.
        self.post = None if text is None else {"op": "post", "stream": stream, "key": str(uuid.uuid4()), "body": text}
        self.ids, self.asked = itertools.count(1), dict[int, Frame]()
        self.attempt, self.restart_within = 0, 0.0

    async def run(self, url: str) -> None:
        while True:
            self.asked, self.restart_within = {}, 0.0
            try:
                async with connect(url, subprotocols=[LOUNGE], compression=None, max_size=2**21) as socket:
                    await self.ask(socket, {"op": "hello", "client": "follow.py", "token": self.token})
                    while True:  # one frame after the other: the order in which they come matters
                        frame = json.loads(await socket.recv())
                        await self.handle(socket, frame, self.asked.pop(frame.get("id"), {}))
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                print(f"connection closed: {code}", file=sys.stderr)
                if code in FINAL_CODES:
                    raise Ended("for good") from closed
                if code == NEW_EPOCH:
                    self.position = None
            except InvalidStatus as refusal:
                if (status := refusal.response.status_code) < SERVER_ERROR:
                    raise Ended(f"refused with HTTP status {status}") from refusal
            except (OSError, InvalidHandshake) as failure:
                print(f"no connection: {type(failure).__name__}", file=sys.stderr)
            # Full jitter: those who were cut off together must not come back together.
            await asyncio.sleep(random.uniform(0, self.restart_within or min(30, 0.5 * 2**self.attempt)))
            self.attempt = min(self.attempt + 1, 6)

    async def ask(self, socket: ClientConnection, command: Frame) -> None:
        number = next(self.ids)
        self.asked[number] = command
        await socket.send(json.dumps(command | {"id": number}))

    async def follow(self, socket: ClientConnection) -> None:
        since = {} if self.position is None else {"since": self.position, "epoch": self.epoch}
        await self.ask(socket, {"op": "follow", "stream": self.stream} | since)

    async def handle(self, socket: ClientConnection, frame: Frame, asked: Frame) -> None:  # noqa: C901, PLR0912
        match frame["op"]:
            case "welcome":
                self.server_epoch, self.attempt = frame["epoch"], 0
                await self.follow(socket)
                if self.post:
                    await self.ask(socket, self.post)
            case "followed":
                tell("followed", {"head": frame["head"], "epoch": self.server_epoch, "complete": frame["complete"]})
                tell("message", *frame.get("messages", ()))
                for event in frame.get("events", ()):
                    await self.handle(socket, event, {})
                self.position, self.epoch = frame["head"], self.server_epoch
            case "slice":
                tell("message", *frame["messages"])
            case "event" if frame["seq"] > (self.position or 0) + 1:
                await socket.close()  # one is missing: come back and resume
            case "event" if frame["seq"] > (self.position or 0):
                self.position = frame["seq"]
                tell("event", frame)
            case "gap":
                self.position = frame["head"]
                await self.ask(socket, {"op": "read", "stream": self.stream})
            case "done":
                self.post = None
                tell("done", frame)
            case "evicted":
                raise Ended("this stream is not open to you any more")
            case "bye":
                if frame["retry_after"] is None:
                    raise Ended(f"the server said goodbye: {frame['reason']}")
                self.restart_within = frame["retry_after"]
            case "error" if frame["code"] in ("since_ahead", "wrong_epoch"):
                self.position = None
                await self.follow(socket)
            case "error" if frame["retry"] and asked:
                await asyncio.sleep(frame.get("retry_after") or random.uniform(0, 1))
                await self.ask(socket, asked)
            case "error":
                raise Ended(f"{frame['code']}: {frame['message']}")


def tell(kind: str, *items: Frame) -> None:
    for item in items:
        print(json.dumps({kind: item}, ensure_ascii=False), flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description="Follow a stream of a Lounge server; the token is in LOUNGE_TOKEN.")
    for name in ("url", "stream"):
        parser.add_argument(name)
    parser.add_argument("--since", type=int)
    parser.add_argument("--epoch")
    parser.add_argument("--post", metavar="TEXT")
    given = parser.parse_args()
    token = os.environ.get("LOUNGE_TOKEN") or parser.error("the variable LOUNGE_TOKEN is missing")
    follower = Follower(given.stream, token, given.since, given.epoch, given.post)
    running = asyncio.create_task(follower.run(given.url))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except Ended as end:
        sys.exit(str(end))
    except asyncio.CancelledError:
        pass


if __name__ == "__main__":
    asyncio.run(main())
