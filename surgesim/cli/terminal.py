"""What the commands say and how they end: errors and exit codes, progress, tables."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

import typer

from surgesim.errors import IdentityError, Problem, ScenarioError, SurgesimError

if TYPE_CHECKING:
    from surgesim.study.compute.backend import Progress

FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143


@contextmanager
def errors(
    options: Mapping[str, str] | None = None, *, interrupted: str = "nothing was written"
) -> Iterator[None]:
    """Turn what surgesim raises into a message and an exit code.

    `options` are the names of options by the path of the scenario that they set; `interrupted` is what is
    said of the files when the user stops the command.
    """
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"Interrupted: {interrupted}.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except IdentityError as error:
        typer.echo(f"The run was stopped, for the program has a defect: {error}", err=True)
        raise typer.Exit(FAILED) from None
    except ScenarioError as error:
        fail("\n".join(str(_by_option(problem, options or {})) for problem in error.problems))
    except SurgesimError as error:
        fail(str(error))


def _by_option(problem: Problem, options: Mapping[str, str]) -> Problem:
    """A problem of a value that an option gave, under the name of that option."""
    if problem.file not in (None, "--set"):
        return problem
    for path, option in options.items():
        inner = path != "alternatives"  # options name alternatives, and give nothing in them
        if problem.path == path or (inner and problem.path.startswith(f"{path}.")):
            below = problem.path[len(path) + 1 :]
            return Problem(f"{option} {below}".rstrip(), problem.message)
    return problem


def fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(BAD_INPUT)


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
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


def show(renderable: object) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else 110
    Console(width=width, highlight=False, markup=False).print(renderable)


def command_line() -> str:
    """The command as it was typed."""
    return shlex.join(["surgesim", *sys.argv[1:]])


def count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def speak_unicode() -> None:
    """Let what is printed reach any terminal or file: the screen has Vietnamese letters and a minus sign."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
