"""Every recipe of docs/cookbook.md is run as it is written, in order."""

from __future__ import annotations

import re
import shlex
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import surgesim as surgesim_package
from surgesim.cli import app
from surgesim.study.compute import backend

pytestmark = pytest.mark.slow

ROOT = Path(surgesim_package.__file__).parents[1]
PAGE = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_every_recipe_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(backend, "available_cores", lambda: 1)  # no time for processes to start
    names: dict[str, Any] = {}
    printed = ""
    for language, text in BLOCKS:
        if language == "python":
            with redirect_stdout(StringIO()) as output:
                exec(compile(text, "docs/cookbook.md", "exec"), names)
            printed = output.getvalue()
        elif language == "text":
            assert printed == text
        elif language == "sh":
            for line in text.splitlines():
                program, *arguments = shlex.split(line)
                assert program == "surgesim"
                result = CliRunner().invoke(app, arguments)
                assert result.exit_code == 0, (line, result.output)
    assert (tmp_path / "map.png").stat().st_size > 0
    assert (tmp_path / "fan.png").stat().st_size > 0
    assert (tmp_path / "ages.png").stat().st_size > 0
    assert (tmp_path / "results" / "small-town-sweep" / "plots" / "sweep-map.svg").is_file()
    grid = names["grid"]
    assert grid.shape == (3, 3)
    assert ((grid >= 0) & (grid <= 1)).all(axis=None)
    assert {path.name for path in (tmp_path / "results").iterdir()} == {
        "small-town", "small-town-sweep", "mine", "mine-sweep", "uncertain", "posterior", "lhs", "sobol",
    }  # fmt: skip
    assert list((tmp_path / "results" / "lhs" / "sensitivity").glob("*.svg"))


def test_every_block_is_of_a_known_kind() -> None:
    kinds = [language for language, _ in BLOCKS]
    assert set(kinds) == {"python", "text", "sh", "r", ""}
    assert kinds.count("sh") == 8
    assert kinds.count("python") == 21
    assert kinds.count("text") == 15
    assert all(kinds[i - 1] == "python" for i, kind in enumerate(kinds) if kind == "text")
