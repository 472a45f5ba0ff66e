"""Arguments and options shared by several commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from surgesim.cli.help import reader_lang
from surgesim.study.compute.backend import MOST_WORKERS

BASELINE = "baseline"

OF_SCENARIO = "the scenario's"
"""Text shown in help as the default of options that the scenario sets."""


class Lang(StrEnum):
    """The language of the screen and of figures."""

    vi = "vi"
    en = "en"


class Format(StrEnum):
    """The file format of figures."""

    svg = "svg"
    png = "png"
    pdf = "pdf"


class Design(StrEnum):
    """The design of a sweep."""

    grid = "grid"
    lhs = "lhs"
    sobol = "sobol"


class WrongValueError(typer.BadParameter):
    """An invalid option value, with a message in the same form as other errors."""


def integer_option(
    help_: str,
    *names: str,
    show_default: str | None = None,
    least: int | None = None,
    most: int | None = None,
) -> Any:
    """Return an option for integers, with bounds unless the scenario checks the value."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise WrongValueError(f"got {text!r}, expected a whole number") from None
        if least is not None and number < least:
            raise WrongValueError(f"got {number}, expected at least {least}")
        if most is not None and number > most:
            raise WrongValueError(f"got {number}, expected at most {most}")
        return number

    return typer.Option(*names, parser=read, metavar="INTEGER", help=help_, show_default=show_default or True)


def number_option(help_: str, *names: str, show_default: str | None = None) -> Any:
    """Return an option that takes any number; who uses it checks its bounds."""

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise WrongValueError(f"got {text!r}, expected a number") from None

    return typer.Option(*names, parser=read, metavar="NUMBER", help=help_, show_default=show_default or True)


def choice_option(help_: str, choices: type[StrEnum], *names: str, **settings: Any) -> Any:
    """Return an option that takes one of `choices`."""

    def read(text: str) -> StrEnum:
        try:
            return choices(text)
        except ValueError:
            *others, last = choices
            raise WrongValueError(f"got {text!r}, expected {', '.join(others)} or {last}") from None

    return typer.Option(*names, parser=read, metavar=f"[{'|'.join(choices)}]", help=help_, **settings)


def _lang(context: typer.Context, given: Lang | None) -> Lang:
    """Return the language given to the command or before it, or else that of the machine."""
    return Lang(reader_lang()) if given is None else given


_INCHES = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0}


def _inches(text: str) -> float:
    """Return a length in inches."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mm|cm|in)", text)
    if found is None:
        raise WrongValueError(f"got {text!r}, expected a length such as 89mm, 18cm or 7in")
    inches = float(found[1]) * _INCHES[found[2]]
    if not 80 <= round(25.4 * inches, 6) <= 420:
        raise WrongValueError(f"got {text}, expected 80mm to 420mm")
    return inches


def _not_given() -> None:
    """Return None: the language is decided by `_lang`."""


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that takes the options of each group among its parameters one by one.

    A group is a dataclass, whose fields are options with defaults.
    """
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        group = hints[name]
        if not is_dataclass(group):
            parameters.append(parameter.replace(annotation=group))
            continue
        groups[name] = group
        options = get_type_hints(group, include_extras=True)
        parameters += [
            inspect.Parameter(f.name, parameter.KEYWORD_ONLY, default=f.default, annotation=options[f.name])
            for f in fields(group)
        ]
    order = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]

    @wraps(command)
    def grouped(**given: Any) -> None:
        made = {
            name: group(**{f.name: given.pop(f.name) for f in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    vars(grouped)["__signature__"] = inspect.Signature(order)
    grouped.__annotations__ = {parameter.name: parameter.annotation for parameter in order}
    return grouped


ScenarioPath = Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).")]
ResultsPath = Annotated[Path, typer.Argument(metavar="RESULTS", help="Result folder.")]
LangOption = Annotated[
    Lang,
    choice_option(
        "Vietnamese or English.",
        Lang,
        "--lang",
        default_factory=_not_given,
        callback=_lang,
        show_default="by locale",
    ),
]
DetailsOption = Annotated[
    bool, typer.Option("--details", help="Show all thresholds, plans, costs and limits, not only the answer.")
]
FormatOption = Annotated[Format, choice_option("File format of figures.", Format, "--format")]
WidthOption = Annotated[
    float | None,
    typer.Option(
        parser=_inches,
        metavar="LENGTH",
        help="Width of figures, such as 89mm, 18cm or 7in; from 80mm to 420mm.",
        show_default="18cm",
    ),
]
WorkersOption = Annotated[
    int | None,
    integer_option(
        f"Number of processes, from 1 to {MOST_WORKERS}; does not affect results.",
        "--workers",
        show_default="cores",
        least=1,
        most=MOST_WORKERS,
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Run on a Dask cluster: its scheduler's address, such as tcp://host:8786, or its scheduler file "
        "(.json); it must be one you trust.",
    ),
]
SeedOption = Annotated[int | None, integer_option("Seed of the random numbers.", show_default=OF_SCENARIO)]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a scenario value; may be repeated."),
]
FixedOption = Annotated[
    bool, typer.Option("--fixed", help="Draw no uncertain parameters: each keeps the scenario's value.")
]
ExtensionOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--extension",
        metavar="FILE",
        help="Python file with your own outcomes, indicators, interventions and actions, which is executed; "
        "may be repeated.",
    ),
]
SeriesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--series",
        metavar="NAME",
        help="Daily indicator of the province to store for every run, in Parquet; may be repeated.",
    ),
]
FacilitySeriesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--facility-series",
        metavar="NAME",
        help="Daily indicator of the facilities to store for every run, in Parquet; may be repeated.",
    ),
]
PrecisionOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OUTCOME=SHARE",
        help="Add runs until the 95% interval of the outcome's mean has at most this half-width, as a "
        "share of the mean; may be repeated.",
    ),
]
MostOption = Annotated[
    int | None, integer_option("Maximum number of runs with --precision.", show_default=OF_SCENARIO)
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Continue an interrupted command from FOLDER.unfinished.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
