"""The command that fits a scenario to data: fit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surgesim.cli.app import app
from surgesim.cli.options import (
    ExtensionOption,
    LangOption,
    QuietOption,
    ResumeOption,
    ScenarioPath,
    SchedulerOption,
    SeedOption,
    SetOption,
    WorkersOption,
    integer_option,
    number_option,
)
from surgesim.cli.runs import FIGURE_FORMAT
from surgesim.cli.terminal import command_line, errors, fail, progress_bar, tell, tell_undrawn

if TYPE_CHECKING:
    from surgesim.fitting.fit import Fit

FIGURE = "fit"


@app.command(epilog="Example: surgesim fit scenarios/teaching/small-town.yaml --data daily.csv")
def fit(
    scenario: ScenarioPath,
    lang: LangOption,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default="the scenario's history",
            help="CSV with date, district (optional) and any of reported_cases, admissions, in_hospital, "
            "on_oxygen, icu, deaths; daily or weekly, cells may be empty.",
        ),
    ] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=LOW:HIGH",
            help="Fit this path, too; 90 % of its prior lies from LOW to HIGH; may be repeated.",
        ),
    ] = None,
    defaults: Annotated[
        bool,
        typer.Option(
            "--defaults/--no-defaults",
            help="Fit infections at the start, R0, weekly transmission, detection, severity and stays.",
        ),
    ] = True,
    fixed: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Keep the scenario's value of this unknown; may be repeated."),
    ] = None,
    members: Annotated[int, integer_option("Number of members of the ensemble.")] = 160,
    rounds: Annotated[int, integer_option("Number of rounds of runs and updates.")] = 4,
    noise: Annotated[
        float,
        number_option("Standard deviation of the log of a weekly value, besides the chance of the model."),
    ] = 0.1,
    seed: SeedOption = None,
    set_: SetOption = None,
    extension: ExtensionOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="results/<scenario name>-fit")
    ] = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figure.")] = True,
    quiet: QuietOption = False,
) -> None:
    """Fit a scenario to data.

    Without --data, the scenario is fitted to its own history, and scenario.yaml starts today from the fitted
    epidemic. Writes joint draws of the unknowns (draws.csv), a scenario that draws from them (scenario.yaml),
    the fit against the data (fit.csv, fit.svg), and the posterior beside the prior (posterior.csv). Completed
    rounds are kept in FOLDER.unfinished until all rounds are complete.
    """
    with errors({"seed": "--seed", "members": "--members", "rounds": "--rounds", "noise": "--noise"}):
        from surgesim.fitting.fit import fit as run_fit
        from surgesim.scenario.door import load
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output

        priors = _priors(prior or ())
        loaded = load(scenario, changes=set_ or (), extensions=extension or ())
        folder = out if out is not None else Path("results") / f"{loaded.name}-fit"
        extras = _figure(lang.value) if figures else None
        with progress_bar(quiet) as progress:
            done = run_fit(
                loaded,
                data,
                priors=priors,
                defaults=defaults,
                fixed=fixed or (),
                members=members,
                rounds=rounds,
                noise=noise,
                seed=seed,
                workers=Backend(workers, scheduler, progress, tell),
                out=Output(folder, {"command": command_line()}, extras),
                resume=resume,
            )
        _summarise(done, folder, lang.value, quiet)


def _priors(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the priors of the option --prior, by path."""
    priors: dict[str, tuple[float, float]] = {}
    for text in texts:
        path, _, ends = text.partition("=")
        try:
            low, high = map(float, ends.split(":"))
        except ValueError:
            fail(f"--prior: got {text!r}, expected path=low:high, such as epidemic.variant.r0=2:4")
        if path in priors:
            fail(f"--prior: got {path} twice, expected it once")
        priors[path] = low, high
    return priors


def _figure(lang: str) -> Any:
    """Return a function that draws the figure of a fit into its folder."""

    def draw(fit: Fit, folder: Path) -> None:
        from surgesim.report.figures import draw_fit, save

        save(draw_fit(fit, lang), folder / f"{FIGURE}.{FIGURE_FORMAT}")

    return draw


def warn(done: Fit, lang: str) -> None:
    """Print the warnings of a fit."""
    from surgesim.report.prose.forecast import caution_text
    from surgesim.report.words import phrase

    for warning in done.warnings:
        typer.echo(phrase(lang, "fit.warning", text=caution_text(warning, done.scenario, lang)), err=True)


def _summarise(done: Fit, folder: Path, lang: str, quiet: bool) -> None:
    """Report the outcome of a fit, with its warnings."""
    from surgesim.report.words import number, phrase

    warn(done, lang)
    if not quiet:
        draws, unknowns = number(len(done.draws), lang), number(len(done.posterior), lang)
        typer.echo(phrase(lang, "fit.outcome", draws=draws, unknowns=unknowns, folder=f"{folder}{os.sep}"))
    tell_undrawn(done.manifest, lang)
