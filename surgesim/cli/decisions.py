"""Commands for decisions: worth, size, frontier, calendar."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from surgesim.cli.app import app
from surgesim.cli.options import (
    BASELINE,
    ExtensionOption,
    FixedOption,
    Lang,
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
    with_groups,
)
from surgesim.cli.runs import FIGURE_FORMAT
from surgesim.cli.terminal import command_line, errors, progress_bar, show, tell, tell_undrawn
from surgesim.errors import Problem, ScenarioError

WIDTH: Final = 80
"""Columns of the screens of decisions."""

_ARGUMENTS: Final = (
    *("threshold", "risk", "outcome", "below", "draws", "confidence", "replications", "seed", "step"),
    *("prices", "by", "resource", "rule", "later", "most"),
)
_OPTIONS: Final = {name: f"--{name}" for name in _ARGUMENTS} | {"alternatives": "--alternative"}
"""The options that set the arguments of a question."""


class Grouping(StrEnum):
    """The places for which resources are compared."""

    province = "province"
    ownership = "ownership"
    kind = "kind"
    district = "district"
    facility = "facility"


@dataclass(frozen=True, slots=True)
class Shared:
    """The options that all questions share."""

    alternative: Annotated[
        str, typer.Option(metavar="NAME", help="Alternative that the question is asked about.")
    ] = BASELINE
    seed: SeedOption = None
    set_: SetOption = None
    fixed: FixedOption = False
    extension: ExtensionOption = None
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write.", show_default="results/<scenario name>-<command>"),
    ] = None
    resume: ResumeOption = False
    workers: WorkersOption = None
    scheduler: SchedulerOption = None
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figure.")] = True
    quiet: QuietOption = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """The options for the conditions of a search."""

    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Threshold (or `situation`) whose risk of a breach is kept; may be repeated."
        ),
    ] = None
    risk: Annotated[float, number_option("Risk of a breach that is allowed.")] = 0.2
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Outcome whose mean is kept below --below, such as deaths; may be repeated."
        ),
    ] = None
    below: Annotated[list[float] | None, number_option("Bound of each --outcome, in the same order.")] = None
    draws: Annotated[
        float | None,
        number_option(
            "Share of the draws of uncertain parameters in which the conditions must hold, such as 0.8, "
            "instead of on average.",
            show_default="on average",
        ),
    ] = None
    confidence: Annotated[float, number_option("Probability that what is found suffices.")] = 0.9

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of a search that these options set."""
        names, bounds = self.outcome or [], self.below or []
        if len(names) != len(bounds):
            message = f"got {len(bounds)} bounds for {len(names)} outcomes, expected one for each"
            raise ScenarioError([Problem("below", message)])
        if len(set(names)) < len(names):
            raise ScenarioError([Problem("outcome", "got an outcome twice, expected it once")])
        return {
            "threshold": self.threshold or (),
            "risk": self.risk,
            "outcome": dict(zip(names, bounds, strict=True)),
            "draws": self.draws,
            "confidence": self.confidence,
        }


class _View(NamedTuple):
    """How an answer is drawn, and what the screen says of it."""

    draw: Callable[[Any, str], Any]
    summary: Callable[[Any, str, str], object]


def _view(name: str) -> _View:
    from surgesim.report import figures
    from surgesim.report.screen import calendar, decisions, frontier

    return {
        "worth": _View(figures.draw_worth, decisions.worth_summary),
        "size": _View(figures.draw_size, decisions.size_summary),
        "frontier": _View(figures.draw_frontier, frontier.frontier_summary),
        "calendar": _View(figures.draw_calendar, calendar.calendar_summary),
    }[name]


def _answer(
    name: str, scenario: Path, lang: Lang, shared: Shared, arguments: Callable[[], dict[str, Any]]
) -> None:
    """Ask the question `name`, store its answer with its figure, and show it.

    `arguments` returns the arguments of the question that not all questions share.
    """
    with errors(_OPTIONS):
        from surgesim.decisions import door
        from surgesim.report.figures import save
        from surgesim.scenario.door import load
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output

        view, own = _view(name), arguments()
        loaded = load(scenario, changes=shared.set_ or (), extensions=shared.extension or ())
        folder = Path("results") / f"{loaded.name}-{name}" if shared.out is None else shared.out

        def draw(done: Any, target: Path) -> None:
            save(view.draw(done, lang.value), target / f"{name}.{FIGURE_FORMAT}")

        ask: Callable[..., Any] = getattr(door, name)
        with progress_bar(shared.quiet) as progress:
            done = ask(
                loaded,
                **own,
                alternative=shared.alternative,
                seed=shared.seed,
                uncertainty=not shared.fixed,
                workers=Backend(shared.workers, shared.scheduler, progress, tell),
                out=Output(folder, {"command": command_line()}, draw if shared.figures else None),
                resume=shared.resume,
            )
        if not shared.quiet:
            show(view.summary(done, lang.value, f"{folder}{os.sep}"), WIDTH)
        tell_undrawn(done.manifest, lang.value)


