"""A case posted on one node reaches a responder who follows another from a terminal, whatever happens to that node."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lounge.paging.source import Parser
from tests.acceptance.node import Node
from tests.integration.http.paged import go_on_call, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lounge.paging.source import Told
    from tests.integration.conftest import Database

SPECIALTY = "internal-medicine"
PATIENCE = 60.0


def client(node: Node, token: str) -> httpx.AsyncClient:
    """Return a client of a node, as a member."""
    return httpx.AsyncClient(base_url=node.url, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE)


def variables(node: Node, token: str | None) -> dict[str, str]:
    """Return the environment of `lounge pager`: nothing but what it is told by."""
    found = {"PATH": os.environ["PATH"], "LOUNGE_URL": node.url}
    return found if token is None else found | {"LOUNGE_TOKEN": token}


async def command(node: Node, token: str | None, *arguments: str) -> tuple[int | None, str, str]:
    """Run `lounge pager` to its end; return exit code, output and complaints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lounge",
        "pager",
        *arguments,
        env=variables(node, token),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, complaints = await process.communicate()
    return process.returncode, out.decode(), complaints.decode()


class Follow:
    """`lounge pager follow`, which runs until the block ends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """Return the next line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = (await self.process.stdout.readline()).decode()
        assert line, "it ended"
        return line

    async def event(self, kind: str) -> dict[str, Any]:
        """Return the data of the next event of this kind (with --json)."""
        while (told := json.loads(await self.line()))["event"] != kind:
            pass
        data: dict[str, Any] = told["data"]
        return data

    async def lost(self) -> None:
        """Wait until it says that the connection is lost."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while b"next attempt" not in await self.process.stderr.readline():
                pass


@asynccontextmanager
async def following(node: Node, token: str, *options: str) -> AsyncIterator[Follow]:
    """Follow from a terminal; it must end with 0 on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lounge",
        "pager",
        "follow",
        *options,
        env=variables(node, token),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Follow(process)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await process.communicate()
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def state_of(mine: httpx.AsyncClient, page: str) -> str:
    """Return the state of a page."""
    return str((await mine.get(f"/api/v1/pager/pages/{page}")).json()["page"]["state"])


async def test_a_case_of_one_node_is_a_line_on_another_and_is_answered_by_command(
    database: Database, tokens: list[str]
) -> None:
    """On call by command; a line without a word of the patient; confirmed as delivered; acknowledged, and said so."""
    async with Node(database) as one, Node(database) as two, AsyncExitStack() as stack:
        author = await stack.enter_async_context(client(one, tokens[0]))
        mine = await stack.enter_async_context(client(one, tokens[1]))
        code, out, _ = await command(two, tokens[1], "on-call", "--for", "8h")
        assert (code, out.startswith("on call until ")) == (0, True)
        follow = await stack.enter_async_context(following(two, tokens[1]))
        case = await opened(author, SPECIALTY)
        line = await follow.line()
        assert "URGENT" in line
        assert SPECIALTY in line
        assert "Potsdam" not in line
        page = line.split()[-1]
        async with asyncio.timeout(PATIENCE):
            while await state_of(mine, page) != "delivered":
                await asyncio.sleep(0.05)
        for _ in range(2):
            code, out, _ = await command(two, tokens[1], "acknowledge", page)
            assert (code, out.strip()) == (0, f"you have it: {two.url}/cases/{case['id']}")
        assert "acknowledged" in await follow.line()
        search = (await author.get(f"/api/v1/cases/{case['id']}/paging")).json()["search"]
        assert (search["state"], search["acknowledged"]) == ("held", 1)
        code, out, complaint = await command(two, tokens[2], "acknowledge", page)
        assert (code, out, complaint.count("\n")) == (1, "", 1)
        assert (await command(two, tokens[1], "hand-over", page))[0] == 0
        assert await state_of(mine, page) == "handed_over"
        assert (await command(two, tokens[1], "on-call", "--off"))[0] == 0


