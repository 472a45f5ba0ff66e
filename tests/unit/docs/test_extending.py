"""Each recipe of docs/extending.md, applied to a copy of the package and tried as the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import surgesim

PACKAGE = Path(surgesim.__file__).parent
ROOT = Path(__file__).parents[3]
PAGE = (Path(__file__).parents[3] / "docs" / "extending.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.slow


class Block(NamedTuple):
    """A fenced block: the file it goes into and where, or none for what is run."""

    path: str
    where: str
    anchor: str
    text: str


BLOCK = re.compile(
    r"^(?:`(?P<path>[\w/.]+)`, (?P<where>above the entry of|above|in place of|at the end|a new file)"
    r"(?: `(?P<anchor>[^`]+)`| ``(?P<quoted>.+?) ``)?"
    r"|Try it):\n\n```\w+\n(?P<text>.*?)```$",
    re.M | re.S,
)


def recipes() -> dict[str, list[Block]]:
    """The blocks of each section of the page."""
    sections = re.split(r"^## (.+)\n", PAGE, flags=re.M)[1:]
    return {
        title: [
            Block(
                found["path"] or "",
                found["where"] or "",
                found["anchor"] or found["quoted"] or "",
                found["text"],
            )
            for found in BLOCK.finditer(text)
        ]
        for title, text in zip(sections[::2], sections[1::2], strict=True)
    }


def put(root: Path, block: Block) -> None:
    """Put a block where the page says."""
    path = root / block.path
    if block.where == "a new file":
        assert not path.exists()
        path.write_text(block.text, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = len(lines)
    if block.where == "above the entry of":
        at = lines.index(f'        "{block.anchor}",\n') - 1
    elif block.anchor:
        at = next(i for i, line in enumerate(lines) if line.startswith(block.anchor))
    lines[at : at + (block.where == "in place of")] = [block.text]
    path.write_text("".join(lines), encoding="utf-8")


def test_the_page_has_the_recipes_and_no_block_that_is_not_applied() -> None:
    found = recipes()
    assert list(found) == ["An outcome", "An indicator", "A figure", "A lever", "A section", "A province"]
    assert sum(map(len, found.values())) == len(re.findall(r"^```\w+$", PAGE, re.M))
    assert all(blocks[-1].path == "" for blocks in found.values())


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with all recipes applied."""
    root = tmp_path_factory.mktemp("extended")
    shutil.copytree(PACKAGE, root / "surgesim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", root / "docs")
    (root / "scenarios").symlink_to(ROOT / "scenarios")
    for *blocks, _ in recipes().values():
        for block in blocks:
            put(root, block)
    return root


def run(root: Path, *command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_recipe_of_code_works(extended: Path) -> None:
    tried = [blocks[-1].text for title, blocks in recipes().items() if title != "A province"]
    assert len(tried) == 5
    run(extended, sys.executable, "-c", f"for text in {tried!r}:\n    exec(text, {{}})")


def test_the_recipe_of_a_province_works(extended: Path) -> None:
    text = recipes()["A province"][-1].text.replace("surgesim ", f"{sys.executable} -m surgesim.cli ")
    run(extended, "bash", "-euc", text)
