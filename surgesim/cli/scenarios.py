"""Commands for scenario files: validate, new, import, schema."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surgesim.cli.app import app
from surgesim.cli.options import (
    ExtensionOption,
    LangOption,
    QuietOption,
    SetOption,
    choice_option,
    integer_option,
)
from surgesim.cli.terminal import BAD_INPUT, choose, errors, fail, problem_list, say
from surgesim.errors import Problem, ScenarioError, escaped
from surgesim.files import atomic_write

if TYPE_CHECKING:
    from surgesim.workbook.intake import Intake
    from surgesim.workbook.reading.answers import Answers


@app.command(epilog="Example: surgesim validate scenarios/kien-giang.yaml")
def validate(
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIO...", help="Scenario files (YAML).")],
    lang: LangOption,
    set_: SetOption = None,
    extension: ExtensionOption = None,
    all_: Annotated[
        bool, typer.Option("--all", help="List every figure that is assumed or has no source.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Check scenarios without running them.

    Reports all errors at once, with file and line; warnings count the figures that have no source or are
    assumed. Then prints the totals of the scenario: people, facilities, beds, staff and oxygen.
    """
    failed = False
    with errors():
        from surgesim.extension.reading import read_extensions
        from surgesim.report.inventory import inventory
        from surgesim.report.words import phrase
        from surgesim.scenario.door import examine
        from surgesim.study.compute.checks import with_extensions
        from surgesim.study.precision import check_precision

        own = read_extensions(extension or ())
        for path in scenarios:
            try:
                loaded, warnings, origins = examine(path, changes=set_ or (), extensions=own)
                with_extensions(loaded, ())
                check_precision(loaded)
            except ScenarioError as error:
                failed = True
                typer.echo(problem_list(error.problems, lang.value), err=True)
                continue
            if not quiet:
                shown = [_with_detail(warning) if all_ else warning for warning in warnings]
                if shown:
                    mark = phrase(lang.value, "check.warning")
                    typer.echo(problem_list(shown, lang.value, mark))
                typer.echo("\n".join(map(escaped, inventory(loaded, origins, lang.value))))
                more = any(warning.detail for warning in warnings) and not all_
                key = "check.done_and_all" if more else "check.done"
                n = phrase(lang.value, "check.one" if len(warnings) == 1 else "check.many", n=len(warnings))
                typer.echo(phrase(lang.value, key, file=path, warnings=n))
    if failed:
        raise typer.Exit(BAD_INPUT)


def _with_detail(warning: Problem) -> Problem:
    """Return a warning whose message ends with the figures that it counts."""
    return replace(warning, message=f"{warning.message}: {warning.detail}") if warning.detail else warning


class Place(StrEnum):
    """A place with built-in ages and contacts, as in `surgesim.scenario.door.PROFILES`."""

    vietnam = "vietnam"
    british_columbia = "british-columbia"
    germany = "germany"
    kenya = "kenya"


_FIGURES = ("population", "beds", "icu", "cases-last-week", "in-hospital", "in-icu")
"""Options of `new` that make it write a scenario that starts today."""


def _figure(help_: str, name: str) -> Any:
    return integer_option(help_, f"--{name}", show_default="none")


