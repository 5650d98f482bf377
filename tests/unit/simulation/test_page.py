"""The page that explains paging tells what the simulation assumes, and what the policies do."""

from __future__ import annotations

from pathlib import Path

from lounge.paging.simulation.constants import load_constants

PAGE = (Path(__file__).parents[3] / "docs" / "explanation" / "paging.md").read_text("utf-8")


def test_every_constant_stands_on_the_page_with_its_value() -> None:
    """And those that are assumed are said to be."""
    for name, one in load_constants().behaviour.items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1:3] == [f"{one.value:g}", one.what]
        assert cells[3].startswith("assumed") == one.assumed
