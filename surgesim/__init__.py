"""surgesim: hospital capacity and surge planning for a province that faces a new variant.

>>> import surgesim
>>> scenario = surgesim.load("scenarios/kien-giang.yaml")  # doctest: +SKIP
>>> surgesim.run(scenario, replications=50).breaches  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from surgesim.errors import (
    ExtensionError,
    FitError,
    IdentityError,
    ResultsError,
    ScenarioError,
    ScoreError,
    SurgesimError,
)
from surgesim.version import __version__

if TYPE_CHECKING:
    from surgesim.decisions.door import Calendar, Frontier, Size, Worth, calendar, frontier, size, worth
    from surgesim.fitting.fit import Fit, fit
    from surgesim.fitting.forecast import Forecast, forecast
    from surgesim.report.figures import plot
    from surgesim.scenario.door import load, loads, overlaid
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.scoring.score import Scores, score
    from surgesim.study.compute.backend import Backend
    from surgesim.study.replication import Replication
    from surgesim.study.results import Results
    from surgesim.study.run import run
    from surgesim.study.sensitivity import sensitivity
    from surgesim.study.simulate import simulate
    from surgesim.study.store.run_folder import read
    from surgesim.study.sweep.result import Sweep
    from surgesim.study.sweep.sweep import sweep
    from surgesim.workbook.intake import read_workbook

__all__ = [
    "Backend",
    "Calendar",
    "ExtensionError",
    "Fit",
    "FitError",
    "Forecast",
    "Frontier",
    "IdentityError",
    "Replication",
    "Results",
    "ResultsError",
    "Scenario",
    "ScenarioError",
    "ScoreError",
    "Scores",
    "Size",
    "SurgesimError",
    "Sweep",
    "Worth",
    "__version__",
    "calendar",
    "fit",
    "forecast",
    "frontier",
    "load",
    "loads",
    "overlaid",
    "plot",
    "read",
    "read_workbook",
    "run",
    "score",
    "sensitivity",
    "simulate",
    "size",
    "sweep",
    "worth",
]

_HOMES = {
    "Backend": "surgesim.study.compute.backend",
    "Calendar": "surgesim.decisions.door",
    "Fit": "surgesim.fitting.fit",
    "Forecast": "surgesim.fitting.forecast",
    "Frontier": "surgesim.decisions.door",
    "Replication": "surgesim.study.replication",
    "Results": "surgesim.study.results",
    "Scenario": "surgesim.scenario.schema.scenario",
    "Scores": "surgesim.scoring.score",
    "Size": "surgesim.decisions.door",
    "Sweep": "surgesim.study.sweep.result",
    "Worth": "surgesim.decisions.door",
    "calendar": "surgesim.decisions.door",
    "fit": "surgesim.fitting.fit",
    "forecast": "surgesim.fitting.forecast",
    "frontier": "surgesim.decisions.door",
    "load": "surgesim.scenario.door",
    "loads": "surgesim.scenario.door",
    "overlaid": "surgesim.scenario.door",
    "plot": "surgesim.report.figures",
    "read": "surgesim.study.store.run_folder",
    "read_workbook": "surgesim.workbook.intake",
    "run": "surgesim.study.run",
    "score": "surgesim.scoring.score",
    "sensitivity": "surgesim.study.sensitivity",
    "simulate": "surgesim.study.simulate",
    "size": "surgesim.decisions.door",
    "sweep": "surgesim.study.sweep.sweep",
    "worth": "surgesim.decisions.door",
}


def __getattr__(name: str) -> object:
    """Import the large packages only on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'surgesim' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