@app.command(epilog="Example: surgesim new my-province --workbook")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the scenario: a-z, 0-9 and hyphens.")],
    lang: LangOption,
    like: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="SCENARIO", help="Scenario to start from.", show_default="a small example"
        ),
    ] = None,
    extension: ExtensionOption = None,
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default="NAME.yaml")] = None,
    workbook: Annotated[
        bool, typer.Option("--workbook", help="Write a workbook to fill in, NAME.xlsx, for surgesim import.")
    ] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="With --workbook: write a folder of CSV files instead.")
    ] = False,
    population: Annotated[int | None, _figure("People, for a scenario of today.", "population")] = None,
    beds: Annotated[int | None, _figure("Hospital beds outside intensive care.", "beds")] = None,
    icu: Annotated[int | None, _figure("ICU beds.", "icu")] = None,
    cases: Annotated[int | None, _figure("Cases reported in the last 7 days.", "cases-last-week")] = None,
    hospital: Annotated[
        int | None, _figure("COVID patients in hospital, ICU included.", "in-hospital")
    ] = None,
    in_icu: Annotated[int | None, _figure("COVID patients in ICU.", "in-icu")] = None,
    profile: Annotated[
        Place, typer.Option(help="Place whose ages and contacts the new scenario uses.")
    ] = Place.vietnam,
) -> None:
    """Write a commented scenario as a starting point, or a workbook to fill in.

    With --population and --beds, the scenario starts today from these figures.
    """
    figures = dict(zip(_FIGURES, (population, beds, icu, cases, hospital, in_icu), strict=True))
    given = [f"--{key}" for key, number in figures.items() if number is not None]
    if csv and not workbook:
        fail("--csv: got no --workbook, expected both")
    if sum((workbook, like is not None, bool(given))) > 1:
        names = [*(["--workbook"] if workbook else []), *(["--from"] if like is not None else []), *given]
        fail(f"got {', '.join(names)}, expected only one way to begin a scenario")
    with errors({key: f"--{key}" for key in _FIGURES}):
        if workbook:
            _write_template(name, out, lang.value, csv=csv)
            return
        path = out if out is not None else Path(f"{name}.yaml")
        if given:
            text = _quick(name, figures, lang.value, profile.value)
        else:
            from surgesim.scenario.door import starter

            text = starter(
                name,
                like,
                folder=path.parent,
                extensions=extension or (),
                profile=profile.value,
                lang=lang.value,
            )
        if path.exists():
            fail(f"{path}: exists already, expected a new file")
        with atomic_write(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
        say(f"{path}: written; check it with: surgesim validate {shlex.quote(str(path))}")


def _quick(name: str, figures: Mapping[str, int | None], lang: str, profile: str) -> str:
    """Return a scenario that starts today, from a few figures."""
    from datetime import date

    from surgesim.workbook.quick import Figures, quick_scenario

    population, beds = figures["population"], figures["beds"]
    if population is None or beds is None:
        fail("expected at least --population and --beds for a scenario that starts today")
    known = Figures(
        population,
        beds,
        figures["icu"] or 0,
        figures["cases-last-week"],
        figures["in-hospital"] or 0,
        figures["in-icu"] or 0,
    )
    return quick_scenario(name, known, date.today(), lang, profile)


def _write_template(name: str, out: Path | None, lang: str, *, csv: bool) -> None:
    from surgesim.scenario.door import check_name
    from surgesim.workbook.template import write_folder, write_template

    check_name(name)
    path = out if out is not None else Path(name if csv else f"{name}.xlsx")
    (write_folder if csv else write_template)(path, lang)
    scenario = shlex.quote(f"{name}.yaml")
    say(f"{path}: written; fill it in, then: surgesim import {shlex.quote(str(path))} --out {scenario}")


class Decimal(StrEnum):
    """The decimal mark."""

    point = "point"
    comma = "comma"


class Dates(StrEnum):
    """The order of a date's parts."""

    dmy = "dmy"
    mdy = "mdy"


@app.command("import", epilog="Example: surgesim import my-province.xlsx --out my-province.yaml")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="WORKBOOK", help="Workbook (.xlsx), or folder of CSV files.")
    ],
    out: Annotated[Path, typer.Option(help="Scenario to write; its CSVs are written beside it.")],
    lang: LangOption,
    update: Annotated[
        bool,
        typer.Option("--update", help="Update the census, reports and initial infections of this scenario."),
    ] = False,
    decimal: Annotated[
        Decimal | None,
        choice_option("Decimal mark in numbers written as text.", Decimal, "--decimal"),
    ] = None,
    dates: Annotated[
        Dates | None,
        choice_option("Order of day and month in dates written as text.", Dates, "--dates"),
    ] = None,
    cumulative: Annotated[
        bool, typer.Option("--cumulative", help="Read series that never fall as running totals.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="CELL",
            help="Confirm the value of a cell, such as census!C5; may be repeated.",
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Read a workbook of hospitals, census and daily reports into a scenario.

    Reports all errors at once, with sheet and cell, and writes nothing if there are any. At a terminal, asks
    about cells that can be read in two ways; elsewhere, the message names the options that answer.
    """
    with errors():
        from surgesim.report.words import phrase
        from surgesim.scenario.door import examine
        from surgesim.workbook.intake import answers_file
        from surgesim.workbook.reading.answers import Answers

        answers = Answers.of(
            decimal.value if decimal else None, dates.value if dates else None, cumulative, accept or ()
        )
        intake = _read_and_ask(source, answers.over(Answers.kept_in(answers_file(out))))
        remarks = intake.remarks
        if update:
            changes = intake.changes(out)
            changes.write()
            paths, remarks = list(changes.texts), (*remarks, *changes.remarks)
        else:
            paths = intake.write(out)
        if quiet:
            return
        warnings = [warning for warning in examine(out).warnings if not warning.detail]
        for problems, mark in ((remarks, "check.remark"), (warnings, "check.warning")):
            if problems:
                typer.echo(problem_list(problems, lang.value, phrase(lang.value, mark)))
        check = f"check it with: surgesim validate {shlex.quote(str(out))}"
        say(f"written: {', '.join(map(str, paths))}; {check}")
        if not update:
            say(f"to compare other plans, see the end of {out}")


def _read_and_ask(source: Path, answers: Answers) -> Intake:
    """Read a workbook; at a terminal, ask about cells that can be read in two ways until none is left."""
    from surgesim.workbook.intake import read_with
    from surgesim.workbook.reading.answers import QuestionsError

    while True:
        try:
            return read_with(source, answers)
        except QuestionsError as error:
            if sys.stdin is None or not sys.stdin.isatty():
                raise
            for option, identity in choose(error.questions):
                answers = answers.with_option(option, identity)


@app.command(epilog="Example: surgesim schema > surgesim.schema.json")
def schema(extension: ExtensionOption = None) -> None:
    """Print the JSON Schema of scenarios.

    Editors use it to complete and check scenario files.
    """
    with errors():
        import json

        from surgesim.extension.reading import read_extensions
        from surgesim.scenario.door import json_schema

        typer.echo(json.dumps(json_schema(read_extensions(extension or ())), indent=2, ensure_ascii=False))
