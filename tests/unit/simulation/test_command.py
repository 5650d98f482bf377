"""What `lounge simulate` prints and draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from lounge.cli import main
from lounge.paging.simulation.report import duration, part

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Path:
    file = tmp_path / "small.json"
    file.write_text('{"source": "ours", "cases_a_year": 600, "members": {"GB": 20000, "IN": 20000}}')
    return file


def simulate(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["simulate", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_same_seed_prints_and_draws_the_same_bytes(world: Path, tmp_path: Path) -> None:
    """Tables and plots alike; the plots are whole SVG, named for who does not see them."""
    runs = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        text = simulate("--world", str(world), "--policy", "all", "--years", "0.05", "--out", str(folder))
        runs.append((text, {one.name: one.read_bytes() for one in sorted(folder.iterdir())}))
    assert runs[0] == runs[1]
    text, drawings = runs[0]
    assert text.startswith("World small: 40,000 members in 2 countries")
    assert sorted(drawings) == ["acknowledgement.svg", "load.svg", "reply.svg"]
    for drawing in drawings.values():
        root = ET.fromstring(drawing)
        assert root.find("{http://www.w3.org/2000/svg}title") is not None


def test_each_constant_is_halved_and_taken_half_as_much_again(world: Path, tmp_path: Path) -> None:
    """A row for each, and a bar."""
    text = simulate("--world", str(world), "--years", "0.01", "--sensitivity", "--out", str(tmp_path / "out"))
    rows = [line for line in text.splitlines() if line.startswith("on_call_median *")]
    assert len(rows) == 1
    assert rows[0].split()[2:5] == ["3", "1.5", "4.5"]
    assert (tmp_path / "out" / "sensitivity.svg").exists()


@pytest.mark.parametrize("content", [None, "{}"])
def test_a_world_that_cannot_be_read_is_wrong_use(tmp_path: Path, content: str | None) -> None:
    """Exit code 2, and one line that says what is expected."""
    file = tmp_path / "none.json"
    if content is not None:
        file.write_text(content)
    result = CliRunner().invoke(main, ["simulate", "--world", str(file)])
    assert result.exit_code == 2
    assert "world" in result.output


def test_times_are_told_as_people_say_them() -> None:
    """Seconds below a minute, then minutes to two hours, then hours to two days."""
    told = [
        duration(one) for one in (5.4, 59.0, 61.0, 600.0, 7_199.0, 7_200.0, 86_400.0, 200_000.0, math.inf, math.nan)
    ]
    assert told == ["5 s", "59 s", "1.0 min", "10 min", "120 min", "2.0 h", "24 h", "2.3 d", "never", "-"]
    assert part(0.9871) == "98.7 %"
