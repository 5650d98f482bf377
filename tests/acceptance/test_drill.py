"""`lounge drill` on two nodes: it finds nothing, and it finds what is put there to be found."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg

from lounge.drill.command import INCONCLUSIVE
from tests.acceptance.node import FAR, Node

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Database

TEXTS = [f"Case {n}. " + "Fever for six days, a rash, and no answer yet. " * 12 for n in range(4)]
TEXTS += [f"Reply {n}: I would look at the potassium first." for n in range(40)]


LONGER = ("10", "40", "160")
"""Seconds of a drill: a slow machine, on which too little happens in the first of them, is given more."""
POSTED = "select count(*) from lounge.events where kind = 'posted'"
DELETE = (
    "delete from lounge.events where kind = 'posted' and (stream, seq) in"
    " (select stream, max(seq) from lounge.events where kind = 'posted' group by stream)"
)


class Ended(NamedTuple):
    """How a drill ended: its exit code, its report and what it printed."""

    code: int
    report: dict[str, Any]
    out: str


async def drilled(urls: list[str], folder: Path, tokens: list[str], *options: str) -> Ended:
    """Run the command as an operator would."""
    cases, secrets, report = folder / "cases.jsonl", folder / "tokens", folder / "report.json"
    cases.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), "utf-8")
    secrets.write_text("\n".join(tokens), "ascii")
    command = [sys.executable, "-m", "lounge", "drill", "--cases", str(cases), "--tokens", str(secrets)]
    command += [part for url in urls for part in ("--url", url)]
    command += ["--json", str(report), *options]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, json.loads(report.read_bytes()) if report.exists() else {}, out.decode())


async def test_two_nodes_lose_nothing_while_connections_break(
    database: Database, tmp_path: Path, tokens: list[str]
) -> None:
    """Read by SQL and by HTTP; and the drill takes its cases away again."""
    crowd = ["--posters", "20", "--followers", "30", "--rate", "60", "--seed", "3", "--database", database.owner_url]
    async with Node(database) as one, Node(database) as two:
        for seconds in LONGER:
            ended = await drilled([one.url, two.url], tmp_path, tokens, *crowd, "--seconds", seconds, "--clean")
            if ended.code != INCONCLUSIVE:
                break
    assert ended.code == 0, ended.out
    assert not any(ended.report["counts"].values()), ended.report["findings"]
    assert ended.report["reconnects"] >= 100
    assert ended.report["resends"] >= 50
    assert ended.report["by_sql"]
    assert ended.report["removed"] == 4
    owner = await asyncpg.connect(database.owner_url)
    assert await owner.fetchval("select count(*) from lounge.rooms where drill") == 0
    assert await owner.fetchval("select count(*) from lounge.events where kind in ('posted', 'edited')") == 0
    await owner.close()


async def test_too_little_broken_proves_nothing(database: Database, tmp_path: Path, tokens: list[str]) -> None:
    """Exit code 2, and the report says so."""
    crowd = ["--posters", "2", "--followers", "2", "--seconds", "1"]
    async with Node(database) as one:
        ended = await drilled([one.url], tmp_path, tokens, *crowd, "--clean")
    assert ended.code == 2, ended.out
    assert "prove nothing" in ended.out


async def test_an_event_that_leaves_the_log_is_found(database: Database, tmp_path: Path, tokens: list[str]) -> None:
    """While the drill runs, somebody deletes what was acknowledged: exit code 1."""
    crowd = ["--posters", "4", "--followers", "2", "--rate", "40", "--database", database.owner_url]
    owner = await asyncpg.connect(database.owner_url)
    async with Node(database) as one:
        for seconds in LONGER:
            drill = asyncio.create_task(drilled([one.url], tmp_path, tokens, *crowd, "--seconds", seconds))
            before = await owner.fetchval(POSTED)
            async with asyncio.timeout(FAR):
                while not drill.done() and await owner.fetchval(POSTED) <= before + 8:
                    await asyncio.sleep(0.05)
            await owner.execute(DELETE)
            remained = await owner.fetchval(POSTED)
            ended = await drill
            # What was posted after it shows that it came while the drill ran, which looks at the end.
            if await owner.fetchval(POSTED) > remained:
                break
    await owner.close()
    assert ended.code == 1, ended.out
    assert ended.report["counts"]["lost"] > 0
    assert ended.report["counts"]["gap"] > 0


async def test_a_token_that_is_not_valid_is_told_in_a_line(database: Database, tmp_path: Path) -> None:
    """The drill fails; it does not go on without the member."""
    async with Node(database) as one:
        ended = await drilled([one.url], tmp_path, ["lng_x"], "--seconds", "1")
    assert ended.code == 1
    assert ended.report == {}
