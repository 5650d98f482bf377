"""What it costs to come back: connect, say hello, and follow a room after missing some of it.

Run `python -m bench.resume [CLIENTS]`: a table, then JSON. The baseline of the same run is coming back with nothing missed
and without following: connection, authentication and hello alone. The clients come back 50 at a time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid

import httpx
import websockets

from bench.installation import Node, node, percentile, processor_seconds, servers, token

MISSED = (0, 50, 500)
AT_ONCE = 50
DRAFT = {
    "title": "A room to come back to",
    "specialty": "cardiology",
    "urgency": "today",
    "presentation": "P",
    "question": "Q",
}


async def come_back(url: str, secret: str, stream: str | None, since: int | None, epoch: str | None) -> float:
    """Return the seconds until the answer was there."""
    began = time.perf_counter()
    async with websockets.connect(
        url.replace("http", "ws") + "/live",
        subprotocols=[websockets.Subprotocol("lounge.v1+json")],
        additional_headers={"Authorization": f"Bearer {secret}"},
        compression=None,
        max_size=None,
    ) as peer:
        await peer.send(json.dumps({"op": "hello", "id": 1}))
        assert json.loads(await peer.recv())["op"] == "welcome"
        if stream is not None:
            await peer.send(json.dumps({"op": "follow", "id": 2, "stream": stream, "since": since, "epoch": epoch}))
            answer = json.loads(await peer.recv())
            assert answer["complete"], answer
        return time.perf_counter() - began


async def fill(url: str, secret: str, posts: int) -> tuple[str, int, str]:
    """Make a room with this many posts; return its stream, its head and the epoch."""
    async with websockets.connect(
        url.replace("http", "ws") + "/live",
        subprotocols=[websockets.Subprotocol("lounge.v1+json")],
        additional_headers={"Authorization": f"Bearer {secret}"},
    ) as peer:
        await peer.send(json.dumps({"op": "hello", "id": 0}))
        epoch = json.loads(await peer.recv())["epoch"]
        stream = await asyncio.to_thread(new_room, url, secret)
        head = 0
        for number in range(posts):
            post = {"op": "post", "id": number + 1, "stream": stream, "key": str(uuid.uuid4()), "body": "Words. " * 30}
            while True:
                await peer.send(json.dumps(post))
                answer = json.loads(await peer.recv())
                if answer["op"] == "done":
                    break
                await asyncio.sleep(answer["retry_after"])
            head = answer["seq"]
    return stream, head, epoch


def new_room(url: str, secret: str) -> str:
    """Open a case and return its room."""
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": str(uuid.uuid4())}
    room: str = httpx.post(f"{url}/api/v1/cases", json=DRAFT, headers=headers).json()["case"]["room"]
    return room


async def measure(running: Node, secret: str, clients: int) -> dict[str, dict[str, float]]:
    """Measure the baseline and each number of missed events."""
    stream, head, epoch = await fill(running.url, secret, max(MISSED))
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(missed: int | None) -> float:
        async with slots:
            if missed is None:
                return await come_back(running.url, secret, None, None, None)
            return await come_back(running.url, secret, stream, head - missed, epoch)

    found = {}
    for name, missed in (("baseline: hello alone", None), *((f"{missed} missed", missed) for missed in MISSED)):
        await asyncio.gather(*(one(missed) for _ in range(AT_ONCE)))
        before = processor_seconds(running.pid)
        times = await asyncio.gather(*(one(missed) for _ in range(clients)))
        used = processor_seconds(running.pid) - before
        found[name] = {
            "cpu_ms": round(used / clients * 1000, 2),
            "p50_ms": round(percentile(times, 0.5) * 1000, 1),
            "p99_ms": round(percentile(times, 0.99) * 1000, 1),
        }
    return found


def main() -> None:
    """Print the table."""
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with servers() as told:
        secret = token(told)
        with node(told) as running:
            found = asyncio.run(measure(running, secret, clients))
    base = found["baseline: hello alone"]["cpu_ms"]
    print(f"{'coming back, 50 at a time':<28}{'node CPU ms':>12}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}")
    for name, row in found.items():
        print(f"{name:<28}{row['cpu_ms']:>12}{row['cpu_ms'] / base:>8.1f}{row['p50_ms']:>9}{row['p99_ms']:>9}")
    print(json.dumps({"bench": "resume", "clients": clients, "found": found}))


if __name__ == "__main__":
    main()
