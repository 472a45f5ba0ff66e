"""Commands for sweeps: sweep, sensitivity."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surgesim.cli.app import app
from surgesim.cli.options import (
    OF_SCENARIO,
    Design,
    ExtensionOption,
    FacilitySeriesOption,
    FixedOption,
    Format,
    FormatOption,
    LangOption,
    MostOption,
    PrecisionOption,
    QuietOption,
    SchedulerOption,
    SeedOption,
    SeriesOption,
    SetOption,
    WorkersOption,
    choice_option,
    integer_option,
)
from surgesim.cli.runs import NO_PRECISION, precisions
from surgesim.cli.terminal import FAILED, command_line, count, errors, progress_bar, say, show, tell
from surgesim.errors import Problem, ScenarioError
from surgesim.files import atomic_write, is_drawn, make_folder, refuse_to_replace

if TYPE_CHECKING:
    from surgesim.study.sweep.result import Sweep


@app.command(
    epilog="Example: surgesim sweep scenarios/teaching/small-town.yaml --vary epidemic.variant.r0=3:6:4 "
    "--vary care.facilities.general-hospital.beds.icu=6,12,24"
)
def sweep(
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIO...", help="Scenario files (YAML).")],
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="PATH=LOW:HIGH:LEVELS",
            help="Path and values to vary: low:high:levels in a grid, low:high in other designs, a,b,c in "
            "any, or the path alone for its distribution in study.uncertainty; may be repeated.",
        ),
    ],
    design: Annotated[Design, choice_option("Design of the points.", Design)] = Design.grid,
    samples: Annotated[
        int | None,
        integer_option(
            "Number of points for lhs; for sobol a power of two, giving samples x (paths + 2) points."
        ),
    ] = None,
    replications: Annotated[
        int | None, integer_option("Number of runs at each point.", show_default=OF_SCENARIO)
    ] = None,
    seed: SeedOption = None,
    design_seed: Annotated[
        int | None, integer_option("Seed of the points of lhs and sobol.", show_default="that of the runs")
    ] = None,
    alternative: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Alternative to run besides the baseline; may be repeated."),
    ] = None,
    precision: PrecisionOption = None,
    most: MostOption = None,
    set_: SetOption = None,
    fixed: FixedOption = False,
    extension: ExtensionOption = None,
    series: SeriesOption = None,
    facility_series: FacilitySeriesOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="results/<scenario name>-sweep")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue an interrupted sweep from FOLDER.unfinished, or give a completed one more runs or "
            "points; only missing runs are computed.",
        ),
    ] = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    quiet: QuietOption = False,
) -> None:
    """Run scenarios at many points.

    In each run, all points share the same random numbers. Completed runs are kept in FOLDER.unfinished
    until the sweep is complete. Exit code 1 if a run failed.
    """
    options = {
        "study.replications": "--replications",
        "study.most_replications": "--most",
        "study.seed": "--seed",
        "design_seed": "--design-seed",
        "alternatives": "--alternative",
        "series": "--series",
        "facility_series": "--facility-series",
    }
    if precision:
        options["study.precision"] = "--precision"
    with errors(options):
        from surgesim.extension.reading import read_extensions
        from surgesim.scenario.door import load
        from surgesim.study.compute.backend import Backend
        from surgesim.study.results import Output
        from surgesim.study.sweep.sweep import sweep as run_sweep

        own = read_extensions(extension or ())
        changes = [*(set_ or ()), *precisions(precision or ())]
        if most is not None:
            changes.append(f"study.most_replications={most}")
        if most is not None and replications is not None:  # the two are checked against each other
            changes.append(f"study.replications={replications}")
        loaded = [load(path, changes=changes, extensions=own) for path in scenarios]
        folder = out if out is not None else Path("results") / f"{loaded[0].name}-sweep"
        talk = None if quiet else tell
        if talk and most is not None and not loaded[0].study.precision:
            talk(NO_PRECISION)
        with progress_bar(quiet) as progress:
            done = run_sweep(
                loaded,
                _parse_vary(vary),
                design=design.value,
                samples=samples,
                replications=replications,
                seed=seed,
                design_seed=design_seed,
                alternatives=alternative or (),
                series=series or (),
                facility_series=facility_series or (),
                uncertainty=not fixed,
                workers=Backend(workers, scheduler, progress, talk),
                out=Output(folder, {"command": command_line()}),
                resume=resume,
            )
        _summarise(done, folder, quiet)


def _summarise(done: Sweep, folder: Path, quiet: bool) -> None:
    """Report the outcome of a sweep."""
    if done.repeats:
        first = f"{done.repeats[0]} was the first" if len(done.repeats) > 1 else done.repeats[0]
        what = "could not be read (damaged, or in an older format) and were run again"
        tell(f"{count(len(done.repeats), 'part')} {what}: {first}")
    plan, failed = done.manifest["sweep"], done.manifest["failed"]
    if not quiet:
        points = count(plan["points"], "point")
        say(f"{count(plan['runs'], 'run')} at {points}, {failed} failed: {folder}{os.sep}")
    if failed:
        tell(f"{failed} of {plan['runs']} runs failed: see {folder / 'failures.csv'}")
        raise typer.Exit(FAILED)


@app.command(epilog="Example: surgesim sensitivity results/small-town-sweep --outcome deaths_untreated")
def sensitivity(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder written by `surgesim sweep` or `surgesim run`.")
    ],
    lang: LangOption,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Column of runs.csv or replications.csv to analyse; may be repeated.",
            show_default="untreated deaths, deaths, days of emergency",
        ),
    ] = None,
    format_: FormatOption = Format.svg,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="FOLDER/sensitivity")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Analyse what drives the outcomes of a sweep or of a run.

    For a sweep, computes first-order and total Sobol indices (design sobol) or rank correlations (other
    designs). For a run, computes the shares of the variance due to chance, to all drawn parameters together,
    and to each of them. Writes a table, and a figure for each scenario and alternative.
    """
    with errors(interrupted="the files already written are complete"):
        from rich.text import Text

        from surgesim.report.figures import draw_sensitivity, draw_shares, save
        from surgesim.report.prose.drivers import cautions, sensitivity_table, shares_table
        from surgesim.study.sensitivity import sensitivity as explain
        from surgesim.study.store.contents import SWEEP
        from surgesim.study.store.csv_files import write_csv
        from surgesim.study.store.manifest import kind_of
        from surgesim.study.store.run_folder import read
        from surgesim.study.sweep.result import Sweep

        target = out if out is not None else folder / "sensitivity"
        if kind_of(folder) == SWEEP:
            done = Sweep(folder)
            table = explain(done, outcome)
            groups = table[["scenario", "alternative"]].drop_duplicates().itertuples(index=False)
            drawn = {(s, a): draw_sensitivity(done, table, s, a, lang.value) for s, a in groups}
            shown, notes = sensitivity_table(done, table, lang.value), list(cautions(done, lang.value))
        else:
            results = read(folder)
            table = explain(results, outcome)
            name = results.scenario.name
            pairs = table[["alternative", "against"]].drop_duplicates().itertuples(index=False)
            drawn = {
                (name, f"{a}-against-{b}" if b else a): draw_shares(results, table, a, b, lang.value)
                for a, b in pairs
            }
            shown, notes = shares_table(results.scenario, table, lang.value), []
        places = {(s, a): target / f"{s}-{a}.{format_.value}" for s, a in drawn}
        for path in places.values():
            refuse_to_replace(path, is_drawn, "a figure")
        columns = ",".join(map(str, table.columns)).encode()
        refuse_to_replace(
            target / "sensitivity.csv",
            lambda path: path.is_file() and path.read_bytes().startswith(columns),
            "a sensitivity table",
        )
        with make_folder(target):
            with atomic_write(target / "sensitivity.csv") as part:
                write_csv(part, table)
            for of, picture in drawn.items():
                save(picture, places[of])
        if not quiet:
            show(shown)
            for note in notes:
                show(Text(note))
            typer.echo(f"{target}{os.sep}")


def _parse_vary(texts: list[str]) -> dict[str, str]:
    """Parse ``path=levels`` options for the sweep."""
    varied: dict[str, str] = {}
    problems = []
    for text in texts:
        path, equals, levels = text.partition("=")
        if path in varied:
            problems.append(Problem(path, "got this path twice, expected it once"))
        if equals and not levels.strip():
            problems.append(Problem(path, "got no values after =, expected low:high:levels or a,b,c"))
        varied[path] = levels
    if problems:
        raise ScenarioError(problems)
    return varied
