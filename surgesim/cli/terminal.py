"""Terminal output of the commands: errors and exit codes, progress, tables."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from surgesim.cli.help import reader_lang
from surgesim.errors import (
    MOST_PROBLEMS,
    FitError,
    IdentityError,
    Problem,
    ScenarioError,
    SurgesimError,
    escaped,
    listed,
)

if TYPE_CHECKING:
    from surgesim.study.compute.backend import Progress
    from surgesim.workbook.reading.cells import Question

FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143

_OUTPUT_FAILURES = {errno.ENOSPC, errno.EDQUOT, errno.EPIPE, errno.EIO, errno.EINVAL}
"""Error numbers of an output stream that is full, or whose reader has gone (EINVAL on Windows)."""


@contextmanager
def errors(
    options: Mapping[str, str] | None = None, *, interrupted: str = "nothing was written"
) -> Iterator[None]:
    """Convert surgesim's exceptions to messages and exit codes.

    `options` maps scenario paths to the options that set them. `interrupted` is the message on the state of
    files after an interruption, unless the exception has a note of its own.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        _tell_interrupted(error, interrupted)
        raise typer.Exit(INTERRUPTED) from None
    except SystemExit as error:
        if error.code == TERMINATED:
            _tell_interrupted(error, interrupted)
        raise
    except IdentityError as error:
        sentence = "; ".join([str(error), *_notes(error)])
        tell(f"The run was stopped because of a defect in the program: {sentence}")
        raise typer.Exit(FAILED) from None
    except (ScenarioError, FitError) as error:
        problems = [_by_option(problem, options or {}) for problem in error.problems]
        typer.echo(problem_list(problems, reader_lang()), err=True)
        raise typer.Exit(BAD_INPUT) from None
    except SurgesimError as error:
        fail("; ".join(map(_words, [str(error), *_notes(error)])))


def problem_list(problems: Sequence[Problem], lang: str, mark: str = "") -> str:
    """Return problems in `lang`, one per line after `mark`; of many, the last line counts the rest."""
    from surgesim.report.messages import message_words
    from surgesim.report.words import number, phrase

    lines = [f"{mark}{replace(one, message=message_words(lang, one.message))}" for one in problems]
    more = len(lines) - MOST_PROBLEMS
    if more > 0 and lang != "en":
        return "\n".join([*lines[:MOST_PROBLEMS], phrase(lang, "check.more", more=number(more, lang))])
    return listed(lines)


def _tell_interrupted(error: BaseException, otherwise: str) -> None:
    tell(f"Interrupted: {'; '.join(_notes(error)) or otherwise}.")


def _notes(error: BaseException) -> Sequence[str]:
    return getattr(error, "__notes__", ())


@contextmanager
def output_errors() -> Iterator[None]:
    """Report a standard output that is full or closed with one sentence and an exit code."""
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in _OUTPUT_FAILURES:
            raise
        with contextlib.suppress(OSError):
            tell(f"The output cannot be written: {error.strerror}")
        _discard_output()
        sys.exit(FAILED)


def _discard_output() -> None:
    """Discard buffered output, because writing it when Python exits would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
            continue
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, stream.fileno())


def _by_option(problem: Problem, options: Mapping[str, str]) -> Problem:
    """If a problem concerns a value set by an option, replace its path with the option's name."""
    if problem.file not in (None, "--set"):
        return problem
    for path, option in options.items():
        inner = path != "alternatives"  # options name alternatives but set nothing within them
        if problem.path == path or (inner and problem.path.startswith(f"{path}.")):
            below = problem.path[len(path) + 1 :]
            return Problem(f"{option} {below}".rstrip(), problem.message)
    return problem


def fail(message: str) -> NoReturn:
    """Print an error in the reader's language, and exit."""
    tell(message)
    raise typer.Exit(BAD_INPUT)


def tell(message: str) -> None:
    """Print a message on standard error, in the reader's language."""
    typer.echo(_words(message), err=True)


def say(message: str) -> None:
    """Print a message on standard output, in the reader's language."""
    typer.echo(_words(message))


def _words(message: str) -> str:
    from surgesim.report.messages import message_words

    return message_words(reader_lang(), message)


def choose(questions: Sequence[Question]) -> Iterator[tuple[str, str]]:
    """Ask questions at the terminal; yield each option chosen, with its question's identity.

    Of several questions with the same identity, only the first is asked.
    """
    asked: set[str] = set()
    for question in questions:
        if question.identity in asked:
            continue
        asked.add(question.identity)
        typer.echo(escaped(f"{question.cell}: {_words(question.message)}"))
        options = list(question.answers)
        for number, (option, meaning) in enumerate(question.answers.items(), start=1):
            typer.echo(f"  {number}  {_words(meaning)} ({option})")
        text = ""
        while text not in map(str, range(1, len(options) + 1)):
            text = typer.prompt(_words(f"1 to {len(options)}, Ctrl-C to stop")).strip()
        yield options[int(text) - 1], question.identity


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """Show a progress bar on the terminal; yield None if `quiet` is set or there is no terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=3600)
    with shown as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show(renderable: object, most: int | None = None) -> None:
    """Print what is laid out for the width of the terminal, or for at most so many columns."""
    from rich import console as rich_console

    class Console(rich_console.Console):
        def on_broken_pipe(self) -> None:
            """Leave the error to `output_errors`."""
            raise

    width = None if sys.stdout is not None and sys.stdout.isatty() else 110
    console = Console(width=width, highlight=False, markup=False)
    if most is not None:
        console.width = min(console.width, most)
    console.print(renderable)


def tell_undrawn(manifest: Mapping[str, Any], lang: str) -> None:
    """If the figures of a result could not be drawn, say why, and exit."""
    from surgesim.report.words import phrase

    if failed := manifest.get("extras_failed"):
        typer.echo(phrase(lang, "screen.undrawn", reason=_words(failed)), err=True)
        raise typer.Exit(FAILED)


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
