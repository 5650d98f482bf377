"""How many posts a second become durable, by the size of the group that commits them.

Run `python -m bench.append [SECONDS]`: a table, then JSON. The baseline of the same run is the plain way: one INSERT, which
draws its number from the stream's row, in a transaction of its own for each post.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING

import asyncpg

from bench.installation import percentile, servers
from lounge.clock import SystemClock
from lounge.ids import Ids, SystemRandomness
from lounge.sql import load_queries
from lounge.store import SCHEMA, Item, Store, digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

GROUPS = (1, 10, 100, 500)
STREAMS = 50
LANES = 4
BODY = "What would you do next? The potassium is 6.8 and the trace is widening. " * 3

PLAIN = """with n as (update streams set head = head + 1 where id = $1 returning head)
    insert into events (stream, seq, kind, author, key, at, data)
    select $1, head, 'posted', 1, $2, clock_timestamp(), json_build_object('body', $3::text) from n"""


async def timed(seconds: float, group: int, once: Callable[[int], Awaitable[object]]) -> dict[str, float]:
    """Call `once` from four lanes for a time; return posts a second and the commits' milliseconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def lane(number: int) -> None:
        while time.perf_counter() < end:
            began = time.perf_counter()
            await once(number)
            times.append(time.perf_counter() - began)

    await asyncio.gather(*(lane(number) for number in range(LANES)))
    return {
        "posts_per_second": round(len(times) * group / seconds),
        "p50_ms": round(percentile(times, 0.5) * 1000, 1),
        "p99_ms": round(percentile(times, 0.99) * 1000, 1),
    }


async def measure(url: str, owner_url: str, seconds: float) -> dict[str, dict[str, float]]:
    """Measure the baseline and each size of group."""
    ids = Ids(SystemClock(), SystemRandomness())
    streams = [ids.stream() for _ in range(STREAMS * LANES)]
    owner = await asyncpg.create_pool(owner_url, min_size=LANES, server_settings={"search_path": SCHEMA})
    await owner.executemany("insert into streams (id, kind) values ($1, 'room')", [(one,) for one in streams])
    store = Store(url, load_queries())
    await store.open()

    async def plain(number: int) -> None:
        await owner.execute(PLAIN, streams[number * STREAMS], ids.secret(), BODY)

    def grouped(size: int) -> Callable[[int], Awaitable[object]]:
        data = json.dumps({"body": BODY}).encode()

        async def once(number: int) -> None:
            own = streams[number * STREAMS : (number + 1) * STREAMS]
            items = [
                Item(
                    stream=own[n % STREAMS],
                    author=1,
                    key=ids.secret(),
                    kind="posted",
                    data=data,
                    digest=digest(BODY),
                    open=True,
                )
                for n in range(size)
            ]
            outcomes = await store.append(items)
            assert all(outcome.status == "new" for outcome in outcomes)

        return once

    found = {"baseline": await timed(seconds, 1, plain)}
    for size in GROUPS:
        found[f"groups of {size}"] = await timed(seconds, size, grouped(size))
    await store.close()
    await owner.close()
    return found


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with servers() as told:
        found = asyncio.run(measure(told["DATABASE_URL"], told["DATABASE_OWNER_URL"], seconds))
    base = found["baseline"]["posts_per_second"]
    print(f"{'durable posts, 4 lanes':<24}{'posts/s':>10}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}")
    for name, row in found.items():
        ratio = row["posts_per_second"] / base
        print(f"{name:<24}{row['posts_per_second']:>10}{ratio:>8.1f}{row['p50_ms']:>9}{row['p99_ms']:>9}")
    print(json.dumps({"bench": "append", "seconds": seconds, "found": found}))


if __name__ == "__main__":
    main()
