"""`lounge simulate`: tables on standard output, plots as SVG; the same seed writes the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lounge.data import load_countries, load_specialties
from lounge.errors import Invalid
from lounge.paging.simulation import plot, report
from lounge.paging.simulation.arrivals import DAYS, arrivals
from lounge.paging.simulation.choosing import Choosing
from lounge.paging.simulation.constants import load_constants, read_setting
from lounge.paging.simulation.run import Run
from lounge.paging.simulation.sensitivity import effect_of, swings
from lounge.paging.simulation.variants import VARIANTS, policies
from lounge.paging.simulation.world import World
from lounge.paging.weights import Weights

if TYPE_CHECKING:
    from lounge.paging.simulation.constants import Behaviour, Constants, Setting
    from lounge.paging.simulation.outcome import Outcome
    from lounge.paging.simulation.variants import Variant

ALL: Final = "all"


class Simulation:
    """One world, run as often as is asked for."""

    def __init__(self, constants: Constants, setting: Setting, years: float, seed: int) -> None:
        """Take the world, and how long it is looked at."""
        self._constants = constants
        self._setting = setting
        self._years = max(1, round(DAYS * years)) / DAYS
        self._seed = seed
        self._specialties = load_specialties()
        self._countries = load_countries()
        self._choose = Choosing(self._specialties, Weights(), constants.begins)

    def world(self, behaviour: Behaviour) -> World:
        """Return the world as it is before anything happens."""
        return World(self._setting, self._constants, behaviour, self._specialties, self._countries, self._seed)

    def run(self, policy: Variant, behaviour: Behaviour) -> Outcome:
        """Run a policy from the beginning."""
        world = self.world(behaviour)
        cases = arrivals(world, self._constants, self._years, self._seed)
        begins = self._constants.begins
        run = Run(world, cases, policies(policy), self._choose, begins, self._seed)
        return run.outcome(policy, self._years)


@click.command()
@click.option(
    "--world",
    "name",
    default="us-uk",
    show_default=True,
    help="us-uk, worldwide, or a file of JSON: members by country, cases a year.",
)
@click.option(
    "--policy",
    "chosen",
    type=click.Choice((*VARIANTS, ALL)),
    multiple=True,
    default=("default",),
    show_default=True,
    help="Which policies to follow; repeat it to compare them.",
)
@click.option(
    "--years", type=click.FloatRange(0.01, 10), default=1.0, show_default=True, help="How long to look at it."
)
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Makes the same year again.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write the plots to, as SVG.")
@click.option("--sensitivity", is_flag=True, help="Also halve each constant, and take half as much again.")
def simulate(
    name: str,
    chosen: tuple[str, ...],
    years: float,
    seed: int,
    out: Path | None,
    sensitivity: bool,  # noqa: FBT001  click hands options over by name
) -> None:
    """Simulate how soon somebody has each case, and what responders bear.

    Runs the router's ranking and the policies of this release on a made-up year: nothing is read from an installation, and
    nobody is paged. What is assumed of members and cases is told in docs/explanation/paging.md.
    """
    constants = load_constants()
    setting = _setting(name, constants)
    name = Path(name).stem
    simulation = Simulation(constants, setting, years, seed)
    wanted = [one for one in VARIANTS if one in chosen or ALL in chosen]
    outcomes = [simulation.run(policy, constants.usual) for policy in wanted]
    lines = report.title(name, simulation.world(constants.usual), outcomes[0].cases, years, seed)
    lines += ["", *report.acknowledgements(outcomes), "", *report.loads(outcomes)]
    drawings = {
        "acknowledgement": plot.acknowledgement(name, outcomes),
        "reply": plot.reply(name, outcomes),
        "load": plot.load(name, outcomes),
    }
    if sensitivity:
        known = [one for one in outcomes if one.policy == "default"]
        base = effect_of(known[0] if known else simulation.run("default", constants.usual))
        with click.progressbar(length=2 * len(constants.behaviour), label="sensitivity", file=sys.stderr) as bar:
            found = swings(constants, lambda behaviour: simulation.run("default", behaviour), bar.update)
        lines += ["", *report.sensitivities(base, found)]
        drawings["sensitivity"] = plot.tornado(name, base, found)
    click.echo("\n".join(lines))
    if out is not None:
        _write(out, drawings)


def _setting(name: str, constants: Constants) -> Setting:
    if name in constants.worlds:
        return constants.worlds[name]
    try:
        return read_setting(Path(name), constants, load_countries())
    except OSError as error:
        message = f"--world is {', '.join(constants.worlds)} or a file that can be read ({error.strerror})"
        raise click.UsageError(message) from None
    except Invalid as error:
        raise click.UsageError(str(error)) from error


def _write(folder: Path, drawings: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, drawing in drawings.items():
            (folder / f"{name}.svg").write_text(drawing, "utf-8")
    except OSError as error:
        message = f"--out: the plots cannot be written ({error.strerror})"
        raise click.ClickException(message) from None
