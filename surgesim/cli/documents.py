"""Commands that create figures and documents from results: plot, report, brief."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from surgesim.cli.app import app
from surgesim.cli.options import BASELINE, Format, FormatOption, LangOption, ResultsPath, WidthOption
from surgesim.cli.terminal import errors, fail, tell
from surgesim.files import is_drawn, make_folder, refuse_to_replace

CalendarOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Include the decisions by date in this folder of `surgesim calendar`."
    ),
]


@app.command(epilog="Example: surgesim plot results/kien-giang --figure need --lang en --format pdf")
def plot(
    lang: LangOption,
    results: Annotated[
        Path | None,
        typer.Argument(metavar="RESULTS", help="Result folder; not needed with --list.", show_default=False),
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Figure to draw; may be repeated.", show_default="all"),
    ] = None,
    alternative: Annotated[str, typer.Option(metavar="NAME", help="Alternative to draw.")] = BASELINE,
    area: Annotated[
        str | None, typer.Option(metavar="DISTRICT", help="District to draw.", show_default="the province")
    ] = None,
    format_: FormatOption = Format.svg,
    width: WidthOption = None,
    data_: Annotated[
        bool, typer.Option("--data", help="Also write a CSV file with the values behind each figure.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the figures to.", show_default="RESULTS/plots")
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Threshold shown on the sweep-map.",
            show_default="situation, the declared emergency",
        ),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the figures of a run and what each shows, and draw none.")
    ] = False,
) -> None:
    """Draw the figures of a completed run, or the sweep-map of a completed sweep.

    The sweep-map shows the probability of a breach by the first two parameters of a grid, for each scenario.
    """
    with errors(interrupted="the figures already written are complete"):
        from surgesim.report.figures import (
            FIGURES,
            EmptyFigureError,
            ProvinceOnlyError,
            data,
            draw,
            save,
            save_data,
        )
        from surgesim.study.store.contents import SWEEP
        from surgesim.study.store.manifest import kind_of
        from surgesim.study.store.run_folder import read

        if list_:
            _list_figures(lang.value)
            return
        if results is None:
            fail("got no result folder, expected RESULTS, the folder of a completed run or sweep")
        if kind_of(results) == SWEEP:
            if data_:
                fail(
                    "got --data for a sweep, expected --data only for a run: the sweep's tables are CSV files"
                )
            _plot_sweep(results, lang.value, figure or [], alternative, area, format_, width, out, threshold)
            return
        if threshold is not None:
            fail(f"got --threshold {threshold} for a run, expected --threshold only for a sweep")
        stored = read(results)
        folder = out if out is not None else results / "plots"
        drawn = {}
        left: dict[str, list[str]] = {}
        for name in figure or FIGURES:
            try:
                picture = draw(stored, name, lang=lang.value, alternative=alternative, area=area, width=width)
                values = data(stored, name, lang=lang.value, alternative=alternative, area=area, width=width)
                drawn[name] = picture, values
            except (EmptyFigureError, ProvinceOnlyError) as error:
                if figure:
                    raise
                left.setdefault(error.reason, []).append(name)
        of = [part for part in (alternative if alternative != BASELINE else None, area) if part]
        places = {name: folder / f"{'-'.join([name, *of])}.{format_.value}" for name in drawn}
        tables = {name: path.with_suffix(".csv") for name, path in places.items() if data_}
        for path in (*places.values(), *tables.values()):
            refuse_to_replace(path, is_drawn, "a figure")
        with make_folder(folder):
            for name, (picture, values) in drawn.items():
                typer.echo(str(save(picture, places[name])))
                if data_:
                    typer.echo(str(save_data(values, tables[name])))
        for reason, names in left.items():
            tell(f"Left out, {reason}: {', '.join(names)}")


@app.command(epilog="Example: surgesim report results/kien-giang --lang en --out kien-giang.html")
def report(
    results: ResultsPath,
    lang: LangOption,
    out: Annotated[
        Path | None, typer.Option(help="File to write.", show_default="RESULTS/report.html")
    ] = None,
    excel: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the tables to an Excel workbook (.xlsx) instead."),
    ] = None,
    daily: Annotated[bool, typer.Option("--daily", help="With --excel, include the daily tables.")] = False,
    calendar: CalendarOption = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="For a forecast, show the scores of earlier forecasts, written by `surgesim score`.",
        ),
    ] = None,
) -> None:
    """Write the report of a completed run or forecast.

    The report is one HTML file to view, send or print, with a summary, tables, figures, assumptions and
    limits.
    """
    if excel is not None and out is not None:
        fail("got --out and --excel, expected only one of the two: --excel also names the file")
    if daily and excel is None:
        fail("got --daily without --excel, expected both: the report has no daily tables")
    if calendar is not None and excel is not None:
        fail("got --calendar and --excel, expected only one of the two: the workbook has no calendar")
    if scores is not None and excel is not None:
        fail("got --scores and --excel, expected only one of the two: the workbook has no scores")
    with errors():
        from surgesim.study.store.run_folder import read

        stored = read(results)
        if excel is not None:
            from surgesim.report.workbook import write_workbook

            typer.echo(str(write_workbook(stored, excel, lang.value, daily=daily)))
            return
        from surgesim.decisions.door import read_calendar
        from surgesim.report.document import write_report

        dates = None if calendar is None else read_calendar(calendar)
        path = out if out is not None else results / "report.html"
        typer.echo(str(write_report(stored, path, lang.value, dates, scores)))


def _list_figures(lang: str) -> None:
    """Print the name of each figure of a run, and what it shows."""
    from surgesim.report.figures import FIGURES
    from surgesim.report.words import phrase

    width = max(map(len, FIGURES))
    for name in FIGURES:
        typer.echo(f"{name:{width}}  {phrase(lang, f'figure.{name}_shows')}")


def _plot_sweep(
    folder: Path,
    lang: str,
    figures: list[str],
    alternative: str,
    area: str | None,
    format_: Format,
    width: float | None,
    out: Path | None,
    threshold: str | None,
) -> None:
    """Draw the sweep-map of every scenario of a sweep."""
    from surgesim.report.figures import SWEEP_MAP, save, sweep_map
    from surgesim.study.measures.breaches import SITUATION
    from surgesim.study.sweep.result import Sweep

    for name in figures:
        if name != SWEEP_MAP:
            fail(f"got figure {name!r} for a sweep, expected {SWEEP_MAP}")
    if area is not None:
        fail(f"got --area {area} for a sweep, expected --area only for a run")
    done = Sweep(folder)
    chosen = threshold if threshold is not None else SITUATION
    drawn = {
        name: sweep_map(
            done, lang=lang, threshold=chosen, alternative=alternative, scenario=name, width=width
        )
        for name in done.scenarios
    }
    target = out if out is not None else folder / "plots"
    places = {}
    for name in drawn:
        of = [
            part
            for part, in_name in (
                (name, len(drawn) > 1),
                (chosen, chosen != SITUATION),
                (alternative, alternative != BASELINE),
            )
            if in_name
        ]
        places[name] = target / f"{'-'.join([SWEEP_MAP, *of])}.{format_.value}"
        refuse_to_replace(places[name], is_drawn, "a figure")
    with make_folder(target):
        for name, picture in drawn.items():
            typer.echo(str(save(picture, places[name])))


@app.command(epilog="Example: surgesim brief results/kien-giang --lang vi")
def brief(
    results: ResultsPath,
    lang: LangOption,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="File to write: .html, .pdf or .docx; may be repeated.",
            show_default="RESULTS/brief.html and, with the extra `pdf`, RESULTS/brief.pdf",
        ),
    ] = None,
    answer: Annotated[
        list[Path] | None,
        typer.Option(
            "--answer",
            metavar="FOLDER",
            help="Result of `worth` or `size` for the same scenario, whose decisions come first; may be "
            "repeated.",
        ),
    ] = None,
    calendar: CalendarOption = None,
    font: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Font of the PDF (.ttf or .otf).", show_default="DejaVu Sans"),
    ] = None,
) -> None:
    """Write a completed run on one page: the situation, the need for beds, three decisions, three futures.

    The page needs at least 5 runs. The HTML also lists the file, row and column of each number.
    """
    with errors():
        from surgesim.decisions.door import read_calendar, read_size, read_worth
        from surgesim.report.brief.write import default_paths, write_brief
        from surgesim.study.store.contents import WORTH
        from surgesim.study.store.manifest import kind_of
        from surgesim.study.store.run_folder import read

        stored = read(results)
        answers = [
            read_worth(folder) if kind_of(folder) == WORTH else read_size(folder) for folder in answer or ()
        ]
        dates = None if calendar is None else read_calendar(calendar)
        paths = out if out is not None else default_paths(results)
        for path in write_brief(stored, paths, lang.value, answers=answers, calendar=dates, font=font):
            typer.echo(str(path))
