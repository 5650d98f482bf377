"""Following the pager from a terminal: a line for each page, receipts, and coming back where the connection breaks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from lounge.paging.site import Lost, Refused
from lounge.paging.source import Parser

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo
    from random import Random

    from lounge.clock import Clock
    from lounge.paging.site import Site
    from lounge.paging.source import Told

LONGEST_PAUSE: Final = 30.0
FIRST_PAUSE: Final = 1.0
RECEIPTS: Final = 1_000
"""Receipts that wait to be sent, at the most."""
RECEIPT_TRIES: Final = 5
BELL: Final = "\a"
SHOWN: Final = 1_000
"""Pages remembered as shown, so that a list told again shows none of them twice."""

_encode = msgspec.json.Encoder().encode


class _Listed(Struct):
    """A page in the list of open ones."""

    id: str
    state: str
    specialty: str
    urgency: str
    label: str
    others: list[str]
    next_at: int | None
    paged_at: int


class _Pages(Struct):
    pages: list[_Listed]
    time: int


class _Paged(Struct):
    page: str
    specialty: str
    urgency: str
    label: str
    others: list[str]
    next_at: int | None
    at: int


class _Changed(Struct):
    page: str
    state: str
    holder: str | None
    at: int


class _Reminded(Struct):
    page: str
    reopens_at: int
    at: int


class _Alarm(Struct):
    case: str
    reason: str
    at: int


class _Bye(Struct):
    reason: str
    retry_after: float | None


_KINDS: Final = {
    "pages": _Pages,
    "paged": _Paged,
    "page.changed": _Changed,
    "page.reminded": _Reminded,
    "pager.alarm": _Alarm,
    "bye": _Bye,
}


class Watch:
    """Shows a member's pages until it is cancelled, or the server wants it no more."""

    def __init__(
        self,
        site: Site,
        show: Callable[[str], None],
        complain: Callable[[str], None],
        *,
        clock: Clock,
        chance: Random,
        zone: tzinfo | None = None,
        as_json: bool = False,
        bell: bool = False,
    ) -> None:
        """Take the server, where lines and complaints go, and the zone of the times shown (None: this machine's)."""
        self._site = site
        self._show = show
        self._complain = complain
        self._clock = clock
        self._chance = chance
        self._zone = zone
        self._as_json = as_json
        self._bell = bell
        self._shown: dict[str, None] = {}
        self._receipts: asyncio.Queue[str] = asyncio.Queue(RECEIPTS)

    async def run(self) -> None:
        """Follow; raises Refused."""
        confirming = asyncio.create_task(self._confirm(), name="pager-receipts")
        try:
            await self._follow()
        finally:
            confirming.cancel()

    async def _follow(self) -> None:
        """Come back by the last id, with full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter", 2015)."""
        last, attempt = "", 0
        while True:
            parser, told_any, least, why = Parser(), False, 0.0, ""
            # What was told before counts until something else is: a connection that breaks at once loses no place.
            parser.last_id = last
            try:
                async for told in self._site.events(parser, last):
                    told_any = True
                    data = read_event(told)
                    if isinstance(data, _Bye):
                        least, why = _bye(data)
                    else:
                        self.take(told, data)
            except Lost as lost:
                why, least = why or str(lost), max(least, lost.retry_after)
            last = parser.last_id or last
            attempt = 0 if told_any else attempt + 1
            pause = least + self._chance.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 10)))
            self._complain(f"{why}; next attempt in {pause:.1f} s")
            await asyncio.sleep(pause)

    def take(self, told: Told, data: object) -> None:
        """Show one event, and see to it that the pages in it are confirmed."""
        if self._as_json:
            self._show(_encode({"event": told.event, "id": told.id, "data": msgspec.json.decode(told.data)}).decode())
        if isinstance(data, _Pages):
            for page in data.pages:
                if page.id not in self._shown:
                    line = self.page_line(page.id, page, page.paged_at, data.time)
                    self._page(page.id, line, fresh=page.state in ("queued", "sent"))
        elif isinstance(data, _Paged):
            self._page(data.page, self.page_line(data.page, data, data.at, data.at), fresh=True)
        elif not self._as_json and (line_of_other := self._line(data)) is not None:
            self._show(line_of_other)

    def _page(self, page: str, line: str, *, fresh: bool) -> None:
        self._shown.pop(page, None)
        self._shown[page] = None
        if len(self._shown) > SHOWN:
            del self._shown[next(iter(self._shown))]
        if not self._as_json:
            self._show(line)
        if fresh and self._bell:
            self._complain(BELL)
        if fresh and not self._receipts.full():
            self._receipts.put_nowait(page)

    def page_line(self, page: str, of: _Listed | _Paged, at: int, now: int) -> str:
        """Return a page as a line: when it came, how urgent, which specialty, whose case, who else is asked, time left, id.

        `now` is the server's time, from which the time left is counted: this machine's clock may be wrong.
        """
        others = ", ".join(_plain(one) for one in of.others) or "nobody else"
        left = "" if of.next_at is None else f"  {_span(of.next_at - now)} left"
        case = f"{_plain(of.specialty)}  {_plain(of.label)}"
        return f"{self._time(at)}  {_plain(of.urgency).upper()}  {case}  asked: {others}{left}  {_plain(page)}"

    def _line(self, data: object) -> str | None:
        if isinstance(data, _Changed):
            holder = f" ({_plain(data.holder)} has it)" if data.holder else ""
            return f"{self._time(data.at)}  {_plain(data.state)}{holder}  {_plain(data.page)}"
        if isinstance(data, _Reminded):
            until = self._time(data.reopens_at)
            return f"{self._time(data.at)}  reply, or others are asked at {until}  {_plain(data.page)}"
        if isinstance(data, _Alarm):
            return f"{self._time(data.at)}  ALARM {_plain(data.reason)}  case {_plain(data.case)}"
        return None

    async def _confirm(self) -> None:
        """Tell the server which pages have come, one after the other; what cannot be told is left."""
        while True:
            page = await self._receipts.get()
            for attempt in range(RECEIPT_TRIES):
                try:
                    await self._site.ask("POST", f"pages/{page}/received", {"state": "delivered"})
                except Lost:
                    await asyncio.sleep(self._chance.uniform(0, FIRST_PAUSE * 2**attempt))
                except Refused:
                    break
                else:
                    break

    def _time(self, at: int) -> str:
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone).strftime("%H:%M")


def read_event(told: Told) -> object:
    """Return what an event tells, or nothing where this release knows no such event; raise Refused where it is none."""
    try:
        return msgspec.json.decode(told.data, type=_KINDS.get(told.event, Any))
    except msgspec.MsgspecError as error:
        message = "this is no pager's feed: see to --url"
        raise Refused(message) from error


def _bye(bye: _Bye) -> tuple[float, str]:
    """Return when to come back, and why the feed ends; raise Refused where coming back is of no use."""
    why = f"the server ends the feed: {_plain(bye.reason)}"
    if bye.retry_after is None:
        raise Refused(why)
    return bye.retry_after, why


def _plain(text: object) -> str:
    """Return text that moves no cursor: what a server sends must not control a terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(text))


def _span(milliseconds: int) -> str:
    """Return a time left, such as 1:40 or 2:05:00."""
    seconds = max(0, milliseconds // 1000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
