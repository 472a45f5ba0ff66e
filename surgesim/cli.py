"""The door: parses the command line, calls the rooms, prints. Nothing heavy is imported at the top."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from surgesim import __version__
from surgesim.errors import IdentityError, Problem, ScenarioError, SurgesimError
from surgesim.files import made, unwritable, whole

if TYPE_CHECKING:
    from surgesim.study.replicate import Progress
    from surgesim.study.results import Results
    from surgesim.study.run import Extras

BASELINE = "baseline"
FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
FIGURE_FORMAT = "svg"
"""Format of the figures of a result folder."""

_NOT_ONE_OF = re.compile(r"(?:Value error, )?(?P<got>'.*') is not one of (?P<known>.*?)\.?")


class _Group(TyperGroup):
    """The commands; a wrong option reads like everything else that is wrong."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            wrong = _NOT_ONE_OF.fullmatch(error.message)
            if wrong is None or error.param is None:
                raise
            *others, last = wrong["known"].replace("'", "").split(", ")
            expected = f"{', '.join(others)} or {last}" if others else last
            _fail(f"{error.param.opts[0]}: got {wrong['got']}, expected {expected}")


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Hospital capacity and surge planning: which threshold breaks when, what each lever changes.",
    epilog="Example: surgesim run scenarios/kien-giang.yaml --replications 20",
)


class Lang(StrEnum):
    """Language of the screen and of figures."""

    vi = "vi"
    en = "en"


class Design(StrEnum):
    """Design of a sweep."""

    grid = "grid"
    lhs = "lhs"
    sobol = "sobol"


class Format(StrEnum):
    """Format of figures."""

    svg = "svg"
    png = "png"
    pdf = "pdf"


def _locale_lang() -> Lang:
    locale = next((os.environ[v] for v in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(v)), "")
    return Lang.vi if locale.startswith("vi") else Lang.en


ScenarioPath = Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).")]
ResultsPath = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="Result folder written by `surgesim run`.")
]
LangOption = Annotated[
    Lang,
    typer.Option(
        "--lang", default_factory=_locale_lang, help="Vietnamese or English.", show_default="by locale"
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Processes; results are the same for any.", show_default="cores"),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Dask scheduler to run on, as tcp://host:8786, instead of here."),
]
SeedOption = Annotated[
    int | None, typer.Option(help="Seed of the random numbers.", show_default="the scenario's")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the scenario; may be repeated."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]


@app.command(epilog="Example: surgesim run scenarios/kien-giang.yaml --replications 20")
def run(
    scenario: ScenarioPath,
    lang: LangOption,
    replications: Annotated[
        int | None, typer.Option(help="How many runs of each alternative.", show_default="the scenario's")
    ] = None,
    seed: SeedOption = None,
    days: Annotated[int | None, typer.Option(help="Days to simulate.", show_default="the scenario's")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this alternative beside the baseline; may be repeated."),
    ] = None,
    set_: SetOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Result folder to write.", show_default="results/<scenario name>")
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OUTCOME=SHARE",
            help="Go on until the half-width of its mean is this share of it; may be repeated.",
        ),
    ] = None,
    most: Annotated[
        int | None, typer.Option(help="Most runs with --precision.", show_default="the scenario's")
    ] = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures too.")] = True,
    quiet: QuietOption = False,
) -> None:
    """Run a scenario and its alternatives.

    Shows which thresholds break, when and how likely, and what each alternative changes, and writes the
    result folder. Every alternative meets the same random numbers, run by run.
    """
    given = {
        "study.replications": ("--replications", replications),
        "study.most_replications": ("--most", most),
        "study.seed": ("--seed", seed),
        "days": ("--days", days),
    }
    own = {path: (option, value) for path, (option, value) in given.items() if value is not None}
    options = {path: option for path, (option, _) in own.items()}
    if precision:
        options["study.precision"] = "--precision"
    if only:
        options["alternatives"] = "--only"
    with _errors(options):
        from surgesim.scenario.loading import load
        from surgesim.study.run import run as run_study

        changes = [*(set_ or ()), *(f"study.precision.{wanted}" for wanted in precision or ())]
        changes += [f"{path}={value}" for path, (_, value) in own.items()]
        loaded = load(scenario, changes=changes)
        folder = out if out is not None else Path("results") / loaded.name
        drawn = {"lang": lang.value, "format": FIGURE_FORMAT} if figures else None
        if not quiet:
            _tell_what_is_replaced(folder)
        with _progress(quiet) as progress:
            results = run_study(
                loaded,
                only=only,
                workers=workers,
                scheduler=scheduler,
                out=folder,
                progress=progress,
                extras=_figures(lang.value) if figures else None,
                notes={"command": shlex.join(["surgesim", *sys.argv[1:]]), "figures": drawn},
            )
        if not quiet:
            from surgesim.report.screen import summary

            _print(summary(results, lang.value, f"{folder}{os.sep}"))
        if failed := results.manifest.get("extras_failed"):
            typer.echo(f"The tables are complete, but the figures could not be drawn: {failed}", err=True)
            raise typer.Exit(FAILED)


