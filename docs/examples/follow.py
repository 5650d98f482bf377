"""Follow one Lounge stream from the command line: an example client for the live protocol.

    LOUNGE_TOKEN=lng_... follow.py ws://127.0.0.1:8777/live STREAM [--since N --epoch E] [--post TEXT]

Prints JSON lines: {"head", "epoch", "complete"} whenever following began (again), {"message"} for each message of a
fresh read, {"event"} for each event, once and in order, {"done"} for the post. Exit status 1: coming back is no use.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

DO_NOT_COME_BACK = {1002, 1003, 1007, 1008, 1009, 4001}
RESTARTING, TOO_MANY_CONNECTIONS, NEW_EPOCH, BROKEN = 1012, 1013, 4003, 1006
LARGEST_REPLY, SERVER_ERROR, LOUNGE = 2**21, 500, Subprotocol("lounge.v1+json")


def emit(**line: object) -> None:
    print(json.dumps(line, ensure_ascii=False, separators=(",", ":")), flush=True)


class Follower:
    """What outlives a connection (position, epoch, the pending post), and how frames change it."""

    def __init__(self, args: argparse.Namespace, token: str) -> None:
        self.url, self.token, self.stream = args.url, token, args.stream
        self.position, self.epoch = args.since, args.epoch  # the epoch is the one under which we got the position
        self.post = args.post and {"op": "post", "stream": self.stream, "key": str(uuid.uuid4()), "body": args.post}
        self.attempt, self.retry_after, self.reading = 0, 0.0, False  # reading: after a gap, until its slice came

    async def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, asyncio.current_task().cancel)
        wanted = {"subprotocols": [LOUNGE], "compression": None, "max_size": LARGEST_REPLY}
        while True:
            code, self.retry_after = BROKEN, 0.0
            try:
                async with connect(self.url, **wanted) as ws:
                    await self.talk(ws)
            except ConnectionClosed as exc:
                code, reason = exc.rcvd.code if exc.rcvd else BROKEN, str(exc)
            except InvalidStatus as exc:
                reason = f"{exc}: {(exc.response.body or b'').decode(errors='replace')}"
                if exc.response.status_code < SERVER_ERROR:
                    sys.exit(reason)
                with contextlib.suppress(ValueError, LookupError, TypeError):  # may be the answer of a proxy
                    self.retry_after = json.loads(exc.response.body)["error"]["retry_after"]
            except (InvalidURI, BrokenPipeError) as exc:  # the pipe is our stdout, no connection
                sys.exit(str(exc))
            except (InvalidHandshake, OSError) as exc:
                reason = str(exc) or type(exc).__name__
            if code in DO_NOT_COME_BACK:
                sys.exit(reason)
            if code == NEW_EPOCH:
                self.position = None
            backoff = random.uniform(0, min(30, 0.5 * 2 ** min(self.attempt, 10)))
            least = self.retry_after or (30 if code == TOO_MANY_CONNECTIONS else 0)
            delay = random.uniform(0, least or 1) if code == RESTARTING else least + backoff
            self.attempt += 1
            print(f"connection lost: {reason}; next attempt in {delay:.1f} s", file=sys.stderr)
            await asyncio.sleep(delay)

    async def talk(self, ws: ClientConnection) -> None:  # noqa: C901, PLR0912
        """One connection, from `hello` to its end, one frame after the other."""
        loop, epoch, sent = asyncio.get_running_loop(), "", []  # the id of a command is its place in sent
        # Commands, and when to send them. The waiting is done while reading: who stops reading loses the connection.
        due: list[tuple[float, dict[str, Any]]] = [(0, {"op": "hello", "client": "follow 1.0", "token": self.token})]
        while True:
            for item in [item for item in due if item[0] <= loop.time()]:
                due.remove(item)
                sent.append(item[1])
                await ws.send(json.dumps({**item[1], "id": len(sent) - 1}))
            frame: dict[str, Any] = {"op": "nothing yet"}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min((when for when, _ in due), default=None)):
                    frame = json.loads(await ws.recv())
            op, command = frame["op"], sent[frame["id"]] if "id" in frame else {}
            other_history = command.get("op") == "follow" and frame.get("code") in ("since_ahead", "wrong_epoch")
            if op == "welcome" or other_history:
                if other_history or self.reading:
                    self.position, self.reading = None, False
                if op == "welcome":
                    self.attempt, epoch = 0, frame["epoch"]
                back = {} if self.position is None else {"since": self.position, "epoch": self.epoch}
                due.append((0, {"op": "follow", "stream": self.stream, **back}))
            elif op == "followed":
                self.epoch = epoch
                emit(head=frame["head"], epoch=epoch, complete=frame["complete"])
                if self.position is None or not frame["complete"]:
                    self.position = frame["head"]
                for event in frame.get("events", []):
                    self.event(event)
                if self.post:
                    due.append((0, self.post))
            elif op == "event":
                self.event(frame)
            elif op == "gap":
                self.position, self.reading = frame["head"], True
                due.append((0, {"op": "read", "stream": self.stream}))
            elif op == "slice":
                self.reading = False
            elif op == "done":
                self.post = None
                emit(done={name: value for name, value in frame.items() if name not in ("op", "id")})
            elif op == "bye" and frame["retry_after"] is not None:
                self.retry_after = frame["retry_after"]
            elif op == "error" and frame["retry"] and command:
                due.append((loop.time() + (frame.get("retry_after") or 1), command))
            elif op in ("error", "evicted", "bye"):
                sys.exit(f"{op}: {frame.get('code', frame.get('reason', ''))} {frame.get('message', '')}")
            for message in frame.get("messages", []) if op in ("followed", "slice") else []:
                emit(message=message)

    def event(self, event: dict[str, Any]) -> None:
        if event["seq"] > self.position + 1:
            raise ConnectionError(f"event {event['seq']} came after {self.position}")
        if event["seq"] == self.position + 1:
            self.position = event["seq"]
            emit(event=event)


def main() -> None:
    parser = argparse.ArgumentParser(description="Follow one Lounge stream.")
    parser.add_argument("url", metavar="URL", help="such as ws://127.0.0.1:8777/live")
    parser.add_argument("stream", metavar="STREAM")
    parser.add_argument("--since", type=int, metavar="N", help="the last number you have; needs --epoch")
    parser.add_argument("--epoch", metavar="E", help="the epoch under which you got it")
    parser.add_argument("--post", metavar="TEXT", help="post this once")
    args = parser.parse_args()
    if (args.since is None) != (args.epoch is None):
        parser.error("--since and --epoch go together")
    if not (token := os.environ.get("LOUNGE_TOKEN")):
        parser.error("the environment variable LOUNGE_TOKEN is missing")  # exit status 2
    with contextlib.suppress(asyncio.CancelledError):  # by a signal
        asyncio.run(Follower(args, token).run())


if __name__ == "__main__":
    main()
