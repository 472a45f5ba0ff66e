"""Commands for decisions: worth, size, frontier, calendar."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surgesim.cli.app import app
from surgesim.cli.options import (
    BASELINE,
    ExtensionOption,
    FixedOption,
    LangOption,
    QuietOption,
    ResumeOption,
    ScenarioPath,
    SchedulerOption,
    SeedOption,
    SetOption,
    WorkersOption,
    choice_option,
    integer_option,
    number_option,
)
from surgesim.cli.runs import FIGURE_FORMAT
from surgesim.cli.terminal import FAILED, command_line, errors, fail, progress_bar, show

if TYPE_CHECKING:
    from surgesim.scenario.schema.scenario import Scenario

WIDTH = 80
"""Columns of the screens of decisions."""


class Grouping(StrEnum):
    """The places for which resources are compared."""

    province = "province"
    ownership = "ownership"
    kind = "kind"
    district = "district"
    facility = "facility"


def _load(scenario: Path, changes: Sequence[str] | None, extensions: Sequence[Path] | None) -> Scenario:
    from surgesim.scenario.door import load

    return load(scenario, changes=changes or (), extensions=extensions or ())


def _extras(draw: Callable[[Any, str], Any], name: str, lang: str) -> Callable[[Any, Path], None]:
    """Return a function that draws a figure into a result folder."""

    def save_figure(done: Any, folder: Path) -> None:
        from surgesim.report.figures import save

        save(draw(done, lang), folder / f"{name}.{FIGURE_FORMAT}")

    return save_figure


@app.command(
    epilog="Example: surgesim size scenarios/teaching/small-town.yaml --lever icu-beds --between 0 40 "
    "--outcome deaths --below 200"
)
def size(
    scenario: ScenarioPath,
    lang: LangOption,
    lever: Annotated[
        str,
        typer.Option(
            metavar="LEVER",
            help="Path of a number, share or date; a resource of which so much more is added, such as "
            "icu-beds; private-share; or order-date.",
        ),
    ],
    between: Annotated[
        tuple[str, str],
        typer.Option(metavar="LOW HIGH", help="Ends of the values: the smaller or earlier one first."),
    ],
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Threshold (or `situation`) whose risk of a breach is kept; may be repeated."
        ),
    ] = None,
    risk: Annotated[float, number_option("Risk of a breach that is allowed.")] = 0.2,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Outcome whose mean is kept below --below, such as deaths; may be repeated."
        ),
    ] = None,
    below: Annotated[
        list[float] | None,
        number_option("Bound of each --outcome, in the same order."),
    ] = None,
    draws: Annotated[
        float | None,
        number_option(
            "Share of the draws of uncertain parameters in which the conditions must hold, such as 0.8, "
            "instead of on average.",
            show_default="on average",
        ),
    ] = None,
    step: Annotated[
        float | None,
        number_option("Step between values (days, for dates).", show_default="1; shares 0.05"),
    ] = None,
    largest: Annotated[
        bool | None,
        typer.Option(
            "--largest/--least",
            show_default="largest for dates, lead times and triggers",
            help="Find the largest (latest) or the least (earliest) value that suffices.",
        ),
    ] = None,
    confidence: Annotated[float, number_option("Probability that the value found suffices.")] = 0.9,
    replications: Annotated[int, integer_option("Largest number of runs at a value.")] = 200,
    alternative: Annotated[str, typer.Option(metavar="NAME", help="Alternative to search.")] = BASELINE,
    seed: SeedOption = None,
    set_: SetOption = None,
    fixed: FixedOption = False,
    extension: ExtensionOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="results/<scenario name>-size")
    ] = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figure.")] = True,
    quiet: QuietOption = False,
) -> None:
    """Find the least value of a lever that keeps a risk, or the mean of an outcome, below a bound.

    Tests the ends, then halves the range. The stated confidence holds however often the search looks at the
    runs. Writes the values tested (size.csv) and a figure (size.svg).
    """
    options = {
        "threshold": "--threshold",
        "risk": "--risk",
        "outcome": "--outcome",
        "below": "--below",
        "draws": "--draws",
        "confidence": "--confidence",
        "replications": "--replications",
        "seed": "--seed",
        "alternatives": "--alternative",
    }
    with errors(options, lang=lang.value):
        from surgesim.decisions.door import size as find
        from surgesim.report.figures import draw_size
        from surgesim.report.screen.decisions import size_summary
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output

        bounds = _bounds(outcome or [], below or [])
        loaded = _load(scenario, set_, extension)
        folder = out if out is not None else Path("results") / f"{loaded.name}-size"
        extras = _extras(draw_size, "size", lang.value) if figures else None
        with progress_bar(quiet) as progress:
            done = find(
                loaded,
                lever,
                between,
                threshold=threshold or (),
                risk=risk,
                outcome=bounds,
                draws=draws,
                step=step,
                largest=largest,
                confidence=confidence,
                replications=replications,
                alternative=alternative,
                seed=seed,
                uncertainty=not fixed,
                workers=Backend(workers, scheduler, progress, partial(typer.echo, err=True)),
                out=Output(folder, {"command": command_line()}, extras),
                resume=resume,
            )
        if not quiet:
            show(size_summary(done, lang.value, f"{folder}{os.sep}"), WIDTH)
        _tell_failed(done.manifest)


def _tell_failed(manifest: Any) -> None:
    if failed := manifest.get("extras_failed"):
        typer.echo(f"The tables are complete, but the figure could not be drawn: {failed}", err=True)
        raise typer.Exit(FAILED)


@app.command(epilog="Example: surgesim worth scenarios/teaching/small-town.yaml --replications 16")
def worth(
    scenario: ScenarioPath,
    lang: LangOption,
    by: Annotated[
        Grouping,
        choice_option("Places of the items: at most 40 items, except by facility.", Grouping, "--by"),
    ] = Grouping.province,
    resource: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Resource to compare, such as icu-beds; may be repeated.",
            show_default="all that the scenario has",
        ),
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=AMOUNT", help="Another step of a resource, such as icu-beds=10; may be repeated."
        ),
    ] = None,
    outcome: Annotated[str, typer.Option(metavar="NAME", help="Outcome by which to rank.")] = "deaths",
    pairs: Annotated[bool, typer.Option("--pairs/--no-pairs", help="Try pairs of removed limits.")] = True,
    replications: Annotated[int, integer_option("Number of runs of the leading candidates.")] = 32,
    alternative: Annotated[str, typer.Option(metavar="NAME", help="Alternative to compare with.")] = BASELINE,
    seed: SeedOption = None,
    set_: SetOption = None,
    fixed: FixedOption = False,
    extension: ExtensionOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="results/<scenario name>-worth")
    ] = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figure.")] = True,
    quiet: QuietOption = False,
) -> None:
    """Rank resources by what one step more, or the removal of their limit, changes.

    All changes are compared with the plan in the same runs. Most runs go to the leading ones. Writes all
    effects, and where the patients went (worth.csv), and a figure (worth.svg).
    """
    options = {
        "by": "--by",
        "resource": "--resource",
        "step": "--step",
        "outcome": "--outcome",
        "replications": "--replications",
        "seed": "--seed",
        "alternatives": "--alternative",
    }
    with errors(options, lang=lang.value):
        from surgesim.decisions.door import worth as rank
        from surgesim.report.figures import draw_worth
        from surgesim.report.screen.decisions import worth_summary
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output

        loaded = _load(scenario, set_, extension)
        folder = out if out is not None else Path("results") / f"{loaded.name}-worth"
        extras = _extras(draw_worth, "worth", lang.value) if figures else None
        with progress_bar(quiet) as progress:
            done = rank(
                loaded,
                by=by.value,
                only=resource,
                steps=_steps(step or ()),
                outcome=outcome,
                pairs=pairs,
                replications=replications,
                alternative=alternative,
                seed=seed,
                uncertainty=not fixed,
                workers=Backend(workers, scheduler, progress, partial(typer.echo, err=True)),
                out=Output(folder, {"command": command_line()}, extras),
                resume=resume,
            )
        if not quiet:
            show(worth_summary(done, lang.value, f"{folder}{os.sep}"), WIDTH)
        _tell_failed(done.manifest)


def _steps(texts: Sequence[str]) -> dict[str, float]:
    """Return the steps of the option --step, by resource."""
    steps: dict[str, float] = {}
    for text in texts:
        name, _, amount = text.partition("=")
        try:
            number = float(amount)
        except ValueError:
            fail(f"--step: got {text!r}, expected name=amount, such as icu-beds=10")
        if name in steps:
            fail(f"--step: got {name} twice, expected it once")
        steps[name] = number
    return steps


@app.command(
    epilog="Example: surgesim calendar scenarios/teaching/small-town.yaml --threshold without-bed --risk 0.5"
)
def calendar(
    scenario: ScenarioPath,
    lang: LangOption,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Rule to date; may be repeated.", show_default="all of the plan"),
    ] = None,
    later: Annotated[float, number_option("Days by which each rule is decided later, alone.")] = 7.0,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Find the latest order dates that keep the risk of a breach of this threshold (or "
            "`situation`); may be repeated.",
        ),
    ] = None,
    risk: Annotated[float, number_option("Risk of a breach that is allowed.")] = 0.2,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Outcome whose mean latest dates keep below --below; may be repeated."
        ),
    ] = None,
    below: Annotated[list[float] | None, number_option("Bound of each --outcome, in the same order.")] = None,
    step: Annotated[int, integer_option("Days between the order dates that are tried.")] = 7,
    confidence: Annotated[float, number_option("Probability that a latest date suffices.")] = 0.9,
    replications: Annotated[
        int, integer_option("Number of runs of the plan and of each later decision.")
    ] = 20,
    most: Annotated[int, integer_option("Largest number of runs at an order date.")] = 100,
    alternative: Annotated[str, typer.Option(metavar="NAME", help="Alternative to date.")] = BASELINE,
    seed: SeedOption = None,
    set_: SetOption = None,
    fixed: FixedOption = False,
    extension: ExtensionOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="results/<scenario name>-calendar")
    ] = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figure.")] = True,
    quiet: QuietOption = False,
) -> None:
    """Date the decisions of a plan, and find what waiting changes and the latest order dates.

    Each rule is decided some days later in turn, in the same runs as the plan. With --threshold or --outcome,
    searches the latest order date of each rule. Writes dates and effects (decisions.csv) and a figure
    (calendar.svg).
    """
    options = {
        "rule": "--rule",
        "later": "--later",
        "threshold": "--threshold",
        "risk": "--risk",
        "outcome": "--outcome",
        "below": "--below",
        "step": "--step",
        "confidence": "--confidence",
        "replications": "--replications",
        "seed": "--seed",
        "alternatives": "--alternative",
    }
    with errors(options, lang=lang.value):
        from surgesim.decisions.door import calendar as find
        from surgesim.report.figures import draw_calendar
        from surgesim.report.screen.calendar import calendar_summary
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output

        bounds = _bounds(outcome or [], below or [])
        loaded = _load(scenario, set_, extension)
        folder = out if out is not None else Path("results") / f"{loaded.name}-calendar"
        extras = _extras(draw_calendar, "calendar", lang.value) if figures else None
        with progress_bar(quiet) as progress:
            done = find(
                loaded,
                rules=rule,
                later=later,
                threshold=threshold or (),
                risk=risk,
                outcome=bounds,
                step=step,
                confidence=confidence,
                replications=replications,
                most=most,
                alternative=alternative,
                seed=seed,
                uncertainty=not fixed,
                workers=Backend(workers, scheduler, progress, partial(typer.echo, err=True)),
                out=Output(folder, {"command": command_line()}, extras),
                resume=resume,
            )
        if not quiet:
            show(calendar_summary(done, lang.value, f"{folder}{os.sep}"), WIDTH)
        _tell_failed(done.manifest)


@app.command(
    epilog="Example: surgesim frontier scenarios/teaching/small-town.yaml --first icu-beds 0 20 "
    "--second icu-nurses 0 40 --outcome deaths --below 200 --prices 3 1"
)
def frontier(
    scenario: ScenarioPath,
    lang: LangOption,
    first: Annotated[
        tuple[str, str, str],
        typer.Option(
            metavar="LEVER LOW HIGH", help="First lever, as for `size`, with the ends of its values."
        ),
    ],
    second: Annotated[
        tuple[str, str, str], typer.Option(metavar="LEVER LOW HIGH", help="Second lever, with its ends.")
    ],
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Threshold (or `situation`) whose risk of a breach is kept; may be repeated."
        ),
    ] = None,
    risk: Annotated[float, number_option("Risk of a breach that is allowed.")] = 0.2,
    outcome: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Outcome whose mean is kept below --below; may be repeated."),
    ] = None,
    below: Annotated[list[float] | None, number_option("Bound of each --outcome, in the same order.")] = None,
    steps: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="NUMBER NUMBER",
            help="Steps between the values of both levers (days, for dates).",
            show_default="a tenth of the range",
        ),
    ] = None,
    prices: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="NUMBER NUMBER",
            help="Price of one more of each lever; without it, the cost of the response counts.",
        ),
    ] = None,
    confidence: Annotated[float, number_option("Probability that all pairs found suffice.")] = 0.9,
    replications: Annotated[int, integer_option("Largest number of runs at a pair.")] = 100,
    alternative: Annotated[str, typer.Option(metavar="NAME", help="Alternative to search.")] = BASELINE,
    seed: SeedOption = None,
    set_: SetOption = None,
    fixed: FixedOption = False,
    extension: ExtensionOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="results/<scenario name>-frontier")
    ] = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figure.")] = True,
    quiet: QuietOption = False,
) -> None:
    """Find the pairs of values of two levers that just keep all conditions, and the one that costs least.

    Walks along the boundary instead of testing all pairs. Writes the pairs tested (frontier.csv) and a figure
    (frontier.svg).
    """
    options = {
        "threshold": "--threshold",
        "risk": "--risk",
        "outcome": "--outcome",
        "below": "--below",
        "prices": "--prices",
        "confidence": "--confidence",
        "replications": "--replications",
        "seed": "--seed",
        "alternatives": "--alternative",
    }
    with errors(options, lang=lang.value):
        from surgesim.decisions.door import frontier as find
        from surgesim.report.figures import draw_frontier
        from surgesim.report.screen.frontier import frontier_summary
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output

        bounds = _bounds(outcome or [], below or [])
        loaded = _load(scenario, set_, extension)
        folder = out if out is not None else Path("results") / f"{loaded.name}-frontier"
        extras = _extras(draw_frontier, "frontier", lang.value) if figures else None
        with progress_bar(quiet) as progress:
            done = find(
                loaded,
                first,
                second,
                threshold=threshold or (),
                risk=risk,
                outcome=bounds,
                steps=steps,
                prices=prices,
                confidence=confidence,
                replications=replications,
                alternative=alternative,
                seed=seed,
                uncertainty=not fixed,
                workers=Backend(workers, scheduler, progress, partial(typer.echo, err=True)),
                out=Output(folder, {"command": command_line()}, extras),
                resume=resume,
            )
        if not quiet:
            show(frontier_summary(done, lang.value, f"{folder}{os.sep}"), WIDTH)
        _tell_failed(done.manifest)


def _bounds(names: Sequence[str], bounds: Sequence[float]) -> dict[str, float]:
    """Return the bounds of the options --below by the outcomes of --outcome."""
    if len(names) != len(bounds):
        fail(f"--below: got {len(bounds)} bounds for {len(names)} outcomes, expected one for each")
    if len(set(names)) < len(names):
        fail("--outcome: got an outcome twice, expected it once")
    return dict(zip(names, bounds, strict=True))