@app.command(
    epilog="Example: surgesim size scenarios/teaching/small-town.yaml --lever icu-beds --between 0 40 "
    "--outcome deaths --below 200"
)
@with_groups
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
    *,
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
    replications: Annotated[int, integer_option("Largest number of runs at a value.")] = 200,
    bounds: Bounds,
    shared: Shared,
) -> None:
    """Find the least value of a lever that keeps a risk, or the mean of an outcome, below a bound.

    Tests the ends, then halves the range. The stated confidence holds however often the search looks at the
    runs. Writes the values tested (size.csv) and a figure (size.svg).
    """

    def arguments() -> dict[str, Any]:
        own = {"lever": lever, "between": between, "step": step, "largest": largest}
        return own | bounds.arguments() | {"replications": replications}

    _answer("size", scenario, lang, shared, arguments)


@app.command(epilog="Example: surgesim worth scenarios/teaching/small-town.yaml --replications 16")
@with_groups
def worth(
    scenario: ScenarioPath,
    lang: LangOption,
    *,
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
    shared: Shared,
) -> None:
    """Rank resources by what one step more, or the removal of their limit, changes.

    All changes are compared with the plan in the same runs. Most runs go to the leading ones. Writes all
    effects, and where the patients went (worth.csv), and a figure (worth.svg).
    """

    def arguments() -> dict[str, Any]:
        steps = _steps(step or ())
        own = {"by": by.value, "only": resource, "steps": steps, "outcome": outcome, "pairs": pairs}
        return own | {"replications": replications}

    _answer("worth", scenario, lang, shared, arguments)


def _steps(texts: Sequence[str]) -> dict[str, float]:
    """Return the steps of the option --step, by resource."""
    steps: dict[str, float] = {}
    for text in texts:
        name, _, amount = text.partition("=")
        try:
            number = float(amount)
        except ValueError:
            message = f"got {text!r}, expected name=amount, such as icu-beds=10"
            raise ScenarioError([Problem("step", message)]) from None
        if name in steps:
            raise ScenarioError([Problem("step", f"got {name} twice, expected it once")])
        steps[name] = number
    return steps


@app.command(
    epilog="Example: surgesim calendar scenarios/teaching/small-town.yaml --outcome deaths --below 220"
)
@with_groups
def calendar(
    scenario: ScenarioPath,
    lang: LangOption,
    *,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Rule to date; may be repeated.", show_default="all of the plan"),
    ] = None,
    later: Annotated[float, number_option("Days by which each rule is decided later, alone.")] = 7.0,
    step: Annotated[int, integer_option("Days between the order dates that are tried.")] = 7,
    replications: Annotated[
        int, integer_option("Number of runs of the plan and of each later decision.")
    ] = 20,
    most: Annotated[int, integer_option("Largest number of runs at an order date.")] = 100,
    bounds: Bounds,
    shared: Shared,
) -> None:
    """Date the decisions of a plan, and find what waiting changes and the latest order dates.

    Each rule is decided some days later in turn, in the same runs as the plan. With --threshold or --outcome,
    searches the latest order date of each rule. Writes dates and effects (decisions.csv) and a figure
    (calendar.svg).
    """

    def arguments() -> dict[str, Any]:
        own = {"rules": rule, "later": later, "step": step, "replications": replications, "most": most}
        return own | bounds.arguments()

    _answer("calendar", scenario, lang, shared, arguments)


@app.command(
    epilog="Example: surgesim frontier scenarios/teaching/small-town.yaml --first icu-beds 0 20 "
    "--second icu-nurses 0 40 --outcome deaths --below 200 --prices 3 1"
)
@with_groups
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
    *,
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
    replications: Annotated[int, integer_option("Largest number of runs at a pair.")] = 100,
    bounds: Bounds,
    shared: Shared,
) -> None:
    """Find the pairs of values of two levers that just keep all conditions, and the one that costs least.

    Walks along the boundary instead of testing all pairs. Writes the pairs tested (frontier.csv) and a figure
    (frontier.svg).
    """

    def arguments() -> dict[str, Any]:
        own = {"first": first, "second": second, "steps": steps, "prices": prices}
        return own | bounds.arguments() | {"replications": replications}

    _answer("frontier", scenario, lang, shared, arguments)
