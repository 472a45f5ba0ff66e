"""What is published with the package: its data files, its version, the commands of the README."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from shipped import FOLDER, shipped

import surgesim

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_data_file_is_installed() -> None:
    package = ROOT / "surgesim"
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["surgesim"]
    installed = {path for pattern in patterns for path in package.glob(pattern)}
    data = {path for path in package.rglob("*.*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert data - installed == set()
    assert {"py.typed", "surgesim.mplstyle"} <= {path.name for path in installed}


def test_every_pattern_of_data_files_finds_something() -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["surgesim"]
    assert "py.typed" in patterns
    assert [pattern for pattern in patterns if not list((ROOT / "surgesim").glob(pattern))] == []


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == surgesim.__version__


def test_the_changelog_tells_of_changed_results() -> None:
    assert "### Results change" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "link", re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
)
def test_links_of_the_readme_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_readme_names_the_thresholds_of_the_main_case() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| .* \| (above|below) ([\d,]+)(?: per 100,000)? \|$", readme, flags=re.MULTILINE)
    command = shipped(FOLDER / "kien-giang.yaml").command
    bounds = [command.thresholds[name] for name in command.situation.thresholds or ()]
    assert told == [("above" if b.above is not None else "below", f"{b.bound:g}") for b in bounds]
    assert command.situation.require == 3
    assert "Three of the five at once make the *declared emergency*" in readme
