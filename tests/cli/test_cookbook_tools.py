"""Every recipe of docs/cookbook-tools.md gives its output, where the tool is installed."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import surgesim as surgesim_package
from surgesim.study.compute import backend

pytestmark = pytest.mark.slow

ROOT = Path(surgesim_package.__file__).parents[1]
PAGE = (ROOT / "docs" / "cookbook-tools.md").read_text(encoding="utf-8")
RECIPES = {
    title: (code, output)
    for title, code, output in re.findall(
        r"^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```\n\n```text\n(.*?)^```",
        PAGE,
        flags=re.MULTILINE | re.DOTALL,
    )
}
LINES = {"ABC rejection": 10, "pyABC": 15, "SALib": 15}
"""The most lines of each recipe, without empty ones."""

NEEDS = {"pyABC": "pyabc", "SALib": "SALib"}


def test_each_recipe_is_short_and_has_an_output() -> None:
    assert PAGE.count("```python") == len(RECIPES)
    assert RECIPES.keys() == LINES.keys()
    lengths = {title: sum(map(bool, code.splitlines())) for title, (code, _) in RECIPES.items()}
    assert [title for title, most in LINES.items() if lengths[title] > most] == []


@pytest.mark.filterwarnings("ignore")  # of the tools
@pytest.mark.parametrize("title", LINES)
def test_a_recipe_gives_its_output(title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if title in NEEDS:
        pytest.importorskip(NEEDS[title])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backend, "available_cores", lambda: 1)  # no time for processes to start
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    code, output = RECIPES[title]
    names: dict[str, Any] = {}
    with redirect_stdout(StringIO()) as printed:
        exec(compile(code, "docs/cookbook-tools.md", "exec"), names)
    assert printed.getvalue() == output
