"""How soon a posted case reaches its responders, and how many due steps two engines take a second.

Run `python -m bench.paging [SECONDS]`: a table, then JSON. Two real nodes on one database: cases are posted on one, responders
follow the other by server-sent events. A page's delay is from the time that the opening transaction stamped, hence before its
commit, to its arrival at the responder; all on one machine with one clock. The steps fall due all at once, as after an outage.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import httpx

from bench.installation import node, percentile, processor_seconds, servers
from lounge.app import accounts_of
from lounge.clock import SystemClock
from lounge.data import load_specialties
from lounge.descriptors import allow_many
from lounge.ids import Ids, SystemRandomness
from lounge.members.accounts import NewMember
from lounge.sql import load_queries
from lounge.store import SCHEMA, Store

if TYPE_CHECKING:
    from bench.installation import Node

RATE: Final = 20
"""Cases a second."""
RESPONDERS: Final = 300
FIELDS: Final = (
    "cardiology",
    "neurology",
    "nephrology",
    "haematology",
    "dermatology",
    "psychiatry",
    "urology",
    "rheumatology",
    "oncology",
    "gastroenterology",
)
STEPS: Final = 4_000
PEOPLE: Final = 3
"""Asked for each case, by the first step of the policy for urgent ones."""
TARGET_MS: Final = 250
TARGET_STEPS: Final = 1_000

BULK: Final = """
  with made as (
    select n, gen_random_uuid() as id, gen_random_uuid() as room, ($1::text[])[1 + n % 10] as field
    from generate_series(1, $2::int) n
  ), opened as (
    insert into streams (id, kind, asker, people) select room, 'room', 1, 1 from made
  ), rooms_made as (
    insert into rooms (stream, kind, title, audience, case_id) select room, 'case', 'Made up', 'all', id from made returning 1
  ), cases_made as (
    insert into cases (id, room, author, key, digest, label, title, specialty, urgency, presentation, question, opened_at)
    select made.id, room, m.id, gen_random_uuid(), '', 'Cardiology', 'Made up', field, 'urgent', 'Made up', 'Made up',
           clock_timestamp()
    from made join members m on m.handle = 'bench-' || made.n % $3::int
    returning 1
  )
  insert into escalations (case_id, policy, wanted, due, due_at)
  select id, $4::json, 1, 'step', 'infinity' from made
"""


async def responders(environment: dict[str, str]) -> list[str]:
    """Make members who are on call; return a token of each, and of an author at last."""
    clock = SystemClock()
    ids = Ids(clock, SystemRandomness())
    store = Store(environment["DATABASE_URL"], load_queries())
    await store.open()
    accounts = accounts_of(store, ids, clock, load_specialties(), lambda *_: None)
    new = [NewMember(f"bench-{n}", (FIELDS[n % len(FIELDS)],), "DE") for n in range(RESPONDERS)]
    made = await accounts.create([*new, NewMember("bench-author", ("general-practice",), "DE")])
    secrets = [(await accounts.issue(one, "token", timedelta(days=1)))[0] for one in made]
    await store.close()
    return secrets


async def followed(client: httpx.AsyncClient, secret: str, arrived: list[float], ready: asyncio.Semaphore) -> None:
    """Follow a member's pages until cancelled; note how late each comes, in milliseconds."""
    headers = {"authorization": f"Bearer {secret}"}
    async with client.stream("GET", "/api/v1/pager/feed", headers=headers, timeout=None) as answer:
        kind = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                kind = line[7:]
                if kind == "pages":
                    ready.release()
            elif line.startswith("data: ") and kind == "paged":
                arrived.append(time.time() * 1000 - json.loads(line[6:])["opened_at"])


