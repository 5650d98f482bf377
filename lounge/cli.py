"""The command `lounge`. Exit codes: 0 done, 1 failed, 2 wrong use (a data folder in use included)."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click
import structlog

from lounge.embedded.errors import EmbeddedError, FolderInUse
from lounge.embedded.folder import default_data_folder
from lounge.embedded.supervisor import Supervisor


class Failure(click.ClickException):
    """Ends the command with one line on standard error and exit code 1."""


class WrongUse(click.ClickException):
    """Ends the command with one line on standard error and exit code 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Lounge: a self-hosted, real-time network for physicians."""


data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="LOUNGE_DATA",
    help="Data folder. Default: /var/lib/lounge for root, else $XDG_DATA_HOME/lounge or ~/.local/share/lounge.",
)


@main.command()
@data_option
def servers(data: Path | None) -> None:
    """Run PostgreSQL and Valkey alone, and print their URLs.

    Several nodes can share them: give each the URLs in its environment. Ends on SIGINT or SIGTERM.
    """
    try:
        asyncio.run(_run_servers(data or default_data_folder()))
    except FolderInUse as error:
        raise WrongUse(str(error)) from error
    except EmbeddedError as error:
        raise Failure(str(error)) from error


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
        async with Supervisor(data, log=_log_to_stderr()) as running:
            click.echo(f"DATABASE_URL={running.database_url}")
            click.echo(f"DATABASE_OWNER_URL={running.owner_url}")
            click.echo(f"REDIS_URL={running.redis_url}")
            click.echo("ready")
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not asked_to_end.is_set():
            raise


def _log_to_stderr() -> structlog.typing.FilteringBoundLogger:
    """Return a logger that leaves standard output to the URLs."""
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
    )
    return logger
