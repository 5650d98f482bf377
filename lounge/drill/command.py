"""`lounge drill`: exit code 0 where nothing was found, 1 where something was, 2 where the drill proves nothing."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from lounge.descriptors import allow_many
from lounge.drill.peer import Lost, Refused
from lounge.drill.plan import Plan, load
from lounge.drill.run import RECONNECTS, RESENDS, Drill, Order, Report
from lounge.drill.truth import Site
from lounge.errors import LoungeError

if TYPE_CHECKING:
    from lounge.drill.history import History

FOUND: Final = 1
INCONCLUSIVE: Final = 2
WORDS: Final = 10
"""Findings told in words."""


@click.command()
@click.option("--url", "urls", multiple=True, required=True, help="A node's address; repeat it for more nodes.")
@click.option("--demo", is_flag=True, help="Take the members of the demo.")
@click.option(
    "--tokens", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="File of tokens, one a line."
)
@click.option(
    "--cases",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help='File of JSON lines {"text": ...}: long texts become cases, shorter ones replies.',
)
@click.option("--posters", type=click.IntRange(1, 500), default=20, show_default=True, help="Who write.")
@click.option("--followers", type=click.IntRange(1, 2000), default=40, show_default=True, help="Who read.")
@click.option(
    "--rate", type=click.FloatRange(0.1, 2000), default=20.0, show_default=True, help="Changes a second in all."
)
@click.option(
    "--seconds", type=click.FloatRange(1, 86_400), default=120.0, show_default=True, help="How long to write."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Makes the same texts and the same chances again.")
@click.option("--database", metavar="URL", help="Compare with the log itself, read by SQL.")
@click.option(
    "--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file too."
)
@click.option("--clean", is_flag=True, help="Remove the drill's cases afterwards.")
def drill(
    urls: tuple[str, ...],
    demo: bool,  # noqa: FBT001  click hands options over by name
    tokens: Path | None,
    cases: Path,
    posters: int,
    followers: int,
    rate: float,
    seconds: float,
    seed: int,
    database: str | None,
    out: Path | None,
    clean: bool,  # noqa: FBT001  as above
) -> None:
    """Try whether an installation keeps its promises while connections break.

    Members write and send again, followers drop and come back; then what each was told is compared with what stands. The
    cases are drills: in no list, on no board, and --clean removes them. Ends with 1 where anything is lost, doubled, out
    of order, left out, invented or stale, and with 2 where too little was broken for the result to mean anything.
    """
    if demo == (tokens is not None):
        raise click.UsageError("give either --demo or --tokens FILE")
    allow_many()
    try:
        plan = load(cases, seed)
        secrets = asyncio.run(Site(list(urls)).demo_tokens()) if tokens is None else tokens.read_text("ascii").split()
        order = Order(
            urls=[url.rstrip("/") for url in urls],
            tokens=secrets,
            posters=posters,
            followers=followers,
            rate=rate,
            seconds=seconds,
            seed=seed,
            database_url=database,
            clean=clean,
        )
        report = run_with_bar(order, plan)
    except (LoungeError, Refused) as error:
        raise click.ClickException(str(error)) from error
    except Lost as error:
        message = "no node answers"
        raise click.ClickException(message) from error
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    click.echo(text_of(report))
    if not report.clean:
        sys.exit(FOUND)
    if not report.conclusive:
        sys.exit(INCONCLUSIVE)


def run_with_bar(order: Order, plan: Plan) -> Report:
    """Run a drill with a bar on standard error."""
    with click.progressbar(length=1000, label="drill", file=sys.stderr, show_eta=True, item_show_func=str) as bar:
        reached = 0

        def tell(history: History, share: float) -> None:
            nonlocal reached
            step = int(share * 1000) - reached
            reached += step
            words = (
                f"{len(history.acknowledged)} acknowledged, {history.deliveries} told, {history.reconnects} reconnects"
            )
            bar.update(step, words)

        return asyncio.run(Drill(order, plan, tell).run())


def text_of(report: Report) -> str:
    """Return the report as people read it."""
    rows = [
        ("changes acknowledged", report.acknowledged),
        ("of the last epoch", report.of_this_epoch),
        ("events in the log", report.events),
        ("events told live", report.deliveries),
        ("reconnects", report.reconnects),
        ("resends", report.resends),
        ("all told after, seconds", report.settled_after),
        ("compared by", "SQL and HTTP" if report.by_sql else "HTTP"),
    ]
    if report.removed is not None:
        rows.append(("cases removed", report.removed))
    lines = [f"{name:<26}{value}" for name, value in rows]
    for name, times in (("acknowledgement, ms", report.acknowledgement_ms), ("delivery, ms", report.delivery_ms)):
        lines.append(f"{name:<26}" + "  ".join(f"{share} {value}" for share, value in times.items()))
    lines.append("")
    lines += [f"{kind:<26}{count}" for kind, count in report.counts.items()]
    lines += [f"  {finding.kind}: {finding.what}" for finding in report.findings[:WORDS]]
    if report.clean and not report.conclusive:
        lines.append(f"Nothing was found, but under {RECONNECTS} reconnects or {RESENDS} resends prove nothing.")
    elif report.clean:
        lines.append("Nothing was found.")
    return "\n".join(lines)
