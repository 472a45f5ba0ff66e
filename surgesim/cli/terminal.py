"""Terminal output of the commands: errors and exit codes, progress, tables."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

import typer

from surgesim.errors import IdentityError, Problem, ScenarioError, SurgesimError, listed

if TYPE_CHECKING:
    from surgesim.study.compute.backend import Progress

FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143


@contextmanager
def errors(
    options: Mapping[str, str] | None = None, *, interrupted: str = "nothing was written"
) -> Iterator[None]:
    """Convert surgesim's exceptions to messages and exit codes.

    `options` maps scenario paths to the options that set them; `interrupted` is the message about files if
    the user interrupts the command.
    """
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"Interrupted: {interrupted}.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except IdentityError as error:
        typer.echo(f"The run was stopped because of a defect in the program: {error}", err=True)
        raise typer.Exit(FAILED) from None
    except ScenarioError as error:
        fail(listed([str(_by_option(problem, options or {})) for problem in error.problems]))
    except SurgesimError as error:
        fail(str(error))


def _by_option(problem: Problem, options: Mapping[str, str]) -> Problem:
    """Replace the path by the option's name in a problem with a value that an option set."""
    if problem.file not in (None, "--set"):
        return problem
    for path, option in options.items():
        inner = path != "alternatives"  # options name alternatives but set nothing within them
        if problem.path == path or (inner and problem.path.startswith(f"{path}.")):
            below = problem.path[len(path) + 1 :]
            return Problem(f"{option} {below}".rstrip(), problem.message)
    return problem


def fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(BAD_INPUT)


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """Show a progress bar on the terminal; yield None if there is no terminal."""
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
    """Return the command line as typed."""
    return shlex.join(["surgesim", *sys.argv[1:]])


def count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def speak_unicode() -> None:
    """Make output streams accept any character, such as Vietnamese letters and the minus sign."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
