"""The tables of a simulation, as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from lounge.paging.simulation.outcome import percentile, share_within
from lounge.paging.simulation.sensitivity import OBJECTIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lounge.live.events import Urgency
    from lounge.paging.simulation.outcome import Outcome
    from lounge.paging.simulation.sensitivity import Effect, Swing
    from lounge.paging.simulation.world import World

URGENCIES: Final[tuple[Urgency, ...]] = ("emergency", "urgent", "today", "routine")
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_TEN: Final = 10


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if math.isnan(seconds):
        return "-"
    if math.isinf(seconds):
        return "never"
    for size, word in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= (size if size == _MINUTE else 2 * size):
            value = seconds / size
            return f"{value:.1f} {word}" if value < _TEN else f"{value:.0f} {word}"
    return f"{seconds:.0f} s"


def part(share: float) -> str:
    """Return a share in per cent."""
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def title(name: str, world: World, cases: int, years: float, seed: int) -> list[str]:
    """Return what was simulated."""
    countries, size = len(world.setting.members), world.setting.size
    places = "1 country" if countries == 1 else f"{countries} countries"
    span = "1 year" if years == 1 else f"{years:.3g} years"
    paged = f"of whom {world.responders:,} can be paged, and {world.moderators:,} moderators;"
    return [
        f"World {name}: {size:,} members in {places}, {paged}",
        f"{cases:,} cases in {span}, seed {seed}. All of it is made up: docs/explanation/paging.md says what is assumed.",
    ]


def acknowledgements(outcomes: Sequence[Outcome]) -> list[str]:
    """Return how soon cases were acknowledged and replied to, by policy and urgency."""
    head = [
        "policy, urgency",
        "cases",
        "p50",
        "p90",
        "p95",
        "p99",
        "in 5 min",
        "ever",
        "reply p50",
        "reply p90",
        "answered",
    ]
    rows = []
    for outcome in outcomes:
        for urgency in (*URGENCIES, None):
            chosen = URGENCIES if urgency is None else (urgency,)
            times, replies = outcome.tally.times(chosen), outcome.tally.times(chosen, reply=True)
            if not times:
                continue
            rows.append(
                [
                    f"{outcome.policy}, {urgency or 'all'}",
                    f"{len(times):,}",
                    *(duration(percentile(times, share)) for share in (0.5, 0.9, 0.95, 0.99)),
                    part(share_within(times, OBJECTIVE)),
                    part(share_within(times, math.nextafter(math.inf, 0))),
                    duration(percentile(replies, 0.5)),
                    duration(percentile(replies, 0.9)),
                    part(share_within(replies, math.nextafter(math.inf, 0))),
                ]
            )
    return ["Time from opening to the first acknowledgement, and to the first reply", "", *table(head, rows)]


def loads(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what responders bore, by policy."""
    head = [
        "policy",
        "pages a case",
        "mean",
        "p50",
        "p99",
        "max",
        "ever paged",
        "at night",
        "night max",
        "moderator max",
    ]
    rows = []
    for outcome in outcomes:
        load = outcome.load
        pages, nights = sum(load.pages), sum(load.nights)
        rows.append(
            [
                outcome.policy,
                f"{outcome.pages / outcome.cases:.1f}",
                f"{pages / max(1, load.responders):.2f}",
                *(f"{load.percentile(share):.0f}" for share in (0.5, 0.99, 1.0)),
                part(len(load.pages) / max(1, load.responders)),
                part(nights / pages) if pages else "-",
                f"{load.nights[-1] if load.nights else 0:.0f}",
                f"{outcome.moderators.pages[-1] if outcome.moderators.pages else 0:.0f}",
            ]
        )
    return [
        "Pages a year of each member who can be paged; at night is 22:00 to 07:00 where they are",
        "",
        *table(head, rows),
    ]


def sensitivities(base: Effect, found: Sequence[Swing]) -> list[str]:
    """Return how the default policy does with each constant halved and half as much again."""
    head = ["constant", "value", "low", "high", "in 5 min", "", "p90", "", "pages a case", ""]
    rows = [["(as it is)", "", "", "", part(base.within), "", duration(base.p90), "", f"{base.pages:.1f}", ""]]
    for one in found:
        low, high = one.at_low, one.at_high
        rows.append(
            [
                one.name + ("" if one.assumed else " *"),
                *(f"{value:g}" for value in (round(one.value, 4), round(one.low, 4), round(one.high, 4))),
                part(low.within),
                part(high.within),
                duration(low.p90),
                duration(high.p90),
                f"{low.pages:.1f}",
                f"{high.pages:.1f}",
            ]
        )
    return [
        "Emergency and urgent cases under the default policy, each constant 50 % lower and higher (shares end at 1)",
        "",
        *table(head, rows),
        "",
        "* from a source; all others are assumed",
    ]
