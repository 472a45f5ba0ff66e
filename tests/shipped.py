"""The shipped scenarios, each loaded once: they are frozen, so tests may share them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from surgesim.scenario.door import load
from surgesim.scenario.schema.scenario import Scenario

FOLDER = Path(__file__).parents[1] / "scenarios"
SHIPPED = sorted(path for path in FOLDER.rglob("*.yaml") if path.parent.name != "base")


@cache
def shipped(path: Path) -> Scenario:
    """Load the scenario of a file."""
    return load(path)


@cache
def alternatives(path: Path) -> dict[str, Scenario]:
    """Return the alternatives of a file's scenario, by name, as complete scenarios."""
    scenario = shipped(path)
    return {name: scenario.alternative(name) for name in scenario.alternatives}
