"""Help in Vietnamese: every text has its translation, and the language can be chosen anywhere."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from surgesim.cli import app
from surgesim.cli.app import ORDER
from surgesim.report.words import catalogue

NAMES = {"NAME.yaml", "RESULTS/plots", "RESULTS/report.html", "DejaVu Sans", "FOLDER/sensitivity", "100"}
"""Defaults that are names or numbers."""

CHOICES = {"comma", "facility", "pairs", "point", "province"}
"""Values of options."""


def texts() -> Iterator[str]:
    """Every paragraph and default of the help."""
    group: Any = typer.main.get_command(app)
    for command in (group, *group.commands.values()):
        yield from inspect.cleandoc(command.help).split("\n\n")
        for parameter in command.params:
            for text in (getattr(parameter, "help", None), getattr(parameter, "show_default", None)):
                if isinstance(text, str):
                    yield text


def test_every_text_has_its_translation() -> None:
    known = {str(message.id): str(message.string) for message in catalogue("vi", "help") if message.id}
    found = {" ".join(text.split()) for text in texts()} - NAMES
    assert len(found) > 140
    assert sorted(found - set(known)) == []
    assert sorted(set(known) - found - {"Show this message and exit."}) == []
    assert all(known.values())


@pytest.mark.slow
def test_no_english_is_in_the_help() -> None:
    english, vietnamese = (
        {
            word
            for m in catalogue("vi", "help")
            if m.id
            for word in re.findall(r"[^\W\d_]+", str(getattr(m, of)))
        }
        for of in ("id", "string")
    )
    left, lines = english - vietnamese - CHOICES, []
    for name in ("", *ORDER):
        shown = CliRunner().invoke(app, [*([name] if name else []), "--help", "--lang", "vi"]).output
        lines += shown.split("Ví dụ:")[0].splitlines()[1:]
    words = re.compile(r"(?<![\w./=-])[A-Za-z]{3,}(?![\w./-])")
    assert len(lines) > 300
    assert [line for line in lines if {*words.findall(re.sub(r"^  \w+ {2,}", "", line))} & left] == []


@pytest.mark.parametrize(
    "arguments",
    [["--lang", "vi", "plot", "--help"], ["plot", "--lang", "vi", "-h"], ["plot", "--help", "--lang=vi"]],
)
def test_help_is_in_the_language_asked_for(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "Cách dùng:" in result.output
    assert "Hình cần vẽ; có thể lặp lại." in result.output
    assert "Figure to draw" not in result.output
    assert "Figure to draw" in CliRunner().invoke(app, ["plot", "--help", "--lang", "en"]).output


def test_the_machine_decides_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    assert "Mô phỏng một kịch bản" in CliRunner().invoke(app, ["--help"]).output
    assert "Run a scenario" in CliRunner().invoke(app, ["--lang", "en", "--help"]).output
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert "Run a scenario" in CliRunner().invoke(app, ["--help"]).output
