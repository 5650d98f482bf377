"""A slow reader costs itself only (guarantee G7), in each way not to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lounge.descriptors import allow_many
from tests.acceptance.node import Node, issued_tokens
from tests.acceptance.test_two_nodes import open_case
from tests.faults.stalled import KINDS, Measurement

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Database

EACH, OTHERS = 20, 1_000


async def test_those_who_do_not_read_are_gone_and_nobody_else_notices(database: Database, tmp_path: Path) -> None:
    """Memory grows by at most 1 MiB a peer and 20 MiB; all of them are gone in time; others are told everything."""
    allow_many()
    tokens = await issued_tokens(database, 20)
    text = "Fever for six days, a rash, and no answer yet."
    async with Node(database, settings={"LOUNGE_SOCKETS_PER_MEMBER": "0"}, log=tmp_path / "node.log") as node:
        quiet, noisy = [(await open_case(node.url, tokens[0], text))["room"] for _ in range(2)]
        figures = await Measurement(node.url, node.process.pid, tokens, quiet, noisy).run(each=EACH, others=OTHERS)
    print(msgspec.json.format(msgspec.json.encode(figures)).decode())  # noqa: T201  pytest -s shows the figures
    assert figures.peak_kib - figures.before_kib <= (EACH + 20) * 1024
    assert set(figures.gone_after) == set(KINDS)
    assert figures.told > 0
    assert figures.harmed == 0