async def posted(client: httpx.AsyncClient, secret: str, seconds: float) -> int:
    """Open cases at an even rate; return how many."""
    draft = {"title": "Made up", "urgency": "urgent", "presentation": "Made up.", "question": "Made up?"}
    began, count = time.monotonic(), int(RATE * seconds)

    async def one(number: int) -> None:
        await asyncio.sleep(began + number / RATE - time.monotonic())
        body = draft | {"specialty": FIELDS[number % len(FIELDS)]}
        headers = {"authorization": f"Bearer {secret}", "idempotency-key": str(uuid.uuid4())}
        answer = await client.post("/api/v1/cases", json=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text

    await asyncio.gather(*(one(number) for number in range(count)))
    return count


async def until_come(arrived: list[float], wanted: int) -> None:
    """Wait until so many pages have come."""
    async with asyncio.timeout(60):
        while len(arrived) < wanted:  # noqa: ASYNC110  a figure is polled for, nothing else is told
            await asyncio.sleep(0.05)


async def reach(
    nodes: list[Node], secrets: list[str], seconds: float, owner: asyncpg.Connection[Any]
) -> dict[str, float]:
    """Return how late pages come to responders on the other node."""
    arrived: list[float] = []
    ready = asyncio.Semaphore(0)
    limits = httpx.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(httpx.AsyncClient(base_url=nodes[1].url, limits=limits))
        here = await stack.enter_async_context(httpx.AsyncClient(base_url=nodes[0].url, limits=limits))
        tasks = [asyncio.create_task(followed(there, secret, arrived, ready)) for secret in secrets[:-1]]
        for _ in tasks:
            await ready.acquire()
        # What is done for the first time is no figure.
        await until_come(arrived, PEOPLE * await posted(here, secrets[-1], 2))
        arrived.clear()
        before = await owner.fetchval("select count(*) from pages")
        count = await posted(here, secrets[-1], seconds)
        wanted = PEOPLE * count
        await until_come(arrived, wanted)
        told = await owner.fetchval("select count(*) from pages") - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert told == wanted == len(arrived), (told, wanted, len(arrived))
    return {
        "cases": count,
        "pages": len(arrived),
        "p50_ms": round(percentile(arrived, 0.5), 1),
        "p95_ms": round(percentile(arrived, 0.95), 1),
        "p99_ms": round(percentile(arrived, 0.99), 1),
    }


async def steps(nodes: list[Node], owner: asyncpg.Connection[Any]) -> dict[str, float]:
    """Return how many due steps the two nodes take a second, each of which asks three people."""
    policy = await owner.fetchval("select policy::text from escalations limit 1")
    await owner.execute("update escalations set due = null, due_at = null")
    await owner.execute("update duties set spent = 0")
    await owner.execute(BULK, list(FIELDS), STEPS, RESPONDERS, policy)
    await owner.execute("analyze")
    used = sum(processor_seconds(one.pid) for one in nodes)
    await owner.execute("update escalations set due_at = clock_timestamp() where due_at = 'infinity'")
    async with asyncio.timeout(120):
        while await owner.fetchval("select count(*) from escalations where due_at <= clock_timestamp()"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    used = sum(processor_seconds(one.pid) for one in nodes) - used
    row = await owner.fetchrow(
        "select count(*) as n, count(distinct (t.case_id, t.turn)) as once, sum(t.people) as people,"
        " extract(epoch from max(t.at) - min(t.at))::float8 as took"
        " from turns t join cases c on c.id = t.case_id where c.digest = '' and t.turn = 1"
    )
    assert row is not None
    assert row["n"] == row["once"] == STEPS, dict(row)
    return {
        "steps": STEPS,
        "people": row["people"],
        "steps_per_second": round(STEPS / row["took"]),
        "node_ms_each": round(used / STEPS * 1000, 2),
    }


async def measure(environment: dict[str, str], nodes: list[Node], seconds: float) -> dict[str, dict[str, float]]:
    """Measure both."""
    owner = await asyncpg.connect(environment["DATABASE_OWNER_URL"], server_settings={"search_path": SCHEMA})
    secrets = await responders(environment)
    await owner.execute(
        "update duties set budget = 100, on_call_until = clock_timestamp() + interval '8 hours'"
        " where member in (select id from members where handle <> 'bench-author')"
    )
    await owner.execute("analyze")
    found = {"a page": await reach(nodes, secrets, seconds, owner), "due steps": await steps(nodes, owner)}
    await owner.close()
    return found


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    allow_many()
    with servers() as environment, node(environment) as one, node(environment) as two:
        found = asyncio.run(measure(environment, [one, two], seconds))
    page, due = found["a page"], found["due steps"]
    print(f"posted on one node, paged on another: {RATE} cases a second, 3 people each; p99 at most {TARGET_MS} ms")
    print(f"{page['pages']} pages: p50 {page['p50_ms']} ms, p95 {page['p95_ms']} ms, p99 {page['p99_ms']} ms")
    print(f"{STEPS} steps due at once, 3 people each, two nodes; at least {TARGET_STEPS} a second")
    print(
        f"{due['steps_per_second']} steps a second, {due['node_ms_each']} ms of the nodes' processor each, none taken twice"
    )
    print(json.dumps({"bench": "paging", "seconds": seconds, "found": found}))


if __name__ == "__main__":
    main()
