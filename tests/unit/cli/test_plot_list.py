"""`plot --list` names every figure of a run and what it shows, in either language."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from surgesim.cli import app
from surgesim.report.figures import FIGURES
from surgesim.report.words import LANGUAGES, phrase


def test_every_figure_is_listed_with_what_it_shows(tmp_path: Path) -> None:
    for lang in LANGUAGES:
        result = CliRunner().invoke(app, ["plot", "--list", "--lang", lang])
        assert result.exit_code == 0
        lines = result.output.splitlines()
        assert [line.split()[0] for line in lines] == list(FIGURES)
        assert lines[0].endswith(phrase(lang, f"figure.{next(iter(FIGURES))}_shows"))
    assert list(tmp_path.iterdir()) == []
