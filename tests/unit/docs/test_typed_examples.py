"""mypy finds no error of ours in the examples of the cookbook, and an error that is planted in each."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import surgesim as surgesim_package

pytestmark = pytest.mark.slow

ROOT = Path(surgesim_package.__file__).parents[1]

NOT_OURS = r"import-untyped|import-not-found|no-untyped-call|no-untyped-def|type-arg|union-attr|\"GroupBy\""
"""Codes of findings that examples may have: of packages without types, and of what an example leaves out."""

PLANTED = {
    'surgesim.Sweep("results/small-town-sweep")': "surgesim.Sweep(7)",
    'surgesim.read("results/small-town")': "surgesim.read(7)",
    "surgesim.loads(text)": "surgesim.loads(text, change=[])",
    "town.overlaid({})": "town.overlay({})",
    "one.outcomes[": "one.outcome[",
    "simulate(town, 1, k).province": "simulate(town, 1, k, event=True).province",
    'sweep.facility_series("occupied_icu")': 'sweep.facility_serie("occupied_icu")',
    "town.overlaid(watched)": "town.overlaid(7)",
    'province.end("lockdown")': 'province.stop("lockdown")',
    "results.to_xarray()": "results.to_xaray()",
    "town, 1, 0, events=True).events": "town, 1, 0, events=True).event",
    'meaning="days without a free ICU bed")': 'meaning="days without a free ICU bed", beter="")',
    'province.order("own-hospital", action=': 'province.order("own-hospital", acton=',
    'out="results/mine")': 'outt="results/mine")',
    'province.end("large-wards")': 'province.ended("large-wards")',
    '["large-first"]).actions': '["large-first"]).acts',
    'label="Growth")': 'lable="Growth")',
    "present[-1] / max(present[-8], 10)": 'province.order("a", action="b")',
    "replications=[3, 7]": 'replications=["3"]',
    'surgesim.sensitivity(posterior, ["deaths"])': "surgesim.sensitivity(posterior, 7)",
    "results.series(": "results.serie(",
    'one.province["reported_cases"].to_numpy': 'one.provinces["reported_cases"].to_numpy',
    'data(results, "cases", area="island")': 'data(results, "cases", aera="island")',
    "points=points, replications=1": "point=points, replications=1",
}
"""A text in the examples, and what replaces it: an error that mypy must find, on a line of its own."""


def parts() -> dict[str, str]:
    """The modules of which the examples consist: each page that is run as a whole, and each file written."""
    found = {}
    cookbook, tools = (
        re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
        for page in (
            (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("cookbook", "cookbook-tools")
        )
    )
    (fan,) = [code for code in cookbook if "fan.png" in code]
    cookbook.remove(fan)  # with an error in it, pandas' types make mypy take what follows as unreachable
    found["cookbook"] = "".join(
        [*cookbook[:2], "import pandas as pd\nimport matplotlib.pyplot as plt\n", *cookbook[2:]]
    )
    found["fan"] = f'import surgesim\ntown = surgesim.load("town.yaml")\n{fan}'
    found |= {f"tool_{number}": code for number, code in enumerate(tools)}
    files = re.findall(
        r'Path\("(\w+)\.py"\)\.write_text\("""\n(.*?)"""\)', found["cookbook"], flags=re.DOTALL
    )
    return {**found, **dict(files)}


def mypy(folder: Path, modules: dict[str, str]) -> str:
    """Check modules as the package is checked; return what mypy says."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    files = [str(folder / f"{name}.py") for name in modules]
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *files]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode in (0, 1), said.stderr
    return said.stdout


def test_mypy_finds_what_is_planted_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    modules = parts()
    assert {"cookbook", "tool_2", "mine", "wards", "growth"} < modules.keys()
    wrong, places = dict(modules), set()
    for text, error in PLANTED.items():
        (name,) = [name for name in reversed(wrong) if text in wrong[name]][:1]
        before, after = wrong[name].split(text, 1)
        wrong[name] = before + error + after
        places.add((name, before.count("\n") + 1))
    found = re.findall(r"(\w+)\.py:(\d+): error: (.*)", mypy(tmp_path, wrong))
    lines = {(name, int(line)) for name, line, text in found if not re.search("no-untyped|import-", text)}
    assert places - lines == set()
    elsewhere = {(name, line, text) for name, line, text in found if (name, int(line)) not in places}
    assert [what for what in elsewhere if not re.search(NOT_OURS, what[2])] == []


def test_each_example_has_a_planted_error() -> None:
    text = "\n".join(
        (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("cookbook", "cookbook-tools")
    )
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    ours = [block for block in blocks if re.search(r"surgesim\.(?!log)\w+\(|town\.over|extension", block)]
    assert len(ours) == 21
    assert [block for block in ours if not any(planted in block for planted in PLANTED)] == []
