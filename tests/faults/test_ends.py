"""How a node ends under load, and how it starts where something is wrong."""

from __future__ import annotations

import asyncio
import random
import signal
import time
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote

import asyncpg
import pytest_asyncio

from lounge.drill.history import ref_of
from lounge.drill.peer import Lost, connected
from tests.acceptance.node import FAR, Node, issued_tokens
from tests.acceptance.test_two_nodes import open_case
from tests.faults.place import installation
from tests.integration.http.command import environment, lounge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lounge.drill.peer import Frame, Peer
    from tests.faults.place import Place
    from tests.integration.conftest import Database

WRITERS = 30
TOGETHER = 0.1
"""Seconds within which all ends count as one moment: with a spread of one second none of thirty writers sees it by chance."""
TRIES = 5
"""A machine that stood still just then shows all ends at once, however they were spread: it is looked at again."""


class Writer:
    """One who posts without a pause, and keeps what was acknowledged and how the connection ended."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, int] = {}
        self.byes: list[Frame] = []
        self.ended_at = 0.0

    def hear(self, push: Frame) -> None:
        """Keep the goodbye."""
        if push["op"] == "bye":
            self.byes.append(push)

    async def write(self, peer: Peer, room: str) -> None:
        """Post until the connection ends."""
        try:
            while True:
                key = str(uuid.uuid4())
                answer = await peer.ask("post", stream=room, key=key, body="A word.")
                if answer["op"] == "done":
                    self.acknowledged[ref_of(key)] = answer["seq"]
                await asyncio.sleep(random.uniform(0.02, 0.05))
        except Lost:
            self.ended_at = time.monotonic()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tokens(database: Database) -> list[str]:
    """Make those who write."""
    return await issued_tokens(database, WRITERS)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place() -> AsyncIterator[Place]:
    """Servers that can be killed."""
    async with installation() as place:
        yield place


async def written(
    node: Node, database: Database, tokens: list[str], signals: int
) -> tuple[list[Writer], list[Peer], int]:
    """Let thirty write, end the node by so many signals; return them, their connections, and what of it is lost."""
    room = (await open_case(node.url, tokens[0], "Fever for six days, a rash."))["room"]
    writers = [Writer() for _ in range(WRITERS)]
    peers = [await connected(node.url, token, one.hear) for one, token in zip(writers, tokens, strict=True)]
    writing = [asyncio.create_task(one.write(peer, room)) for one, peer in zip(writers, peers, strict=True)]
    async with asyncio.timeout(FAR):
        while not all(one.acknowledged for one in writers):
            await asyncio.sleep(0.05)
        for _ in range(signals):
            # A second one finds the first heard: until then the two would be one.
            if node.process.returncode is None:
                node.process.send_signal(signal.SIGTERM)
            while not any(one.byes for one in writers):
                await asyncio.sleep(0.01)
        await asyncio.wait(writing)
        await node.process.wait()
    owner = await asyncpg.connect(database.owner_url)
    stood = {
        row["ref"].hex(): row["seq"]
        for row in await owner.fetch(
            "select seq, substr(sha256(convert_to(key::text, 'UTF8')), 1, 8) as ref from lounge.events where stream = $1",
            uuid.UUID(room),
        )
    }
    await owner.close()
    lost = sum(stood.get(ref) != seq for one in writers for ref, seq in one.acknowledged.items())
    return writers, peers, lost


async def test_an_end_under_load_says_goodbye_and_keeps_what_it_acknowledged(
    database: Database, tokens: list[str], tmp_path: Path
) -> None:
    """Each is told `bye` and when to come back, then closed with 1012, not all at the same moment; the exit code is 0."""
    spans = []
    for _ in range(TRIES):
        async with Node(database, log=tmp_path / "node.log") as node:
            writers, peers, lost = await written(node, database, tokens, signals=1)
            assert node.process.returncode == 0
        assert lost == 0
        assert {peer.close_code for peer in peers} == {1012}
        assert all(len(one.byes) == 1 and one.byes[0]["retry_after"] > 0 for one in writers)
        ends = [one.ended_at for one in writers]
        spans.append(max(ends) - min(ends))
        if spans[-1] > TOGETHER:
            break
    assert max(spans) > TOGETHER


async def test_a_second_signal_hurries_and_loses_nothing(database: Database, tokens: list[str], tmp_path: Path) -> None:
    """What was acknowledged stands; the exit code is 0 all the same."""
    async with Node(database, log=tmp_path / "node.log") as node:
        _, _, lost = await written(node, database, tokens, signals=2)
        assert node.process.returncode == 0
    assert lost == 0


async def test_a_node_waits_for_a_database_that_is_starting(place: Place) -> None:
    """Told by PostgreSQL to come back later, as while it recovers, it does, and then serves."""
    node, log = place.nodes[0], place.servers.data / "node-0.log"
    node.process.send_signal(signal.SIGTERM)
    await node.process.wait()
    place.database_proxy.starting = True
    restarting = asyncio.create_task(node.restart())
    async with asyncio.timeout(FAR):
        while "store.starting" not in await asyncio.to_thread(log.read_text, "utf-8"):
            await asyncio.sleep(0.1)
    assert not restarting.done()
    place.database_proxy.heal()
    await restarting


def test_a_wrong_password_is_told_without_it(database: Database) -> None:
    """Exit code 1 and what to look at; neither the password nor the user is named."""
    _, _, rest = database.url.partition("@")
    wrong = f"postgresql://nobody_here:{quote('hunter2')}@{rest}"
    done = lounge("serve", "--port", "0", env=environment(database._replace(url=wrong)))
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "nobody_here" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
