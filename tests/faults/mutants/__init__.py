"""Mutants: faults in the code, each in a file of its own with what must catch it.

A file holds `about`, `file`, `old` and `new` (the text replaced, which occurs once), and `caught_by`: checks that must each fail
on the mutant, either `tests: SELECTION` for pytest or `fault: NAME` for a drill under that fault (tests/faults/nemesis.py).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from msgspec import Struct, convert

FOLDER: Final = Path(__file__).parent
ROOT: Final = Path(__file__).parents[3]


class Mutant(Struct, frozen=True, forbid_unknown_fields=True):
    """One fault in the code."""

    about: str
    file: str
    old: str
    new: str
    caught_by: list[str]

    def mutated(self, root: Path) -> str:
        """Return the file's text with the fault in it; raise ValueError where the text to replace is not there once."""
        text = (root / self.file).read_text("utf-8")
        if text.count(self.old) != 1:
            message = f"{self.file} holds the text to replace {text.count(self.old)} times"
            raise ValueError(message)
        return text.replace(self.old, self.new)


def mutants() -> dict[str, Mutant]:
    """Return them all, by name."""
    return {
        path.stem: convert(tomllib.loads(path.read_text("utf-8")), Mutant) for path in sorted(FOLDER.glob("*.toml"))
    }
