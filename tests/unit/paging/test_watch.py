"""What `lounge pager follow` prints, and the times that `on-call` takes."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import msgspec
import pytest

from lounge.clock import SystemClock, milliseconds
from lounge.live.events import PageChanged, Paged
from lounge.paging.command import ends_at
from lounge.paging.site import Refused, Site
from lounge.paging.source import Told
from lounge.paging.watch import BELL, Watch, read_event

if TYPE_CHECKING:
    from collections.abc import Sequence

AT = milliseconds(datetime(2026, 3, 10, 17, 42, tzinfo=UTC))
PAGE = "0195f0a0-0000-7000-8000-000000000001"


class Terminal:
    """What was printed, and what was complained of."""

    def __init__(self, *, as_json: bool = False, bell: bool = False) -> None:
        self.lines: list[str] = []
        self.complaints: list[str] = []
        self.watch = Watch(
            Site("http://127.0.0.1:1", "lng_x"),
            self.lines.append,
            self.complaints.append,
            clock=SystemClock(),
            chance=random.Random(1),
            zone=ZoneInfo("Europe/Berlin"),
            as_json=as_json,
            bell=bell,
        )

    def take(self, event: str, data: object) -> None:
        told = Told(event, msgspec.json.encode(data).decode(), "e-1")
        self.watch.take(told, read_event(told))


def paged(others: Sequence[str] = ("Neurology, Asia",), next_at: int | None = AT + 100_000) -> dict[str, object]:
    """Return a `paged` event as the feed tells it."""
    told = Paged(PAGE, "c", "r", "cardiology", "urgent", "en", "Cardiologist, Europe", AT, [], list(others), next_at)
    return {"seq": 4, "at": AT, **msgspec.to_builtins(told)}


def listed(state: str = "sent") -> dict[str, object]:
    """Return the same page in the list of open ones."""
    told = {name: value for name, value in paged().items() if name not in ("page", "seq", "at")}
    return {"id": PAGE, "state": state, "paged_at": AT, **told}


def test_a_page_is_a_line() -> None:
    """When it came, how urgent, which specialty, whose case, who else is asked, the time left, and its id."""
    here = Terminal()
    here.take("paged", paged())
    here.take("paged", paged((), None))
    assert here.lines == [
        f"18:42  URGENT  cardiology  Cardiologist, Europe  asked: Neurology, Asia  1:40 left  {PAGE}",
        f"18:42  URGENT  cardiology  Cardiologist, Europe  asked: nobody else  {PAGE}",
    ]


def test_what_ends_a_page_is_a_line() -> None:
    """And says who has it."""
    here = Terminal()
    changed = {
        "seq": 5,
        "at": AT,
        **msgspec.to_builtins(PageChanged(PAGE, "c", "superseded", "Cardiologist, Americas")),
    }
    here.take("page.changed", changed)
    assert here.lines == [f"18:42  superseded (Cardiologist, Americas has it)  {PAGE}"]


def test_a_list_told_again_shows_no_page_twice() -> None:
    """After a reset, only what is new; a page asked anew (`paged`) is shown again."""
    here = Terminal()
    for _ in range(2):
        here.take("pages", {"pages": [listed()], "next": None, "time": AT})
    assert len(here.lines) == 1
    here.take("paged", paged())
    assert len(here.lines) == 2


def test_only_a_new_page_rings() -> None:
    """Not one that this member has already seen elsewhere."""
    here = Terminal(bell=True)
    here.take("pages", {"pages": [listed("acknowledged")], "next": None, "time": AT})
    assert here.complaints == []
    here.take("paged", paged())
    assert here.complaints == [BELL]


def test_json_lines_hold_every_event() -> None:
    """Also those of which nothing is printed otherwise, and those that this release does not know."""
    here = Terminal(as_json=True)
    here.take("paged", paged())
    here.take("rota.changed", {"a": 1})
    assert [msgspec.json.decode(line)["event"] for line in here.lines] == ["paged", "rota.changed"]
    assert msgspec.json.decode(here.lines[1]) == {"event": "rota.changed", "id": "e-1", "data": {"a": 1}}


def test_what_a_server_sends_moves_no_cursor() -> None:
    """Control characters are shown as such."""
    here = Terminal()
    here.take("paged", paged(("\x1b[2J\nNeurology",)))
    assert here.lines[0].isprintable()


def test_another_program_is_no_pager() -> None:
    """It is told as that."""
    with pytest.raises(Refused):
        read_event(Told("paged", "<html>", ""))
    with pytest.raises(Refused):
        read_event(Told("paged", '{"page": 1}', ""))


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "until", "span", "expected"),
    [
        (datetime(2026, 3, 10, 9, 30, tzinfo=BERLIN), "18:00", None, datetime(2026, 3, 10, 17, tzinfo=UTC)),
        (datetime(2026, 3, 10, 18, 0, tzinfo=BERLIN), "18:00", None, datetime(2026, 3, 11, 17, tzinfo=UTC)),
        (datetime(2026, 3, 28, 20, 0, tzinfo=BERLIN), "7:00", None, datetime(2026, 3, 29, 5, tzinfo=UTC)),
        (datetime(2026, 3, 10, 9, 30, tzinfo=BERLIN), None, "8h", datetime(2026, 3, 10, 16, 30, tzinfo=UTC)),
        (datetime(2026, 3, 10, 9, 30, tzinfo=BERLIN), None, "90m", datetime(2026, 3, 10, 10, 0, tzinfo=UTC)),
        (datetime(2026, 3, 10, 9, 30, tzinfo=BERLIN), None, "1h30m", datetime(2026, 3, 10, 10, 0, tzinfo=UTC)),
    ],
)
def test_being_on_call_ends_when_it_was_said(
    now: datetime, until: str | None, span: str | None, expected: datetime
) -> None:
    """The next time the clock shows it, also over the night in which clocks change; or after a span."""
    assert ends_at(now, until, span) == expected


@pytest.mark.parametrize(
    ("until", "span"), [("25:00", None), ("soon", None), (None, "8"), (None, "0h"), (None, "200h")]
)
def test_times_that_are_none_are_refused(until: str | None, span: str | None) -> None:
    """As wrong use of the command."""
    with pytest.raises(click.UsageError):
        ends_at(datetime.now(UTC), until, span)
