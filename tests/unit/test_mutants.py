"""The mutants fit the code: what each replaces is there, once, and what is to catch it exists."""

from __future__ import annotations

import pytest

from tests.faults.mutants import ROOT, mutants
from tests.faults.nemesis import FAULTS


@pytest.mark.parametrize("name", mutants())
def test_a_mutant_fits(name: str) -> None:
    """It still compiles, where Python compiles it, differs, and names checks that there are."""
    mutant = mutants()[name]
    mutated = mutant.mutated(ROOT)
    if mutant.file.endswith(".py"):
        compile(mutated, mutant.file, "exec")
    assert mutant.old != mutant.new
    assert mutant.caught_by
    for check in mutant.caught_by:
        kind, _, what = check.partition(": ")
        assert what in FAULTS if kind == "fault" else (ROOT / what.split("::", maxsplit=1)[0]).exists()
