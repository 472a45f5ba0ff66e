"""Commands that run a scenario: run, reproduce."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surgesim.cli.app import app
from surgesim.cli.options import (
    OF_SCENARIO,
    DetailsOption,
    ExtensionOption,
    FacilitySeriesOption,
    FixedOption,
    LangOption,
    MostOption,
    PrecisionOption,
    QuietOption,
    ResultsPath,
    ResumeOption,
    ScenarioPath,
    SchedulerOption,
    SeedOption,
    SeriesOption,
    SetOption,
    WorkersOption,
    integer_option,
)
from surgesim.cli.terminal import (
    FAILED,
    command_line,
    count,
    errors,
    fail,
    progress_bar,
    say,
    show,
    tell,
    tell_undrawn,
)

if TYPE_CHECKING:
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Extras, Results

FIGURE_FORMAT = "svg"
"""Format of the figures in a result folder."""

NO_PRECISION = "--most has no effect: no precision is requested by --precision or study.precision"


@app.command(epilog="Example: surgesim run scenarios/kien-giang.yaml --replications 20")
def run(
    scenario: ScenarioPath,
    lang: LangOption,
    replications: Annotated[
        int | None, integer_option("Number of runs of each alternative.", show_default=OF_SCENARIO)
    ] = None,
    seed: SeedOption = None,
    days: Annotated[int | None, integer_option("Days to simulate.", show_default=OF_SCENARIO)] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Run only this alternative besides the baseline (`baseline`: none); may be repeated.",
        ),
    ] = None,
    set_: SetOption = None,
    fixed: FixedOption = False,
    extension: ExtensionOption = None,
    series: SeriesOption = None,
    facility_series: FacilitySeriesOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Result folder to write.", show_default="results/<scenario name>")
    ] = None,
    precision: PrecisionOption = None,
    most: MostOption = None,
    resume: ResumeOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures.")] = True,
    details: DetailsOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a scenario and its alternatives.

    Shows which thresholds are breached, when and with what probability, and what each alternative changes;
    writes the result folder. In each run, all alternatives share the same random numbers. Completed runs are
    kept in FOLDER.unfinished until all are complete.
    """
    given = {
        "study.replications": ("--replications", replications),
        "study.most_replications": ("--most", most),
        "study.seed": ("--seed", seed),
        "days": ("--days", days),
    }
    overrides = {path: (option, value) for path, (option, value) in given.items() if value is not None}
    options = {path: option for path, (option, _) in overrides.items()}
    if precision:
        options["study.precision"] = "--precision"
    if only:
        options["alternatives"] = "--only"
    options |= {"series": "--series", "facility_series": "--facility-series"}
    with errors(options):
        from surgesim.scenario.door import load
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output
        from surgesim.study.run import run as run_study

        changes = [*(set_ or ()), *precisions(precision or ())]
        changes += [f"{path}={value}" for path, (_, value) in overrides.items()]
        loaded = load(scenario, changes=changes, extensions=extension or ())
        folder = out if out is not None else Path("results") / loaded.name
        _check(loaded, only)
        if not quiet:
            if most is not None and not loaded.study.precision:
                tell(NO_PRECISION)
            if not resume:
                _warn_of_replacement(folder)
        drawn = {"lang": lang.value, "format": FIGURE_FORMAT} if figures else None
        extras = _figures(lang.value) if figures else None
        with progress_bar(quiet) as progress:
            results = run_study(
                loaded,
                only=only,
                series=series or (),
                facility_series=facility_series or (),
                uncertainty=not fixed,
                workers=Backend(workers, scheduler, progress, tell),
                out=Output(folder, {"command": command_line(), "figures": drawn}, extras),
                resume=resume,
            )
        if not quiet:
            _show(results, lang.value, folder, details)
        tell_undrawn(results.manifest, lang.value)


def precisions(wanted: Sequence[str]) -> list[str]:
    """Return the values of the option `--precision` as scenario changes."""
    for text in wanted:
        if "=" not in text:
            fail(f"--precision: got {text!r}, expected outcome=share, such as deaths=0.05")
    return [f"study.precision.{text}" for text in wanted]


