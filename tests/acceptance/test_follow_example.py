"""docs/examples/follow.py, run as its reader would run it, against servers that die under it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.node import FAR, Node
from tests.acceptance.test_two_nodes import open_case

if TYPE_CHECKING:
    from types import TracebackType

    from tests.integration.conftest import Database

FILE = Path(__file__).parents[2] / "docs" / "examples" / "follow.py"
TEXT = "Fever for six days, a rash, and no answer yet."


class Run:
    """A run of the example, which is ended with the block."""

    def __init__(self, node: Node, stream: str, token: str | None, *options: str) -> None:
        self._command = [sys.executable, str(FILE), f"{node.url.replace('http', 'ws')}/live", stream, *options]
        self._environment = {} if token is None else {"LOUNGE_TOKEN": token}

    async def __aenter__(self) -> Run:
        self.process = await asyncio.create_subprocess_exec(
            *self._command, env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        return self

    async def next(self, kind: str) -> dict[str, Any]:
        """Return what the next line of this kind tells; lines before it are skipped."""
        assert self.process.stdout is not None
        async with asyncio.timeout(FAR):
            while True:
                line = json.loads(await self.process.stdout.readline())
                if kind in line:
                    told: dict[str, Any] = line if kind == "head" else line[kind]
                    return told

    async def ended(self) -> tuple[int | None, str]:
        """Wait for its end; return the exit status and what it complained of."""
        async with asyncio.timeout(FAR):
            _, complaint = await self.process.communicate()
        return self.process.returncode, complaint.decode()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.communicate()


def test_it_is_short_enough_to_be_read() -> None:
    """At most 150 lines."""
    assert len(FILE.read_text("utf-8").splitlines()) <= 150


async def test_one_posts_and_another_is_told(database: Database, tokens: list[str]) -> None:
    """The poster learns that it is durable, the other sees it; both end when they are told to."""
    async with Node(database) as node:
        room = (await open_case(node.url, tokens[0], TEXT))["room"]
        async with Run(node, room, tokens[0]) as reader:
            await reader.next("head")
            async with Run(node, room, tokens[1], "--post", "Look at the potassium.") as writer:
                done = await writer.next("done")
                events = [await reader.next("event"), await reader.next("event")]
                writer.process.send_signal(signal.SIGINT)
                assert (await writer.ended())[0] == 0
            reader.process.send_signal(signal.SIGTERM)
            assert (await reader.ended())[0] == 0
    assert [event["kind"] for event in events] == ["joined", "posted"]
    assert events[1]["seq"] == done["seq"]


async def test_it_resumes_when_the_node_was_killed(database: Database, tokens: list[str]) -> None:
    """What was posted through another node while it was away comes once, in order; a post of its own is done once."""
    async with Node(database) as lasting:
        room = (await open_case(lasting.url, tokens[0], TEXT))["room"]
        async with Node(database) as dying, Run(dying, room, tokens[0]) as reader:
            began = (await reader.next("head"))["head"]
            async with Run(lasting, room, tokens[1], "--post", "before") as writer:
                await writer.next("done")
            told = [await reader.next("event"), await reader.next("event")]
            dying.process.kill()
            await dying.process.wait()
            async with Run(dying, room, tokens[1], "--post", "while away") as waiting:
                async with Run(lasting, room, tokens[1], "--post", "after") as writer:
                    await writer.next("done")
                await dying.restart()
                assert (await waiting.next("done"))["seq"] == began + 4
            resumed = await reader.next("head")
            told += [await reader.next("event"), await reader.next("event")]
    assert resumed["complete"]
    assert [event["seq"] for event in told] == list(range(began + 1, began + 5))
    assert [event["data"].get("body") for event in told] == [None, "before", "after", "while away"]


async def test_a_given_number_and_epoch_are_taken_up(database: Database, tokens: list[str]) -> None:
    """What followed that number is told; in another epoch the newest messages are."""
    async with Node(database) as node:
        room = (await open_case(node.url, tokens[0], TEXT))["room"]
        async with Run(node, room, tokens[1], "--post", "Look at the potassium.") as first:
            epoch = (await first.next("head"))["epoch"]
            await first.next("done")
        async with Run(node, room, tokens[0], "--since", "1", "--epoch", epoch) as again:
            assert (await again.next("event"))["seq"] == 2
        async with Run(node, room, tokens[0], "--since", "1", "--epoch", "another") as anew:
            assert (await anew.next("message"))["body"] == "Look at the potassium."


@pytest.mark.parametrize(
    ("token", "status", "complaint"),
    [("lng_x", 1, "sign_in_needed"), (None, 2, "LOUNGE_TOKEN"), ("good", 1, "not_found")],
)
async def test_it_ends_where_it_is_not_wanted(
    database: Database, tokens: list[str], token: str | None, status: int, complaint: str
) -> None:
    """With a status, and one line that says why."""
    async with (
        Node(database) as node,
        Run(node, str(uuid.uuid4()), tokens[0] if token == "good" else token) as run,
    ):
        code, told = await run.ended()
    assert code == status
    assert complaint in told
    assert "Traceback" not in told
