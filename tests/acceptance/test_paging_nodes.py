"""Two real nodes page for the same cases: one is killed or stopped in the middle, and the other takes what it left, once."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from lounge.store import SCHEMA
from tests.acceptance.node import Node, issued_tokens

if TYPE_CHECKING:
    from tests.integration.conftest import Database

CASES = 12
HOURS = 3_600_000
PATIENCE = 90.0
"""Seconds for what takes one or six: no test fails by being slow."""

ASKED = """
  select e.case_id, e.turn, (select count(*) from turns t where t.case_id = e.case_id) as taken,
         (select count(*) from pages p where p.case_id = e.case_id) as pages,
         (select count(*) from events v join pages p on v.data->>'page' = p.id::text
          where p.case_id = e.case_id and v.kind = 'paged') as told
  from escalations e where e.case_id = any($1::uuid[])
"""


async def opened(client: httpx.AsyncClient, count: int) -> list[str]:
    """Open cases, all at once; return those that were acknowledged."""
    draft = {
        "title": "A night of trouble",
        "specialty": "internal-medicine",
        "urgency": "emergency",
        "presentation": "Made up.",
        "question": "Who is there?",
    }

    async def one() -> str | None:
        try:
            answer = await client.post("/api/v1/cases", json=draft, headers={"Idempotency-Key": str(uuid.uuid4())})
        except httpx.TransportError:
            return None
        return str(answer.json()["case"]["id"]) if answer.status_code == 201 else None

    return [case for case in await asyncio.gather(*(one() for _ in range(count))) if case is not None]


async def until_all(database: asyncpg.Connection[Any], cases: list[str], turns: int) -> list[Any]:
    """Wait until each case took so many steps; return how they stand."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = await database.fetch(ASKED, cases)
            if len(rows) == len(cases) and all(row["turn"] >= turns for row in rows):
                return rows
            await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tokens(database: Database) -> list[str]:
    """Return tokens of an author and of three colleagues."""
    return await issued_tokens(database, 4)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
async def test_what_a_node_leaves_undone_the_other_takes_once(
    database: Database, tokens: list[str], how: signal.Signals
) -> None:
    """While cases are being opened on it; every acknowledged case is paged for, each step once, each page told once."""
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(Node(database)) for _ in range(2)]
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=node.url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
            )
            for node, token in [(one, tokens[0]), *((two, token) for token in tokens)]
        ]
        until = round(time.time() * 1000) + 8 * HOURS
        for client in clients[2:]:
            assert (await client.post("/api/v1/pager/on-call", json={"until": until})).status_code == 200
        direct = await asyncpg.connect(database.owner_url, server_settings={"search_path": SCHEMA})
        stack.push_async_callback(direct.close)
        cases = await opened(clients[0], CASES)
        assert len(cases) == CASES
        before = await direct.fetchval("select count(*) from escalations")
        under_way = asyncio.create_task(opened(clients[0], CASES))
        while await direct.fetchval("select count(*) from escalations") <= before and not under_way.done():
            await asyncio.sleep(0)
        one.process.send_signal(how)
        if how is signal.SIGSTOP:
            stack.callback(one.process.send_signal, signal.SIGCONT)
        cases += await opened(clients[1], CASES)
        for turns in (1, 2):
            rows = await until_all(direct, cases, turns)
            assert all(row["taken"] == row["turn"] for row in rows)
            assert all(row["told"] == row["pages"] > 0 for row in rows)
            await direct.execute("update escalations set due_at = due_at - interval '61 seconds' where due = 'step'")
        if how is signal.SIGSTOP:
            one.process.send_signal(signal.SIGCONT)
            cases += await under_way
            rows = await until_all(direct, cases, 1)
            assert all(row["taken"] == row["turn"] and row["told"] == row["pages"] for row in rows)
        else:
            await under_way
            await one.process.wait()
            await one.restart()
