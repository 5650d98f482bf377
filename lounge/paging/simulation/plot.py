"""The plots of a simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from lounge.paging.simulation.canvas import WIDTH, Canvas, Scale
from lounge.paging.simulation.outcome import share_within
from lounge.paging.simulation.sensitivity import OBJECTIVE, PRESSING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lounge.paging.simulation.outcome import Load, Outcome
    from lounge.paging.simulation.sensitivity import Effect, Swing

_LEFT: Final = 78
_RIGHT: Final = WIDTH - 34
_POINTS: Final = 160
_MINUTES: Final = (
    (10.0, "10 s"),
    (60.0, "1 min"),
    (300.0, "5 min"),
    (900.0, "15 min"),
    (3_600.0, "1 h"),
    (14_400.0, "4 h"),
    (86_400.0, "1 d"),
)
_TENTHS: Final = tuple((share / 10, f"{share * 10} %") for share in range(0, 11, 2))
WHATSAPP: Final = 52 * 60.0
"""Median response in a WhatsApp group of 41 members, physicians of obstetric and maternal-fetal medicine (PMC6038020)."""
NETWORK: Final = 90 * 60.0
"""Median first response on Medscape Consult, where over 90 % had one (npj Digital Medicine 2018, s41746-018-0064-y)."""


def acknowledgement(world: str, outcomes: Sequence[Outcome]) -> str:
    """Return the plot of how soon emergency and urgent cases were acknowledged."""
    canvas = Canvas(
        430,
        f"Emergency and urgent cases acknowledged by then ({world})",
        "Cumulative share of cases by time to the first acknowledgement, a line for each policy.",
    )
    across, up = _by_time(canvas, "time after the case was opened (logarithmic)", "share of cases acknowledged")
    _mark(canvas, across, up, OBJECTIVE, "objective")
    curves = [(one.policy, _cumulative(one.tally.times(PRESSING))) for one in outcomes]
    return _drawn(canvas, curves, across, up)


def reply(world: str, outcomes: Sequence[Outcome]) -> str:
    """Return the plot of how soon cases had a first reply, beside what is known of others."""
    canvas = Canvas(
        430,
        f"All cases replied to by then ({world})",
        "Cumulative share of cases by time to the first reply, a line for each policy; medians of two real networks.",
    )
    across, up = _by_time(canvas, "time after the case was opened (logarithmic)", "share of cases replied to")
    for time, words, lower in (
        (WHATSAPP, "a group of 41: half by 52 min", 24),
        (NETWORK, "a network: half by 1.5 h", 5),
    ):
        x, y = across.at(time), up.at(0.5)
        canvas.dot(x, y)
        canvas.words(x + 10, y + lower, words)
    curves = [
        (one.policy, _cumulative(one.tally.times(("emergency", "urgent", "today", "routine"), reply=True)))
        for one in outcomes
    ]
    return _drawn(canvas, curves, across, up)


def load(world: str, outcomes: Sequence[Outcome]) -> str:
    """Return the plot of how many pages a year how many members bore."""
    canvas = Canvas(
        430,
        f"Pages a year of those who can be paged ({world})",
        "Share of members who were paged at least so often in a year, a line for each policy; both axes logarithmic.",
    )
    most = max([2.0, *(one.load.pages[-1] for one in outcomes if one.load.pages)])
    high = 10 ** math.ceil(math.log10(most))
    ticks = tuple((float(10**power), f"{10**power:,}") for power in range(round(math.log10(high)) + 1))
    across = Scale(1, high, _LEFT, _RIGHT, ticks, logarithmic=True)
    shares = ((1.0, "100 %"), (0.1, "10 %"), (0.01, "1 %"), (0.001, "0.1 %"), (0.0001, "0.01 %"))
    up = Scale(0.0001, 1, 366, 84, shares, logarithmic=True)
    canvas.axes(across, up, "pages a year, at least (logarithmic)", "share of members (logarithmic)")
    curves = [(one.policy, _exceeding(one.load, high)) for one in outcomes]
    return _drawn(canvas, curves, across, up)


def tornado(world: str, base: Effect, found: Sequence[Swing]) -> str:
    """Return the plot of how far each constant moves the share of pressing cases acknowledged within the objective."""
    row = 24
    height = 118 + row * len(found) + 48
    canvas = Canvas(
        height,
        f"Emergency and urgent cases acknowledged within 5 minutes ({world})",
        "The share under the default policy with each constant 50 % lower and higher, the widest first.",
    )
    bottom = 92.0 + row * len(found)
    shares = [base.within, *(effect.within for one in found for effect in (one.at_low, one.at_high))]
    first, last = math.floor(min(shares) * 20), math.ceil(max(shares) * 20)
    last = max(last, first + 1)
    ticks = tuple((share / 20, f"{share * 5} %") for share in range(first, last + 1))
    across = Scale(first / 20, last / 20, 232, _RIGHT, ticks)
    canvas.axes(across, Scale(0, 1, bottom, 84, ()), "share of cases acknowledged within 5 minutes", "")
    middle = across.at(base.within)
    for number, one in enumerate(found):
        y = 92.0 + number * row
        canvas.words(222, y + 13, one.name.replace("_", " ") + ("" if one.assumed else " *"), anchor="end", kind="ink")
        canvas.bar(middle, across.at(one.at_low.within), y + 2, 7, 1)
        canvas.bar(middle, across.at(one.at_high.within), y + 10, 7, 0)
    canvas.line(middle, 84, middle, bottom, "axis")
    canvas.bar(232, 252, 50, 8, 1)
    canvas.words(260, 59, "50 % lower", kind="ink")
    canvas.bar(372, 392, 50, 8, 0)
    canvas.words(400, 59, "50 % higher", kind="ink")
    canvas.words(_RIGHT, 59, f"as it is: {100 * base.within:.0f} %    * from a source", anchor="end")
    return canvas.text()


def _by_time(canvas: Canvas, across_words: str, up_words: str) -> tuple[Scale, Scale]:
    across = Scale(10, 2 * 86_400, _LEFT, _RIGHT, _MINUTES, logarithmic=True)
    up = Scale(0, 1, 366, 84, _TENTHS)
    canvas.axes(across, up, across_words, up_words)
    return across, up


def _mark(canvas: Canvas, across: Scale, up: Scale, value: float, words: str) -> None:
    canvas.line(across.at(value), up.start, across.at(value), up.end, "mark")
    canvas.words(across.at(value) + 6, up.start - 10, words)


def _drawn(canvas: Canvas, curves: Sequence[tuple[str, Callable[[float], float]]], across: Scale, up: Scale) -> str:
    """Draw the curves: a function each of what is measured across."""
    for number, (_, curve) in enumerate(curves):
        points: list[tuple[float, float]] = []
        for step in range(_POINTS + 1):
            value = across.low * (across.high / across.low) ** (step / _POINTS)
            share = curve(value)
            if share < up.low:
                break
            points.append((across.at(value), up.at(share)))
        canvas.curve(points, number)
    canvas.legend(_LEFT, 58, [name for name, _ in curves], 160)
    return canvas.text()


def _cumulative(times: Sequence[float]) -> Callable[[float], float]:
    return lambda value: share_within(times, value)


def _exceeding(load: Load, high: float) -> Callable[[float], float]:
    """Return the share of all who can be paged that had so many pages or more."""

    def share(value: float) -> float:
        least = math.nextafter(min(value, high), 0)
        paged = len(load.pages) - round(share_within(load.pages, least) * len(load.pages)) if load.pages else 0
        return paged / max(1, load.responders)

    return share
