"""`make mutants`: put each fault into a copy of the code, and see that what must catch it does; prints a table."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.faults.mutants import ROOT, mutants

if TYPE_CHECKING:
    from tests.faults.mutants import Mutant

COPIED: Final = ("lounge", "tests", "docs", "pyproject.toml")
SEEDS: Final = 3
"""Seeds under which a drill is tried before it counts as blind: what is harmed when is chance."""
WITHIN: Final = 600.0


def row(*cells: str) -> None:
    """Print a row."""
    print("|", " | ".join(cells), "|", flush=True)


def fails(check: str, root: Path) -> bool:
    """Whether a check fails in this copy."""
    kind, _, what = check.partition(": ")
    if kind == "tests":
        command = ["pytest", "-x", "-q", "-p", "no:cacheprovider", *what.split()]
    else:
        command = ["tests.faults", "--only", what, "--seeds", str(SEEDS), "--until-found"]
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, check=False, capture_output=True, timeout=WITHIN)
    return done.returncode == 1


def caught(mutant: Mutant) -> dict[str, bool]:
    """Return which of its checks catch a mutant."""
    with tempfile.TemporaryDirectory(prefix="lounge-mutant-") as folder:
        root = Path(folder)
        # As root the servers run as nobody, who must be able to pass through.
        root.chmod(0o755)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)
        (root / mutant.file).write_text(mutant.mutated(root), "utf-8")
        return {check: fails(check, root) for check in mutant.caught_by}


def main() -> int:
    """Try those asked for; return 1 where one was not caught."""
    known = mutants()
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="all, if none is named")
    names: list[str] = parser.parse_args().names or list(known)
    if unknown := set(names) - set(known):
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    row("mutant", "what is wrong", "caught by", "not by", "seconds")
    row(*["---"] * 5)
    missed = 0
    for name in names:
        began = time.monotonic()
        found = caught(known[name])
        blind = [check for check, does in found.items() if not does]
        missed += bool(blind)
        seeing = [check for check, does in found.items() if does]
        listed = "<br>".join(f"`{check}`" for check in seeing)
        row(f"`{name}`", known[name].about, listed, "; ".join(blind), f"{time.monotonic() - began:.0f}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