async def test_whoever_follows_a_node_that_is_killed_is_told_exactly_what_it_missed(
    database: Database, tokens: list[str]
) -> None:
    """SIGKILL of the followed node; cases posted on the other meanwhile; and after it came back, the feed goes on."""
    async with Node(database) as lasting, Node(database) as dying, AsyncExitStack() as stack:
        author = await stack.enter_async_context(client(lasting, tokens[0]))
        mine = await stack.enter_async_context(client(lasting, tokens[3]))
        await go_on_call(mine)
        follow = await stack.enter_async_context(following(dying, tokens[3], "--json"))
        await follow.event("pages")
        cases = [await opened(author, SPECIALTY)]
        told = [await follow.event("paged")]
        dying.process.kill()
        await dying.process.wait()
        await follow.lost()
        cases += [await opened(author, SPECIALTY) for _ in range(2)]
        async with asyncio.timeout(PATIENCE):
            while len((await mine.get("/api/v1/pager/pages?open=true")).json()["pages"]) < 3:
                await asyncio.sleep(0.05)
        await dying.restart()
        told += [await follow.event("paged") for _ in range(2)]
        cases.append(await opened(author, SPECIALTY))
        told.append(await follow.event("paged"))
        await mine.post("/api/v1/pager/on-call", json={"until": None})
    assert [one["case"] for one in told] == [case["id"] for case in cases]
    assert [one["seq"] for one in told] == sorted({one["seq"] for one in told})


@asynccontextmanager
async def curled(node: Node, secret: Path, last: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Read the feed by curl, as the how-to says."""
    process = await asyncio.create_subprocess_exec(
        "curl",
        "-sN",
        "-K",
        str(secret),
        "-H",
        f"Last-Event-ID: {last}",
        f"{node.url}/api/v1/pager/feed",
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read(process: asyncio.subprocess.Process, parser: Parser, count: int) -> list[Told]:
    """Return so many pages from what curl prints, reading over other events."""
    assert process.stdout is not None
    told: list[Told] = []
    async with asyncio.timeout(PATIENCE):
        while sum(one.event == "paged" for one in told) < count:
            piece = await process.stdout.read(4096)
            assert piece, "curl ended"
            told += parser.feed(piece)
    return [one for one in told if one.event == "paged"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_curl_follows_as_well(database: Database, tokens: list[str], tmp_path: Path) -> None:
    """`curl -N` with a token; it ends when the node is killed, and the last id that it printed resumes exactly there."""
    secret = tmp_path / "curl"
    secret.write_text(f'header = "Authorization: Bearer {tokens[4]}"\n', "ascii")
    async with Node(database) as lasting, Node(database) as dying, AsyncExitStack() as stack:
        author = await stack.enter_async_context(client(lasting, tokens[0]))
        mine = await stack.enter_async_context(client(lasting, tokens[4]))
        await go_on_call(mine)
        parser = Parser()
        cases = []
        async with curled(dying, secret, "") as curl:
            await read(curl, parser, 0)
            cases.append(await opened(author, SPECIALTY))
            told = await read(curl, parser, 1)
            dying.process.kill()
            async with asyncio.timeout(PATIENCE):
                await curl.wait()
        cases += [await opened(author, SPECIALTY) for _ in range(2)]
        async with asyncio.timeout(PATIENCE):
            while len((await mine.get("/api/v1/pager/pages?open=true")).json()["pages"]) < 3:
                await asyncio.sleep(0.05)
        await dying.process.wait()
        await dying.restart()
        again = Parser()
        async with curled(dying, secret, parser.last_id) as curl:
            told += await read(curl, again, 2)
    assert [json.loads(one.data)["case"] for one in told] == [case["id"] for case in cases]


async def test_a_wrong_token_is_told_in_a_line(database: Database) -> None:
    """Exit code 1 where the server does not take it, 2 where there is none; it is never repeated."""
    async with Node(database) as node:
        code, out, complaint = await command(node, "lng_" + "x" * 43, "follow")
        assert (code, out, complaint.count("\n")) == (1, "", 1)
        assert "xxx" not in complaint
        code, _, complaint = await command(node, None, "follow")
        assert (code, "LOUNGE_TOKEN" in complaint) == (2, True)
    code, _, complaint = await command(
        node, "lng_x", "decline", "0195f0a0-0000-7000-8000-000000000001", "--reason", "no"
    )
    assert code == 2