def _check(scenario: Scenario, only: Sequence[str] | None) -> None:
    """Check the options before printing anything."""
    from surgesim.study.compute.checks import alternative_names, with_extensions
    from surgesim.study.precision import check_precision

    with_extensions(scenario, ())
    alternative_names(scenario, only)
    check_precision(scenario)


def _show(results: Results, lang: str, folder: Path, details: bool) -> None:
    """Show the summary of a run: short, or with all details."""
    from surgesim.report.screen.screen import summary
    from surgesim.report.screen.short import ShortSummary

    show((summary if details else ShortSummary)(results, lang, f"{folder}{os.sep}"))


@app.command(name="show", epilog="Example: surgesim show results/kien-giang --details")
def show_results(results: ResultsPath, lang: LangOption, details: DetailsOption = False) -> None:
    """Show the summary of stored results again, in either language."""
    with errors():
        from surgesim.study.store.run_folder import read

        _show(read(results), lang.value, results, details)


@app.command(epilog="Example: surgesim reproduce results/kien-giang")
def reproduce(
    results: ResultsPath,
    extension: ExtensionOption = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Run a stored result again and compare the files.

    If the result was run with extensions, give their files again with --extension. The exit code is 0 if all
    files are the same, otherwise 1.
    """
    with errors():
        from surgesim.study.compute.backend import Backend
        from surgesim.study.reproduce import RELATIVE
        from surgesim.study.reproduce import reproduce as repeat
        from surgesim.study.store.contents import FORECAST, SWEEP
        from surgesim.study.store.manifest import kind_of, read_manifest

        manifest = {} if kind_of(results) == SWEEP else read_manifest(results)
        drawn = manifest.get("figures")
        extras = _figures(drawn["lang"]) if drawn else None
        if FORECAST in manifest:
            from surgesim.fitting.forecast import tables

            extras = tables(forecast_extras(drawn["lang"]) if drawn else None)
        with progress_bar(quiet) as progress:
            again = repeat(
                results,
                workers=Backend(workers, progress=progress),
                extras=extras,
                extensions=extension or (),
            )
        if again.setting and not quiet:
            say(f"Compared with relative tolerance {RELATIVE:g}, without figures, because these differ:")
            for difference in again.setting:
                say(f"  {difference}")
        for difference in again.differences:
            tell(difference)
        if again.differences:
            raise typer.Exit(FAILED)
        if not quiet:
            say(f"Reproduced: {count(len(again.compared), 'identical file')}.")


def _warn_of_replacement(folder: Path) -> None:
    """Before a run begins, warn if it will replace results in its folder."""
    from surgesim.errors import ResultsError
    from surgesim.study.store.contents import RUN
    from surgesim.study.store.folder import Folder
    from surgesim.study.store.manifest import read_manifest

    Folder(folder, RUN).check()
    try:
        earlier = read_manifest(folder)
    except ResultsError:
        return
    number, alternatives = earlier.get("replications", "?"), len(earlier.get("alternatives", ())) - 1
    tell(
        f"{folder}: the results in this folder ({number} runs of the baseline and "
        f"{count(alternatives, 'alternative')}) will be replaced when this run is complete; "
        "use --out to write elsewhere."
    )


def _figures(lang: str) -> Extras:
    """Return a function that draws all figures into the folder `figures` of a result."""

    def draw(results: Results, folder: Path) -> None:
        from surgesim.report.figures import save_all

        save_all(results, folder / "figures", lang=lang, fmt=FIGURE_FORMAT)

    return draw


def forecast_extras(lang: str) -> Extras:
    """Return a function that draws all figures of a forecast into the folder `figures` of its result."""

    def draw(results: Results, folder: Path) -> None:
        from surgesim.fitting.forecast import read_tables
        from surgesim.report.figures import draw_forecast, save, save_all

        save_all(results, folder / "figures", lang=lang, fmt=FIGURE_FORMAT)
        quantiles = read_tables(folder).quantiles
        save(draw_forecast(results, quantiles, lang), folder / "figures" / f"forecast.{FIGURE_FORMAT}")

    return draw
