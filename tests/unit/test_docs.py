"""The documentation names what exists: files, headings, settings, commands, decisions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lounge.settings import Settings
from tests.faults.mutants import mutants
from tests.faults.nemesis import FAULTS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT)
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if page.name != "DEVELOPERS.md"
)
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
NAMED = re.compile(r"`((?:lounge|tests|docs|client|tools|bench|requirements)/[\w./-]*\w)`")
TESTS = re.compile(r"`((?:unit|integration|acceptance|browser|faults)/[\w./]+|test_\w+\.py)`")
COMMAND = re.compile(r"\blounge ([a-z]+(?:-[a-z]+)?)\b(?= |`|$)")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture is a file of the repository."""
    text = (ROOT / page).read_text("utf-8")
    targets = [a or b for a, b in LINK.findall(text) if not (a or b).startswith(("http://", "https://", "#"))]
    missing = [one for one in targets if not (ROOT / page).parent.joinpath(one.split("#")[0]).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_paths_that_are_named_exist(page: Path) -> None:
    """What is written as a path of the repository is one."""
    text = (ROOT / page).read_text("utf-8")
    assert not [one for one in NAMED.findall(text) if one != "lounge/static" and not (ROOT / one).exists()]


def test_the_tests_named_for_the_guarantees_exist() -> None:
    """The table of guarantees names real tests."""
    text = (ROOT / "docs/explanation/guarantees.md").read_text("utf-8")
    named = TESTS.findall(text)
    assert len(named) > 10
    assert not [one for one in named if not list((ROOT / "tests").rglob(Path(one).name))]


def test_every_fault_and_every_mutant_is_in_the_tables() -> None:
    """What is tried is told."""
    text = (ROOT / "docs/explanation/guarantees.md").read_text("utf-8")
    assert not [name for name in [*FAULTS, *mutants()] if f"| `{name}` |" not in text]


def test_every_decision_is_in_the_index() -> None:
    """And the index names them by their own titles."""
    folder = ROOT / "docs/adr"
    index = re.findall(r"^- \[(.+)\]\((.+)\)$", (folder / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    titles = [
        ((folder / name).read_text("utf-8").splitlines()[0].removeprefix("# "), name)
        for name in sorted(one.name for one in folder.glob("0*.md"))
    ]
    assert index == titles


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_settings_that_are_named_exist(page: Path) -> None:
    """No page tells of an environment variable that nothing reads."""
    known = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "LOUNGE_DATA", "LOUNGE_DEMO_QUIET"}
    known |= {"LOUNGE_TEST_DATABASE_URL", "LOUNGE_TEST_REDIS_URL", "LOUNGE_CHROMIUM", "LOUNGE_TOKEN", "LOUNGE_URL"}
    known |= {f"LOUNGE_{name.upper()}" for name in Settings.__struct_fields__}
    text = (ROOT / page).read_text("utf-8")
    assert set(re.findall(r"\b(?:LOUNGE_[A-Z_]+|DATABASE(?:_[A-Z]+)*_URL|REDIS_URL)\b", text)) <= known
