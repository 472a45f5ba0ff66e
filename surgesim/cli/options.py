"""Arguments and options that several commands take."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

BASELINE = "baseline"


class Lang(StrEnum):
    """Language of the screen and of figures."""

    vi = "vi"
    en = "en"


class Format(StrEnum):
    """Format of figures."""

    svg = "svg"
    png = "png"
    pdf = "pdf"


def locale_lang() -> Lang:
    locale = next((os.environ[v] for v in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(v)), "")
    return Lang.vi if locale.startswith("vi") else Lang.en


ScenarioPath = Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).")]
ResultsPath = Annotated[Path, typer.Argument(metavar="RESULTS", help="Result folder.")]
LangOption = Annotated[
    Lang,
    typer.Option(
        "--lang", default_factory=locale_lang, help="Vietnamese or English.", show_default="by locale"
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
