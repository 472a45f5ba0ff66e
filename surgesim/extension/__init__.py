"""The interface of extensions: files with a user's own outcomes, indicators, interventions and actions.

>>> from surgesim.extension import Province, indicator, intervention, outcome

A file is used only by a run that names it: ``surgesim.run(scenario, extensions=["mine.py"])``, or
``surgesim run scenario.yaml --extension mine.py``. It runs with the rights of the user.
"""

from surgesim.extension.declarations import (
    Action,
    Indicator,
    Intervention,
    Outcome,
    action,
    indicator,
    intervention,
    outcome,
)
from surgesim.extension.province import Province, View

__all__ = [
    "Action",
    "Indicator",
    "Intervention",
    "Outcome",
    "Province",
    "View",
    "action",
    "indicator",
    "intervention",
    "outcome",
]
