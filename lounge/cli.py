"""The command `lounge`. Exit codes: 0 done, 1 failed, 2 wrong use or a bad setting (a data folder in use included)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import structlog
import uvloop

from lounge import enrolment, log, serving
from lounge.drill.command import drill
from lounge.embedded.errors import EmbeddedError, FolderInUse
from lounge.embedded.folder import default_data_folder
from lounge.embedded.supervisor import Supervisor
from lounge.errors import Invalid, LoungeError
from lounge.members.accounts import ROLES, NewMember
from lounge.paging.command import pager
from lounge.paging.simulation.command import simulate
from lounge.settings import DEFAULT_PORT, Settings, SettingsError, check_exposure, read

if TYPE_CHECKING:
    from collections.abc import Coroutine

DEMO_FOLDER = "demo"
"""Where in the default data folder the demo keeps its own."""


class Failure(click.ClickException):
    """Ends the command with one line on standard error and exit code 1."""


class WrongUse(click.ClickException):
    """Ends the command with one line on standard error and exit code 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lounge")
def main() -> None:
    """Lounge: a self-hosted, real-time network for physicians.

    Settings come from the environment: see docs/reference/settings.md.
    """


main.add_command(drill)
main.add_command(pager)
main.add_command(simulate)

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="LOUNGE_DATA",
    help="Data folder. Default: /var/lib/lounge for root, else $XDG_DATA_HOME/lounge or ~/.local/share/lounge.",
)
port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to serve on; 0 takes a free one.",
)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@port_option
@data_option
def serve(host: str, port: int, data: Path | None) -> None:
    """Serve an installation.

    With PostgreSQL and Redis of its own, unless DATABASE_URL and REDIS_URL name others; those need `lounge migrate`
    first. Ends on SIGINT or SIGTERM, when what is under way has been answered.
    """
    settings = _settings()
    place = serving.Place(host, port, data or default_data_folder())
    _run(_serve(settings, place, "Lounge serves at {url}"))


@main.command()
@port_option
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="LOUNGE_DATA",
    help="Data folder, of a demo or new. Default: the folder `demo` in the default data folder of `serve`.",
)
@click.option(
    "--quiet",
    is_flag=True,
    envvar="LOUNGE_DEMO_QUIET",
    help="Without the simulated colleagues who answer and chat: nothing happens but what you do.",
)
def demo(port: int, data: Path | None, quiet: bool) -> None:  # noqa: FBT001  click hands options over by name
    """Show Lounge with made-up members and cases, to this machine alone.

    Anybody on this machine can sign in as any of the members. Simulated colleagues answer what you post. The servers are
    always the demo's own: DATABASE_URL and REDIS_URL are not used.
    """
    # Who looks at a demo reads its address, not a line for each request of thirty colleagues.
    settings = _settings(logging.WARNING)
    folder = data or default_data_folder() / DEMO_FOLDER
    place = serving.Place("127.0.0.1", port, folder, demo=True, quiet=quiet)
    _run(_serve(settings, place, "Lounge demo at {url} (everything in it is made up; Ctrl+C ends it)"))


async def _serve(settings: Settings, place: serving.Place, words: str) -> None:
    check_exposure(settings, place.host)
    await serving.serve(settings, place, lambda url: click.echo(words.format(url=url)))


@main.command()
@data_option
def servers(data: Path | None) -> None:
    """Run PostgreSQL and Valkey alone, and print their URLs.

    Several nodes can share them: give each the URLs in its environment. Ends on SIGINT or SIGTERM.
    """
    _settings()
    _run(_run_servers(data or default_data_folder()))


async def _run_servers(data: Path) -> None:
    """Run both until a signal asks for the end, which is an orderly one at whatever moment it comes."""
    task = asyncio.current_task()
    asked_to_end = asyncio.Event()

    def end() -> None:
        # Once: a second signal must not break off the orderly stop, whose steps have deadlines.
        if task is not None and not asked_to_end.is_set():
            asked_to_end.set()
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        async with Supervisor(data) as running:
            click.echo(f"DATABASE_URL={running.database_url}")
            click.echo(f"DATABASE_OWNER_URL={running.owner_url}")
            click.echo(f"REDIS_URL={running.redis_url}")
            click.echo("ready")
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not asked_to_end.is_set():
            raise


