"""The command that forecasts the next weeks: forecast."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from surgesim.cli.app import app
from surgesim.cli.fits import warn
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
from surgesim.cli.runs import FIGURE_FORMAT, forecast_extras
from surgesim.cli.terminal import command_line, errors, progress_bar, show, tell, tell_undrawn


@app.command(epilog="Example: surgesim forecast my-province.yaml --weeks 4")
def forecast(
    scenario: ScenarioPath,
    lang: LangOption,
    weeks: Annotated[int, integer_option("Number of weeks to forecast.")] = 4,
    fit: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Fit of this scenario to its history, made by `surgesim fit`.",
            show_default="a new fit in <out>-fit",
        ),
    ] = None,
    damping: Annotated[float, number_option("Share of the log of R that is lost per week (0 to 1).")] = 0.3,
    drift: Annotated[
        float,
        number_option("Standard deviation of the random step of the log of R per week (0 to 1)."),
    ] = 0.1,
    replications: Annotated[
        int | None, integer_option("Number of runs of each alternative.", show_default="100")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Run only this alternative besides the baseline (`baseline`: none); may be repeated.",
        ),
    ] = None,
    members: Annotated[int, integer_option("Number of members of the fit's ensemble.")] = 160,
    rounds: Annotated[int, integer_option("Number of rounds of runs and updates in the fit.")] = 4,
    seed: SeedOption = None,
    set_: SetOption = None,
    extension: ExtensionOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Result folder to write.", show_default="results/<scenario name>-forecast"),
    ] = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures.")] = True,
    quiet: QuietOption = False,
) -> None:
    """Forecast the next weeks from a scenario's history.

    Fits the scenario to its history, and runs it and its alternatives from today with draws from the fit.
    Writes the result folder of a run, and adds the quantiles by week and place in hubverse format
    (forecast.csv), the reproduction number and growth (pace.csv) and a figure (figures/forecast.svg).
    """
    options = {
        "study.replications": "--replications",
        "study.seed": "--seed",
        "weeks": "--weeks",
        "fit": "--fit",
        "damping": "--damping",
        "drift": "--drift",
        "alternatives": "--only",
    }
    with errors(options):
        from surgesim.fitting.forecast import forecast as run_forecast
        from surgesim.scenario.door import load
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output

        loaded = load(scenario, changes=set_ or (), extensions=extension or ())
        folder = out if out is not None else Path("results") / f"{loaded.name}-forecast"
        drawn = {"lang": lang.value, "format": FIGURE_FORMAT} if figures else None
        extras = forecast_extras(lang.value) if figures else None
        with progress_bar(quiet) as progress:
            done = run_forecast(
                loaded,
                weeks,
                fit=fit,
                damping=damping,
                drift=drift,
                replications=replications,
                only=only,
                members=members,
                rounds=rounds,
                seed=seed,
                workers=Backend(workers, scheduler, progress, tell),
                out=Output(folder, {"command": command_line(), "figures": drawn}, extras),
                resume=resume,
            )
        warn(done.fit, lang.value)
        if not quiet:
            from surgesim.report.screen.forecast import forecast_summary

            show(forecast_summary(done, lang.value, f"{folder}{os.sep}"))
        tell_undrawn(done.results.manifest, lang.value)
