"""`make faults`: each fault alone, then mixed under many seeds, then a soak; ends with 1 if anything was found."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
from typing import TYPE_CHECKING, Final

from tests.faults.nemesis import FAULTS
from tests.faults.place import installation
from tests.faults.soak import soak
from tests.faults.trial import USUAL, told, trial

if TYPE_CHECKING:
    from lounge.drill.run import Report

MIXED: Final = 7
"""Faults in a mixed run."""


class Table:
    """What is printed, a row for each run."""

    def __init__(self) -> None:
        self.found = 0
        row("run", "faults", "acknowledged", "told live", "reconnects", "resends", "settled after, s", "findings")
        row(*["---"] * 8)

    def take(self, run: str, faults: list[str], report: Report) -> None:
        """Print the row of one run, and what was found in words."""
        found = sum(report.counts.values())
        self.found += found
        numbers = report.acknowledged, report.deliveries, report.reconnects, report.resends, report.settled_after
        row(run, ", ".join(faults), *(f"{number:,}" for number in numbers), str(found))
        if found:
            print(told(report), file=sys.stderr, flush=True)


def row(*cells: str) -> None:
    """Print a row."""
    print("|", " | ".join(cells), "|", flush=True)


async def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="mixed runs (20)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--only", choices=sorted(FAULTS), help="nothing but this fault, under each seed")
    parser.add_argument("--soak", type=float, default=600.0, help="seconds of the soak (600)")
    parser.add_argument("--until-found", action="store_true", help="with --only: end with the first finding")
    given = parser.parse_args()
    table = Table()
    seeds = range(given.first, given.first + given.seeds)
    if given.only:
        for seed in seeds:
            async with installation() as place:
                table.take(f"seed {seed}", [given.only], await trial(place, [given.only], seed, USUAL))
            if table.found and given.until_found:
                break
        return bool(table.found)
    async with installation() as place:
        for fault in FAULTS:
            table.take("alone", [fault], await trial(place, [fault], given.first, USUAL))
    for seed in seeds:
        faults = random.Random(seed).sample(sorted(FAULTS), MIXED)
        async with installation() as place:
            table.take(f"seed {seed}", faults, await trial(place, faults, seed, USUAL))
    grown = await soak(given.soak) if given.soak else 0
    return bool(table.found or grown)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main()))