@app.command(epilog="Example: surgesim validate scenarios/kien-giang.yaml")
def validate(
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIO...", help="Scenario files (YAML).")],
    set_: SetOption = None,
    all_: Annotated[
        bool, typer.Option("--all", help="List every figure that is assumed or without a source.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Check scenarios without running them.

    All errors come at once, with file and line; warnings count unsourced and assumed figures.
    """
    from surgesim.scenario.loading import inspect
    from surgesim.study.precision import check_precision

    failed = False
    with _errors():
        for path in scenarios:
            try:
                loaded, warnings = inspect(path, changes=set_ or ())
                check_precision(loaded)
            except ScenarioError as error:
                failed = True
                typer.echo(str(error), err=True)
                continue
            if not quiet:
                for warning in warnings:
                    listed = f": {warning.detail}" if all_ and warning.detail else ""
                    typer.echo(f"warning: {warning}{listed}")
                more = any(warning.detail for warning in warnings) and not all_
                hint = "; --all lists the figures" if more else ""
                typer.echo(f"{path}: no errors, {_count(len(warnings), 'warning')}{hint}")
    if failed:
        raise typer.Exit(BAD_INPUT)


@app.command(epilog="Example: surgesim new my-province --from scenarios/kien-giang.yaml")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the scenario: a-z, 0-9 and hyphens.")],
    like: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="SCENARIO", help="Scenario to start from.", show_default="a small one"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default="NAME.yaml")] = None,
) -> None:
    """Write a commented scenario to start from."""
    with _errors():
        from surgesim.scenario.loading import starter

        path = out if out is not None else Path(f"{name}.yaml")
        text = starter(name, like, folder=path.parent)
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError:
            _fail(f"{path}: exists already, expected a new file")
        except OSError as error:
            _fail(unwritable(path, error))
        typer.echo(f"{path}: written; check it with: surgesim validate {shlex.quote(str(path))}")


@app.command(epilog="Example: surgesim schema > surgesim.schema.json")
def schema() -> None:
    """Print the JSON Schema of scenarios.

    Editors complete and check scenario files with it.
    """
    with _errors():
        import json

        from surgesim.scenario.loading import json_schema

        typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command(epilog="Example: surgesim plot results/kien-giang --figure need --lang en --format pdf")
def plot(
    results: ResultsPath,
    lang: LangOption,
    figure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Figure to draw; may be repeated.", show_default="all"),
    ] = None,
    alternative: Annotated[str, typer.Option(metavar="NAME", help="Alternative to draw.")] = BASELINE,
    area: Annotated[
        str | None, typer.Option(metavar="DISTRICT", help="District to draw.", show_default="the province")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="File format.")] = Format.svg,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the figures to.", show_default="RESULTS/plots")
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Threshold of a sweep-map.", show_default="situation, the declared emergency"
        ),
    ] = None,
) -> None:
    """Draw the figures of a finished run, or the sweep-map of a finished sweep.

    The sweep-map is the probability of a breach over the first two paths of a grid, for each scenario.
    """
    with _errors():
        from surgesim.report.figures import FIGURES, EmptyFigureError, ProvinceOnlyError, draw, save
        from surgesim.study.store import SWEEP, kind_of, read

        if kind_of(results) == SWEEP:
            _plot_sweep(results, lang.value, figure or [], alternative, area, format_, out, threshold)
            return
        if threshold is not None:
            _fail(f"got --threshold {threshold} for a run, expected it for a sweep only")
        stored = read(results)
        folder = out if out is not None else results / "plots"
        drawn = {}
        left: dict[str, list[str]] = {}
        for name in figure or FIGURES:
            try:
                drawn[name] = draw(stored, name, lang=lang.value, alternative=alternative, area=area)
            except (EmptyFigureError, ProvinceOnlyError) as error:
                if figure:
                    raise
                left.setdefault(error.reason, []).append(name)
        of = [part for part in (alternative if alternative != BASELINE else None, area) if part]
        with made(folder):
            for name, picture in drawn.items():
                path = folder / f"{'-'.join([name, *of])}.{format_.value}"
                typer.echo(str(save(picture, path)))
        for reason, names in left.items():
            typer.echo(f"Left out, {reason}: {', '.join(names)}", err=True)


def _plot_sweep(
    folder: Path,
    lang: str,
    figures: list[str],
    alternative: str,
    area: str | None,
    format_: Format,
    out: Path | None,
    threshold: str | None,
) -> None:
    """Draw the sweep-map of every scenario of a sweep."""
    from surgesim.report.figures import SWEEP_MAP, save, sweep_map
    from surgesim.study.breaches import SITUATION
    from surgesim.study.sweep import Sweep

    for name in figures:
        if name != SWEEP_MAP:
            _fail(f"got figure {name!r} of a sweep, expected {SWEEP_MAP}")
    if area is not None:
        _fail(f"got --area {area} for a sweep, expected it for a run only")
    done = Sweep(folder)
    shown = threshold if threshold is not None else SITUATION
    drawn = {
        name: sweep_map(done, lang=lang, threshold=shown, alternative=alternative, scenario=name)
        for name in done.scenarios
    }
    target = out if out is not None else folder / "plots"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, picture in drawn.items():
            of = [
                part
                for part, told in (
                    (name, len(drawn) > 1),
                    (shown, shown != SITUATION),
                    (alternative, alternative != BASELINE),
                )
                if told
            ]
            typer.echo(str(save(picture, target / f"{'-'.join([SWEEP_MAP, *of])}.{format_.value}")))
    except OSError as error:
        _fail(f"{target}: cannot be written: {error.strerror or error}")


@app.command(epilog="Example: surgesim report results/kien-giang --lang en --out kien-giang.html")
def report(
    results: ResultsPath,
    lang: LangOption,
    out: Annotated[
        Path | None, typer.Option(help="File to write.", show_default="RESULTS/report.html")
    ] = None,
    excel: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the tables as an Excel workbook (.xlsx) instead."),
    ] = None,
    daily: Annotated[bool, typer.Option("--daily", help="With --excel: the daily tables too.")] = False,
) -> None:
    """Write the report of a finished run.

    One HTML file to read on a screen, to send, or to print: summary, tables, figures, assumptions, limits.
    """
    if excel is not None and out is not None:
        _fail("got --out and --excel, expected one of them: --excel names the file itself")
    if daily and excel is None:
        _fail("got --daily without --excel, expected both: the report has no daily tables")
    with _errors():
        from surgesim.study.store import read

        stored = read(results)
        if excel is not None:
            from surgesim.report.workbook import write_workbook

            typer.echo(str(write_workbook(stored, excel, lang.value, daily=daily)))
            return
        from surgesim.report.document import write_report

        path = out if out is not None else results / "report.html"
        typer.echo(str(write_report(stored, path, lang.value)))


@app.command(epilog="Example: surgesim reproduce results/kien-giang")
def reproduce(results: ResultsPath, workers: WorkersOption = None, quiet: QuietOption = False) -> None:
    """Run a stored result again and compare.

    Exit code 0 if every file is the same, 1 if not.
    """
    with _errors():
        from surgesim.study.reproduce import RELATIVE
        from surgesim.study.reproduce import reproduce as repeat
        from surgesim.study.store import SWEEP, kind_of, read_manifest

        drawn = None if kind_of(results) == SWEEP else read_manifest(results).get("figures")
        with _progress(quiet) as progress:
            again = repeat(
                results,
                workers=workers,
                extras=_figures(drawn["lang"]) if drawn else None,
                progress=progress,
            )
        if again.setting and not quiet:
            typer.echo(f"Compared to {RELATIVE:g} relative and without figures, for this differs:")
            for difference in again.setting:
                typer.echo(f"  {difference}")
        for difference in again.differences:
            typer.echo(difference, err=True)
        if again.differences:
            raise typer.Exit(FAILED)
        if not quiet:
            typer.echo(f"Reproduced: {_count(len(again.compared), 'file')} the same.")


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
            help="What varies: low:high:levels in a grid, low:high in the other designs, a,b,c in all, or "
            "the path alone to take its distribution from study.uncertainty; may be repeated.",
        ),
    ],
    design: Annotated[Design, typer.Option(help="Design of the points.")] = Design.grid,
    samples: Annotated[
        int | None,
        typer.Option(help="Points of lhs; of sobol a power of two, for samples x (paths + 2) points."),
    ] = None,
    replications: Annotated[
        int | None, typer.Option(help="How many runs at each point.", show_default="the scenario's")
    ] = None,
    seed: SeedOption = None,
    alternative: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Alternative to run beside the baseline; may be repeated."),
    ] = None,
    set_: SetOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="results/<scenario name>-sweep")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished sweep.")] = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    quiet: QuietOption = False,
) -> None:
    """Run scenarios at many points.

    Every point has the same random numbers, run by run. What is done is kept in FOLDER.unfinished until
    all is done. Exit code 1 if a run failed.
    """
    options = {
        "study.replications": "--replications",
        "study.seed": "--seed",
        "alternatives": "--alternative",
    }
    with _errors(options):
        from surgesim.scenario.loading import load
        from surgesim.study.sweep import sweep as run_sweep

        loaded = [load(path, changes=set_ or ()) for path in scenarios]
        folder = out if out is not None else Path("results") / f"{loaded[0].name}-sweep"
        try:
            with _progress(quiet) as progress:
                done = run_sweep(
                    loaded,
                    _varied(vary),
                    design=design.value,
                    samples=samples,
                    replications=replications,
                    seed=seed,
                    alternatives=alternative or (),
                    workers=workers,
                    scheduler=scheduler,
                    out=folder,
                    resume=resume,
                    progress=progress,
                    tell=None if quiet else partial(typer.echo, err=True),
                    notes={"command": shlex.join(["surgesim", *sys.argv[1:]])},
                )
        except KeyboardInterrupt:
            typer.echo(f"Interrupted: what is done is in {folder}.unfinished; go on with --resume.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        for name in done.redone:
            typer.echo(f"{name}: was damaged, run again", err=True)
        plan, failed = done.manifest["sweep"], done.manifest["failed"]
        if not quiet:
            points = _count(plan["points"], "point")
            typer.echo(f"{_count(plan['runs'], 'run')} at {points}, {failed} failed: {folder}{os.sep}")
        if failed:
            typer.echo(f"{failed} of {plan['runs']} runs failed: see {folder / 'failures.csv'}", err=True)
            raise typer.Exit(FAILED)


@app.command(epilog="Example: surgesim sensitivity results/small-town-sweep --outcome deaths_untreated")
def sensitivity(
    folder: Annotated[Path, typer.Argument(metavar="SWEEP", help="Folder written by `surgesim sweep`.")],
    lang: LangOption,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Column of runs.csv to explain; may be repeated.",
            show_default="deaths, deaths for want of care, days of emergency",
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="File format of the figures.")] = Format.svg,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="SWEEP/sensitivity")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Say what drives the outcomes of a sweep.

    First and total Sobol indices of design sobol, rank correlations of the others; a table and a figure
    for each scenario and alternative.
    """
    with _errors():
        from surgesim.report.drivers import sensitivity_table
        from surgesim.report.figures import save
        from surgesim.report.figures.sensitivity import draw_sensitivity
        from surgesim.study.sensitivity import sensitivity as explain
        from surgesim.study.store import write_csv
        from surgesim.study.sweep import Sweep

        done = Sweep(folder)
        table = explain(done, outcome)
        target = out if out is not None else folder / "sensitivity"
        groups = table[["scenario", "alternative"]].drop_duplicates().itertuples(index=False)
        drawn = {(s, a): draw_sensitivity(done, table, s, a, lang.value) for s, a in groups}
        with made(target):
            with whole(target / "sensitivity.csv") as part:
                write_csv(part, table)
            for (scenario, of), picture in drawn.items():
                save(picture, target / f"{scenario}-{of}.{format_.value}")
        if not quiet:
            _print(sensitivity_table(table, lang.value))
            typer.echo(f"{target}{os.sep}")


def _varied(texts: list[str]) -> dict[str, str]:
    """Texts ``path=levels`` as the sweep takes them."""
    varied: dict[str, str] = {}
    problems = []
    for text in texts:
        path, equals, levels = text.partition("=")
        if path in varied:
            problems.append(Problem(path, "got it twice, expected once"))
        if equals and not levels.strip():
            problems.append(Problem(path, "got no values after =, expected low:high:levels or a,b,c"))
        varied[path] = levels
    if problems:
        raise ScenarioError(problems)
    return varied


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"surgesim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def _by_option(problem: Problem, options: Mapping[str, str]) -> Problem:
    """A problem of a value that an option gave, under the name of that option."""
    if problem.file not in (None, "--set"):
        return problem
    for path, option in options.items():
        if problem.path == path or problem.path.startswith(f"{path}."):
            below = problem.path[len(path) + 1 :]
            return Problem(f"{option} {below}".rstrip(), problem.message)
    return problem


@contextmanager
def _errors(options: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turn what surgesim raises into a message and an exit code.

    `options` are the names of options by the path of the scenario that they set.
    """
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Interrupted: nothing was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except IdentityError as error:
        typer.echo(f"The run was stopped, for the program has a defect: {error}", err=True)
        raise typer.Exit(FAILED) from None
    except ScenarioError as error:
        _fail("\n".join(str(_by_option(problem, options or {})) for problem in error.problems))
    except SurgesimError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(BAD_INPUT)


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress | None]:
    """A progress bar on the terminal; None where there is none to show it on."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=3600)
    with shown as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell_what_is_replaced(folder: Path) -> None:
    """Say before a run what results its end will replace."""
    from surgesim.errors import ResultsError
    from surgesim.study.store import read_manifest

    try:
        earlier = read_manifest(folder)
    except ResultsError:
        return
    number, alternatives = earlier.get("replications", "?"), len(earlier.get("alternatives", ())) - 1
    typer.echo(
        f"{folder}: the results there ({number} runs of the baseline and "
        f"{_count(alternatives, 'alternative')}) will be replaced when this run is done; "
        "--out writes elsewhere.",
        err=True,
    )


def _figures(lang: str) -> Extras:
    """Draws all figures into the folder `figures` of a result."""

    def draw(results: Results, folder: Path) -> None:
        from surgesim.report.figures import save_all

        save_all(results, folder / "figures", lang=lang, fmt=FIGURE_FORMAT)

    return draw


def _print(renderable: object) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else 110
    Console(width=width, highlight=False, markup=False).print(renderable)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _terminate(number: int, frame: object) -> NoReturn:
    sys.exit(TERMINATED)


def _speak_unicode() -> None:
    """Let what is printed reach any terminal or file: the screen has Vietnamese letters and a minus sign."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def main() -> None:
    """Entry point of the command `surgesim`."""
    _speak_unicode()
    signal.signal(signal.SIGTERM, _terminate)  # so that unfinished folders are removed then too
    app()


if __name__ == "__main__":
    main()
