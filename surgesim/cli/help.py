"""Help of the commands in Vietnamese; the English texts in the code are the keys of its catalogue."""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Final

from typer.core import TyperCommand

_GIVEN: Final = ContextVar("lang", default="")
"""The language given with --lang, before it is checked; empty if none was."""

_CLICK: Final = (
    ("Usage: ", "Cách dùng: "),
    ("\nOptions:\n", "\nTùy chọn:\n"),
    ("\nArguments:\n", "\nĐối số:\n"),
    ("\nCommands:\n", "\nLệnh:\n"),
    ("[required]", "[bắt buộc]"),
    ("[default:", "[mặc định:"),
    ("[OPTIONS]", "[TÙY CHỌN]"),
    (" COMMAND [ARGS]...", " LỆNH [ĐỐI SỐ]..."),
    ("Example: ", "Ví dụ: "),
)
"""Words that click and typer add."""


def machine_lang() -> str:
    """Return ``vi`` or ``en``, from the locale of the machine."""
    locale = next((os.environ[v] for v in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(v)), "")
    return "vi" if locale.startswith("vi") else "en"


def reader_lang() -> str:
    """Return the language given with --lang, or else that of the machine."""
    given = _GIVEN.get()
    return given if given in ("vi", "en") else machine_lang()


def forget_lang() -> None:
    """Forget the language of an earlier command."""
    _GIVEN.set("")


def note_lang(args: Sequence[str]) -> None:
    """Store the language given with --lang among the arguments, so that even help and errors know it."""
    for place, text in enumerate(args):
        if text == "--":
            break
        if text.startswith("--lang="):
            _GIVEN.set(text.removeprefix("--lang="))
        elif text == "--lang" and place + 1 < len(args):
            _GIVEN.set(args[place + 1])


def translated(command: Any) -> Any:
    """Return a copy of a command with its help in Vietnamese."""
    from surgesim.report.words import help_words

    def words(text: str | None) -> str | None:
        if text is None:
            return None
        paragraphs = inspect.cleandoc(text).split("\n\n")
        return "\n\n".join(help_words("vi", " ".join(each.split())) for each in paragraphs)

    shown = copy.copy(command)
    shown.help, shown.short_help = words(command.help), words(command.short_help)
    shown.params = []
    for parameter in command.params:
        one = copy.copy(parameter)
        one.help = words(getattr(parameter, "help", None))
        if isinstance(getattr(parameter, "show_default", None), str):
            one.show_default = words(parameter.show_default)
        shown.params.append(one)
    if hasattr(command, "commands"):
        shown.commands = {name: translated(each) for name, each in command.commands.items()}
    return shown


def vietnamese(text: str) -> str:
    """Replace the words that click and typer add to help."""
    from surgesim.report.words import help_words

    for english, other in _CLICK:
        text = text.replace(english, other)
    shown = "Show this message and exit."
    return text.replace(shown, help_words("vi", shown))


class Command(TyperCommand):
    """A command whose help is in the language of the reader."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        note_lang(args)
        return super().parse_args(ctx, args)

    def get_help(self, ctx: Any) -> str:
        if reader_lang() == "vi":
            return vietnamese(super(Command, translated(self)).get_help(ctx))
        return super().get_help(ctx)
