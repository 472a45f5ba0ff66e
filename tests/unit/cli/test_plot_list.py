"""`plot --list` names every figure of a run with its title, in either language."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from surgesim.cli import app
from surgesim.report.figures import FIGURES
from surgesim.report.words import LANGUAGES, phrase


def test_every_figure_is_listed_with_its_title(tmp_path: Path) -> None:
    for lang in LANGUAGES:
        result = CliRunner().invoke(app, ["plot", str(tmp_path), "--list", "--lang", lang])
        assert result.exit_code == 0
        lines = result.output.splitlines()
        assert [line.split()[0] for line in lines] == list(FIGURES)
        assert lines[0].endswith(phrase(lang, f"figure.{next(iter(FIGURES))}_title"))
    assert list(tmp_path.iterdir()) == []
