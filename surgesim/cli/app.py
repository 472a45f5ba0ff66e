"""The command `surgesim`, to which other modules add subcommands."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from surgesim.cli.options import WrongValueError
from surgesim.cli.terminal import fail, output_errors
from surgesim.version import __version__

ORDER = ("run", "validate", "new", "schema", "plot", "report", "reproduce", "sweep", "sensitivity")
"""Order of the commands in help."""


class _Group(TyperGroup):
    """The command group; reports invalid options in the same form as other errors."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        try:
            with output_errors():
                return super().invoke(ctx)
        except WrongValueError as error:
            option = "" if error.param is None else f"{error.param.opts[0]}: "
            fail(f"{option}{error.message}")


app = typer.Typer(
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


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass
