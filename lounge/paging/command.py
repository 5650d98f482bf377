"""`lounge pager`: follow your pages from a terminal, and answer them.

The token comes from LOUNGE_TOKEN alone: what is given as an argument, everybody on the machine sees in the list of processes.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from lounge.clock import SystemClock, milliseconds
from lounge.paging.site import Lost, Refused, Site
from lounge.paging.watch import BELL, Watch
from lounge.settings import DEFAULT_PORT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

REASONS: Final = ("busy", "resting", "not_my_field", "conflict_of_interest", "other")
LONGEST: Final = timedelta(days=7)
TRIES: Final = 5
"""How often an answer to a page is sent: all of them may be sent again."""

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SPAN: Final = re.compile(r"(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})m)?")


@click.group()
def pager() -> None:
    """Follow your pages from a terminal, and answer them.

    LOUNGE_TOKEN holds the member's token.
    """


url_option = click.option(
    "--url",
    envvar="LOUNGE_URL",
    default=f"http://127.0.0.1:{DEFAULT_PORT}",
    show_default=True,
    help="Address of the server. Can be given as the variable LOUNGE_URL.",
)
page_argument = click.argument("page", metavar="ID", type=click.UUID)


@pager.command()
@url_option
@click.option("--json", "as_json", is_flag=True, help="Print every event as a line of JSON instead.")
@click.option("--bell", is_flag=True, help="Ring the terminal's bell for each new page.")
def follow(url: str, as_json: bool, bell: bool) -> None:  # noqa: FBT001  click hands options over by name
    """Print a line for each page, until SIGINT or SIGTERM.

    First the open ones: when it came, how urgent, the specialty, whose case, who else is asked, how long until more are, and
    the page's id. Comes back by itself where the connection breaks, and misses nothing.
    """

    async def watch(site: Site) -> None:
        chance = random.SystemRandom()
        watch = Watch(site, click.echo, _complain, clock=SystemClock(), chance=chance, as_json=as_json, bell=bell)
        task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, lambda: task and task.cancel())
        with suppress(asyncio.CancelledError):
            await watch.run()

    _run(url, watch)


@pager.command()
@url_option
@page_argument
def acknowledge(url: str, page: UUID) -> None:
    """Take the case of page ID: you will reply in its room."""
    found = _answer(url, page, "acknowledge", None)
    click.echo(f"you have it: {url.rstrip('/')}/cases/{found['case']}")


@pager.command()
@url_option
@click.option(
    "--reason", type=click.Choice(REASONS), default="other", show_default=True, help="Why; the author is not told."
)
@page_argument
def decline(url: str, reason: str, page: UUID) -> None:
    """Say that you do not take the case of page ID."""
    _answer(url, page, "decline", {"reason": reason})
    click.echo("declined")


@pager.command("hand-over")
@url_option
@click.option("--to", "handle", metavar="HANDLE", help="To whom. Default: whoever is asked next.")
@page_argument
def hand_over(url: str, handle: str | None, page: UUID) -> None:
    """Let somebody else be asked in your place for page ID, also after you have acknowledged it."""
    _answer(url, page, "hand-over", {"handle": handle})
    click.echo("handed over")


@pager.command("on-call")
@url_option
@click.option("--until", metavar="HH:MM", help="On call until then, by this machine's clock.")
@click.option("--for", "span", metavar="SPAN", help="On call for so long, such as 8h, 90m or 1h30m; at most 7 days.")
@click.option("--off", is_flag=True, help="Not on call by the switch any more; the weekly hours count again.")
def on_call(url: str, until: str | None, span: str | None, off: bool) -> None:  # noqa: FBT001  as above
    """Turn the switch: who is on call is asked first."""
    if [until is not None, span is not None, off].count(True) != 1:
        message = "give one of --until HH:MM, --for SPAN and --off"
        raise click.UsageError(message)
    now = SystemClock().now().astimezone()
    moment = None if off else ends_at(now, until, span)
    body = {"until": None if moment is None else milliseconds(moment)}
    _run(url, lambda site: _persist(site, "on-call", body))
    click.echo("off" if moment is None else f"on call until {moment.astimezone():%a %H:%M}")


def ends_at(now: datetime, until: str | None, span: str | None) -> datetime:
    """Return when being on call ends: the next time that clocks show `until`, or `span` from now on; raise UsageError.

    `now` is in the zone whose clock counts; days on which that changes have 23 or 25 hours.
    """
    if until is not None:
        found = _CLOCK.fullmatch(until.strip())
        if found is None:
            message = "--until takes a time of day such as 18:00"
            raise click.UsageError(message)
        local = now.replace(tzinfo=None)
        then = local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        if then <= local:
            then += timedelta(days=1)
        zone = now.tzinfo
        # A zone of the machine (datetime.astimezone) is only an offset: the one that will hold then is asked for anew.
        return then.replace(tzinfo=zone) if getattr(zone, "key", None) else then.astimezone()
    parts = _SPAN.fullmatch((span or "").strip())
    length = timedelta() if parts is None else timedelta(hours=int(parts[1] or 0), minutes=int(parts[2] or 0))
    if not timedelta() < length <= LONGEST:
        message = "--for takes a span such as 8h, 90m or 1h30m, at most 7 days"
        raise click.UsageError(message)
    return now + length


def _answer(url: str, page: UUID, verb: str, body: dict[str, Any] | None) -> dict[str, Any]:
    answer: dict[str, Any] = _run(url, lambda site: _persist(site, f"pages/{page}/{verb}", body))
    found: dict[str, Any] = answer["page"]
    return found


async def _persist(site: Site, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """Send a change until it is answered: sent twice, it is done once."""
    for attempt in range(1, TRIES):
        try:
            return await site.ask("POST", path, body)
        except Lost as lost:
            pause = lost.retry_after + random.SystemRandom().uniform(0, 0.5 * 2**attempt)
            _complain(f"{lost}; next attempt in {pause:.1f} s")
            await asyncio.sleep(pause)
    return await site.ask("POST", path, body)


def _run(url: str, work: Callable[[Site], Awaitable[Any]]) -> Any:  # noqa: ANN401  whatever the work returns
    """Do some work at a server; end with one line, and exit code 1, where it refuses or does not answer."""
    token = os.environ.get("LOUNGE_TOKEN", "").strip()
    if not token.isascii() or not token.isprintable() or not token:
        message = "the variable LOUNGE_TOKEN must hold your token (lng_...)"
        raise click.UsageError(message)
    if not url.startswith(("http://", "https://")):
        message = "--url takes an address such as https://lounge.example.org"
        raise click.UsageError(message)

    async def working() -> Any:  # noqa: ANN401  as above
        site = Site(url, token)
        try:
            return await work(site)
        finally:
            await site.close()

    try:
        return asyncio.run(working())
    except (Lost, Refused) as error:
        raise click.ClickException(str(error)) from error


def _complain(line: str) -> None:
    """Say on standard error what is no page."""
    click.echo(line, file=sys.stderr, nl=line != BELL)
