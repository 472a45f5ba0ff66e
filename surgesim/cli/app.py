"""The command `surgesim`, to which the other modules add theirs."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from surgesim import __version__
from surgesim.cli.terminal import fail

ORDER = ("run", "validate", "new", "schema", "plot", "report", "reproduce", "sweep", "sensitivity")
"""Of the commands, in help."""

_NOT_ONE_OF = re.compile(r"(?:Value error, )?(?P<got>'.*') is not one of (?P<known>.*?)\.?")
_NOT_WHOLE = re.compile(r"Input should be a valid integer.*|'.*' is not a valid int.*")
_TOO_LOW = re.compile(
    r"Input should be greater than or equal to (?P<new>\d+)|.* is not in the range x>=(?P<old>\d+)\.?"
)


class _Group(TyperGroup):
    """The commands; a wrong option reads like everything else that is wrong."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            said = _in_our_words(error.message)
            if said is None or error.param is None:
                raise
            fail(f"{error.param.opts[0]}: {said}")


def _in_our_words(message: str) -> str | None:
    """What the command line's library says of a wrong value, as the rest of the program would say it."""
    if _NOT_WHOLE.fullmatch(message):
        return "expected a whole number"
    if low := _TOO_LOW.fullmatch(message):
        return f"expected at least {low['new'] or low['old']}"
    wrong = _NOT_ONE_OF.fullmatch(message)
    if wrong is None:
        return None
    *others, last = wrong["known"].replace("'", "").split(", ")
    expected = " or ".join([", ".join(others), last] if others else [last])
    return f"got {wrong['got']}, expected {expected}"


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