@main.command()
@click.option("--post", is_flag=True, help="Also apply what is safe only once no node of the release before runs.")
@data_option
def migrate(post: bool, data: Path | None) -> None:  # noqa: FBT001  click hands options over by name
    """Bring the database to the schema of this release.

    Connects as DATABASE_OWNER_URL, or as DATABASE_URL where that is not given. Prints the names of what it applied.
    """
    for name in _run(serving.migrate_database(_settings(), data or default_data_folder(), post=post)):
        click.echo(name)


@main.command()
@click.argument("handle", required=False)
@click.option(
    "--create-member", "new", metavar="HANDLE", help="Make the member first, unless there is just such a one."
)
@click.option(
    "--specialty", "specialties", multiple=True, metavar="ID", help="A specialty of the new member; repeatable."
)
@click.option("--country", metavar="CODE", help="The new member's country: two capital letters (ISO 3166-1).")
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    default=["en"],
    show_default=True,
    help="A language of the new member: two small letters (ISO 639-1); repeatable.",
)
@click.option("--role", type=click.Choice(ROLES), default="member", show_default=True, help="The new member's role.")
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="Make so many members, HANDLE-1, HANDLE-2 and so on, where more than one.",
)
@data_option
def token(
    handle: str | None,
    new: str | None,
    specialties: tuple[str, ...],
    country: str | None,
    languages: tuple[str, ...],
    role: Any,  # noqa: ANN401  click has checked the choice
    count: int,
    data: Path | None,
) -> None:
    """Print a new token for the member HANDLE, or for members made by --create-member, one token a line.

    A token is shown this once. It is sent as `Authorization: Bearer lng_...`, or exchanged for a browser session at
    POST /api/v1/sign-in. The lines are in the order of the members' numbers.
    """
    if (handle is None) == (new is None):
        raise click.UsageError("name either an existing member or, with --create-member, a new one")
    settings = _settings()
    if handle is not None:
        work = enrolment.tokens_of(settings, data or default_data_folder(), handle)
    elif new is None or not specialties or country is None:
        raise click.UsageError("--create-member needs --specialty and --country")
    else:
        names = [new] if count == 1 else [f"{new}-{number}" for number in range(1, count + 1)]
        members = [NewMember(name, specialties, country, role, languages) for name in names]
        work = enrolment.tokens_of_new(settings, data or default_data_folder(), members)
    for secret in _run(work):
        click.echo(secret)


@main.command("restore-epoch")
@data_option
def restore_epoch(data: Path | None) -> None:
    """Begin a new epoch, after the database was restored from a snapshot of the same cluster.

    Clients drop what they hold and start afresh: else they would take new events for ones they already have. Restores
    into another cluster, promotions and copies are noticed without this. Stop the nodes first.
    """
    _run(serving.begin_epoch(_settings(), data or default_data_folder()))
    click.echo("a new epoch has begun")


def _settings(level: int = logging.INFO) -> Settings:
    """Read the settings and set up the log as they say, from this level on."""
    try:
        settings = read(os.environ)
    except SettingsError as error:
        raise WrongUse(str(error)) from error
    log.configure(settings.log_format, level=level)
    return settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  whatever the work returns
    """Run a command's work; end with one plain line where it fails in a way that was foreseen."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except (SettingsError, FolderInUse, Invalid) as error:
        raise WrongUse(str(error)) from error
    except (serving.NotServed, EmbeddedError, LoungeError) as error:
        raise Failure(str(error)) from error
    except Exception as error:
        structlog.get_logger("lounge.cli").error("fault", exc_info=error)
        raise Failure("an unforeseen fault: the line of the log above says where") from error
