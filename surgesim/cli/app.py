"""The command `surgesim`, to which other modules add subcommands."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.models import CommandFunctionType as CommandFunction

from surgesim.cli.help import Command, forget_lang, note_lang, reader_lang, translated, vietnamese
from surgesim.cli.options import Lang, WrongValueError, choice_option
from surgesim.cli.terminal import fail, output_errors
from surgesim.log import LOG
from surgesim.version import __version__

ORDER = (
    *("run", "show", "validate", "new", "import", "schema", "plot", "report", "brief", "reproduce", "sweep"),
    *("sensitivity", "worth", "size", "frontier", "calendar", "fit", "forecast", "score"),
)
"""Order of the commands in help."""

_UsageError: Any = typer.BadParameter.__base__
"""The base class of the errors in options and arguments: click's, or that of the copy within newer typers."""


@contextmanager
def _usage_errors(context: Any) -> Iterator[None]:
    """Report a wrong use of options and arguments, in the reader's language."""
    try:
        yield
    except WrongValueError as error:
        option = "" if error.param is None else f"{error.param.opts[0]}: "
        fail(f"{option}{error.message}")
    except _UsageError as error:
        if reader_lang() != "vi":
            raise
        typer.echo(vietnamese((error.ctx or context).get_usage()), err=True)
        fail(error.format_message())


class _Group(TyperGroup):
    """The command group; reports invalid options in the same form as other errors."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        forget_lang()
        note_lang(args)
        if not args:
            return super().parse_args(ctx, args)
        with _usage_errors(ctx):
            return super().parse_args(ctx, args)

    def get_help(self, ctx: Any) -> str:
        if reader_lang() == "vi":
            return vietnamese(super(_Group, translated(self)).get_help(ctx))
        return super().get_help(ctx)

    def invoke(self, ctx: Any) -> Any:
        with output_errors(), _usage_errors(ctx):
            return super().invoke(ctx)


class _App(typer.Typer):
    """The application; its commands are of the class `Command`."""

    def command(
        self, name: str | None = None, *, epilog: str | None = None, **settings: Any
    ) -> Callable[[CommandFunction], CommandFunction]:
        return super().command(name, cls=Command, epilog=epilog, **settings)


app = _App(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Hospital capacity and surge planning: shows breaches of thresholds and the effect of each lever.",
    epilog="Example: surgesim run scenarios/kien-giang.yaml --replications 20",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"surgesim {__version__}")
        raise typer.Exit


def _log_to(path: Path, context: typer.Context) -> None:
    """Append the records of the logger "surgesim" to a file until the command ends."""
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        fail(f"--log: {path}: cannot be written: {error.strerror}")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)

    def close() -> None:
        LOG.removeHandler(handler)
        handler.close()

    context.call_on_close(close)


@app.callback()
def _options(
    context: typer.Context,
    lang: Annotated[
        Lang | None,
        choice_option("Language of help and of every command: Vietnamese or English.", Lang, "--lang"),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(
            "--log",
            metavar="FILE",
            help="Append to this file the traceback of each extension that raises, and of each failed run.",
        ),
    ] = None,
) -> None:
    if log is not None:
        _log_to(log, context)
